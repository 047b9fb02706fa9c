package simulate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"time"
)

const hexDigits = "0123456789abcdef"

// appendHex appends the lowest n hex digits of v.
func appendHex(dst []byte, v uint64, n int) []byte {
	for i := (n - 1) * 4; i >= 0; i -= 4 {
		dst = append(dst, hexDigits[v>>uint(i)&15])
	}
	return dst
}

// appendDigits appends v in decimal, padded with zeros to at least n digits.
func appendDigits(dst []byte, v uint64, n int) []byte {
	var buf [20]byte
	i := len(buf)
	for v > 0 || n > 0 {
		i--
		n--
		buf[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, buf[i:]...)
}

// appendUUID appends a version 4 UUID.
func appendUUID(dst []byte, a, b uint64) []byte {
	dst = append(appendHex(dst, a>>32, 8), '-')
	dst = append(appendHex(dst, a>>16, 4), '-', '4')
	dst = append(appendHex(dst, a, 3), '-')
	dst = append(dst, hexDigits[8+b>>62])
	dst = append(appendHex(dst, b>>48, 3), '-')
	return appendHex(dst, b, 12)
}

// escapeJSON returns text as the inside of a JSON string.
func escapeJSON(text string) string {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(fmt.Sprintf("BUG: a string cannot fail to encode: %v", err))
	}
	return string(buf.Bytes()[1 : buf.Len()-len("\"\n")])
}

// packer compresses bodies with one reused writer.
type packer struct {
	buf bytes.Buffer
	w   *gzip.Writer
}

func newPacker() *packer {
	p := &packer{}
	p.w = gzip.NewWriter(&p.buf)
	return p
}

// gzip returns the compressed text, valid until the next call.
func (p *packer) gzip(text []byte) ([]byte, error) {
	p.buf.Reset()
	p.w.Reset(&p.buf)
	if _, err := p.w.Write(text); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := p.w.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return p.buf.Bytes(), nil
}

const dayMS = 24 * 60 * 60 * 1000

// calendar formats times; it remembers the day, which changes once in some hundred thousand records.
type calendar struct {
	day     int64
	iso     string // 2026-11-21T
	rfc1123 string // Sat, 21 Nov 2026
}

func (c *calendar) at(ms int64) (ofDay uint64) {
	if day := ms / dayMS; day != c.day || c.iso == "" {
		t := time.UnixMilli(day * dayMS).UTC()
		c.day, c.iso, c.rfc1123 = day, t.Format("2006-01-02T"), t.Format("Mon, 02 Jan 2006 ")
	}
	return uint64(ms - c.day*dayMS)
}

// appendISO appends 2026-11-21T21:31:30.123 without a zone.
func (c *calendar) appendISO(dst []byte, ms int64) []byte {
	ofDay := c.at(ms)
	dst = appendClock(append(dst, c.iso...), ofDay/1000)
	return appendDigits(append(dst, '.'), ofDay%1000, 3)
}

// appendHTTP appends the date in the form of HTTP headers.
func (c *calendar) appendHTTP(dst []byte, ms int64) []byte {
	ofDay := c.at(ms)
	dst = appendClock(append(dst, c.rfc1123...), ofDay/1000)
	return append(dst, " GMT"...)
}

func appendClock(dst []byte, second uint64) []byte {
	dst = append(appendDigits(dst, second/3600, 2), ':')
	dst = append(appendDigits(dst, second/60%60, 2), ':')
	return appendDigits(dst, second%60, 2)
}
