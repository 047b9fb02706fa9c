package redact

import (
	"bytes"
	"regexp"
)

// replacePattern returns text itself when re matches nothing outside of markers.
func replacePattern(re *regexp.Regexp, text []byte) []byte {
	if !re.Match(text) {
		return text
	}
	spans := outsideMarkers(re.FindAllIndex(text, -1), text)
	if len(spans) == 0 {
		return text
	}
	var out []byte
	from := 0
	for _, span := range spans {
		out = append(out, text[from:span[0]]...)
		out = append(out, marker(kindCustom)...)
		from = span[1]
	}
	return append(out, text[from:]...)
}

// outsideMarkers cuts the markers out of the matches, drops empty ones and joins touching ones, so
// that a pattern of one character does not multiply the length of the text.
func outsideMarkers(matches [][]int, text []byte) [][2]int {
	var spans [][2]int
	pos, hole := 0, [2]int{-1, -1}
	for _, match := range matches {
		start, end := match[0], match[1]
		for start < end {
			hole, pos = nextMarker(text, pos, hole, start)
			if hole[0] <= start {
				start = min(end, hole[1])
				continue
			}
			stop := min(end, hole[0])
			spans = appendSpan(spans, start, stop)
			start = stop
		}
	}
	return spans
}

// nextMarker returns the first marker that ends after at, searching on from pos; text's end stands
// for none.
func nextMarker(text []byte, pos int, last [2]int, at int) (found [2]int, next int) {
	for last[1] <= at {
		i := bytes.Index(text[pos:], []byte(markerOpen))
		if i < 0 {
			return [2]int{len(text), len(text) + 1}, len(text)
		}
		pos += i
		end := markerEnd(text, pos)
		if end > pos {
			last = [2]int{pos, end}
		}
		pos += len(markerOpen)
	}
	return last, pos
}

func appendSpan(spans [][2]int, start, end int) [][2]int {
	if n := len(spans); n > 0 && spans[n-1][1] == start {
		spans[n-1][1] = end
		return spans
	}
	return append(spans, [2]int{start, end})
}
