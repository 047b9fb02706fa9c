package pipeline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Lines reads lines of any length while holding at most limit bytes of one.
type Lines struct {
	in     *bufio.Reader
	limit  int
	line   []byte
	whole  int64 // length of the last line, including what was cut off
	number int
}

// NewLines reads from r, which it buffers, and keeps at most limit bytes of a line.
func NewLines(r io.Reader, limit int) *Lines {
	return &Lines{in: bufio.NewReaderSize(r, 1<<20), limit: limit}
}

// Next returns the next line that is not blank, without its line end and cut to the limit. The bytes
// are borrowed until the next call. io.EOF says that there are no more lines.
func (l *Lines) Next() ([]byte, error) {
	for {
		line, err := l.read()
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil // a last line without a line end still counts; the end comes back next time
		}
		if err != nil {
			return nil, err
		}
	}
}

// read returns one line, perhaps blank, without its line end and cut to the limit.
func (l *Lines) read() ([]byte, error) {
	l.line, l.whole = l.line[:0], 0
	l.number++
	for {
		part, err := l.in.ReadSlice('\n')
		l.whole += int64(len(part))
		keep := min(len(part), l.limit-len(l.line)) // the line end of a line that just fits is in no one's way
		l.line = append(l.line, part[:keep]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("read lines: %w", err)
		}
		l.whole -= lineEnd(part)
		return l.line[:min(int64(len(l.line)), l.whole)], err
	}
}

// Number is the number of the last line in the input, blank ones counted, from 1.
func (l *Lines) Number() int { return l.number }

// lineEnd returns the length of the line end of a line's last part: \n, \r\n, or none.
func lineEnd(part []byte) int64 {
	switch {
	case bytes.HasSuffix(part, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(part, []byte("\n")):
		return 1
	}
	return 0
}

// cut reports whether the last line was longer than the limit.
func (l *Lines) cut() bool { return l.whole > int64(l.limit) }
