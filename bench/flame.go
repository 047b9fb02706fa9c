package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// frame is a function, called in one way, in a flame graph.
type frame struct {
	name    string
	took    time.Duration // with what it called
	callees map[string]*frame
}

// add counts a sample whose stack is written from the innermost function outwards.
func (f *frame) add(stack []string, took time.Duration) {
	f.took += took
	for _, name := range slices.Backward(stack) {
		if f.callees == nil {
			f.callees = map[string]*frame{}
		}
		callee := f.callees[name]
		if callee == nil {
			callee = &frame{name: name}
			f.callees[name] = callee
		}
		callee.took += took
		f = callee
	}
}

// flameGraph draws what `go tool pprof -traces` prints.
func flameGraph(out io.Writer, traces io.Reader) error {
	root, err := readTraces(traces)
	if err != nil {
		return err
	}
	var body strings.Builder
	lines := draw(&body, root, root, 0, 0)
	_, err = fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="11">`+"\n%s</svg>\n",
		flameWidth, lines*flameLine, body.String())
	if err != nil {
		return fmt.Errorf("flame graph: %w", err)
	}
	return nil
}

// readTraces reads samples. A ruler begins each one; its first line has the time and the innermost function, and one
// of its callers stands on every further line.
func readTraces(traces io.Reader) (*frame, error) {
	root := &frame{name: "all"}
	var stack []string
	var took time.Duration
	lines := bufio.NewScanner(traces)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "-----------+") {
			root.add(stack, took)
			stack, took = stack[:0], 0
			continue
		}
		words := strings.Fields(strings.ReplaceAll(line, " (inline)", ""))
		if len(stack) == 0 && len(words) == 2 {
			d, err := time.ParseDuration(words[0])
			if err != nil { // the heading
				continue
			}
			took, words = d, words[1:]
		}
		if took > 0 && len(words) == 1 {
			stack = append(stack, words[0])
		}
	}
	root.add(stack, took)
	return root, lines.Err()
}

const (
	flameWidth = 1600
	flameLine  = 16
	flameLeast = 1 // pixels that a frame must have to be drawn
)

// draw draws a frame at x, its callees below it, and returns how many lines that took.
func draw(out *strings.Builder, root, f *frame, x float64, line int) (lines int) {
	width := flameWidth * float64(f.took) / float64(max(1, root.took))
	if width < flameLeast {
		return line
	}
	label := f.name[strings.LastIndexByte(f.name, '/')+1:]
	label = label[:min(len(label), int(width/7))]
	fmt.Fprintf(out, `<g><title>%s %v %.1f %%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="hsl(%d,70%%,70%%)" stroke="white"/><text x="%.1f" y="%d">%s</text></g>`+"\n",
		escaped(f.name), f.took, 100*float64(f.took)/float64(root.took), x, line*flameLine, width, flameLine, 20+len(f.name)*7%40, x+2, line*flameLine+12, escaped(label))
	lines = line + 1
	for _, name := range slices.Sorted(maps.Keys(f.callees)) {
		callee := f.callees[name]
		lines = max(lines, draw(out, root, callee, x, line+1))
		x += flameWidth * float64(callee.took) / float64(root.took)
	}
	return lines
}

func escaped(text string) string {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		return ""
	}
	return out.String()
}
