package render

import (
	"slices"

	"github.com/rivo/uniseg"
)

// smallest is what texts are cut down to when nothing else is left to give up.
const smallest = 6

// fit makes the shown columns fit into width. It cuts texts down to their minimum, then draws bars in
// half the width, then moves texts below their rows, then leaves columns out by priority, and at last
// cuts every text.
func (g *grid) fit(width int) {
	for !g.shrink(width, g.minimum) {
		if !g.halve() && !g.move() && !g.drop() {
			break
		}
	}
	for !g.shrink(width, func(column) int { return smallest }) && len(g.shown) > 1 {
		g.shown = g.shown[:len(g.shown)-1]
	}
}

// minimum is what a column may be cut down to before others are left out: less once no text can move below its row.
func (g *grid) minimum(c column) int {
	if c.leastWidth > 0 && !slices.ContainsFunc(g.shown, func(i int) bool { return g.columns[i].place.wraps() }) {
		return c.leastWidth
	}
	return c.minWidth
}

// shrink narrows the widest columns of text first, none below its minimum (0 = not at all). It
// changes nothing when that does not suffice.
func (g *grid) shrink(width int, minimum func(column) int) bool {
	excess := g.total() - width
	widths := slices.Clone(g.widths)
	for ; excess > 0; excess-- {
		widest := -1
		for _, c := range g.shown {
			low := minimum(g.columns[c])
			narrowable := low > 0 && widths[c] > low && !g.columns[c].kind.rightAligned() && !g.columns[c].kind.drawn()
			if narrowable && (widest < 0 || widths[c] > widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
	}
	g.widths = widths
	return true
}

// total is the width of a full line.
func (g *grid) total() int {
	sum := len(gap) * (len(g.shown) - 1)
	for _, c := range g.shown {
		sum += g.widths[c]
	}
	return sum
}

// longSpark is how wide bars have to be to be worth halving.
const longSpark = 16

// halve redraws long bars in half the width.
func (g *grid) halve() bool {
	done := false
	for _, c := range g.shown {
		if g.columns[c].kind != Spark || g.widths[c] < longSpark {
			continue
		}
		g.widths[c] = textWidth(g.titles[c])
		for _, texts := range append(g.rows, g.footers...) {
			texts[c] = halveSpark(texts[c])
			g.widths[c] = max(g.widths[c], textWidth(texts[c]))
		}
		done = true
	}
	return done
}

// move takes the last column that may move below the row out of it.
func (g *grid) move() bool {
	for n := len(g.shown) - 1; n >= 0; n-- {
		if c := g.shown[n]; g.columns[c].place.wraps() && len(g.shown) > 1 {
			g.shown = slices.Delete(g.shown, n, n+1)
			g.moved = slices.Insert(g.moved, 0, c)
			return true
		}
	}
	return false
}

// drop leaves out the column with the highest priority, the last of equals.
func (g *grid) drop() bool {
	found := -1
	for n, c := range g.shown {
		p := g.columns[c].priority
		if p > 0 && (found < 0 || p >= g.columns[g.shown[found]].priority) {
			found = n
		}
	}
	if found < 0 || len(g.shown) == 1 {
		return false
	}
	g.shown = slices.Delete(g.shown, found, found+1)
	return true
}

// textWidth is how many columns of a terminal a text takes.
func textWidth(text string) int {
	if isPlain(text) {
		return len(text)
	}
	return uniseg.StringWidth(text)
}

// cut shortens a text to so many columns, its end marked by an ellipsis.
func cut(text string, width int) string {
	if textWidth(text) <= width {
		return text
	}
	used, end := 0, 0
	for state, rest := -1, text; rest != "" && used < width; {
		cluster, tail, boundaries, next := uniseg.StepString(rest, state)
		used += boundaries >> uniseg.ShiftWidth
		if used < width {
			end += len(cluster)
		}
		rest, state = tail, next
	}
	return text[:end] + "…"
}
