package cli

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/errata-dev/errata/internal/embedded"
)

// Bar draws progress on w when it is a terminal, and nothing otherwise. A total of -1 is unknown.
func Bar(w io.Writer, total int64, what string, options ...progressbar.Option) *progressbar.ProgressBar {
	common := []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(IsTerminal(w)),
		progressbar.OptionSetWidth(32),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.ThemeUnicode),
		progressbar.OptionUseANSICodes(true),
	}
	return progressbar.NewOptions64(total, append(common, options...)...)
}

// stageText says what the set-up of the embedded ClickHouse is doing.
var stageText = map[embedded.Stage]string{
	embedded.StageWait:     "waiting for another process that sets up the embedded ClickHouse",
	embedded.StageDownload: "fetching the embedded ClickHouse with npm (once, 178 MB)",
	embedded.StageVerify:   "verifying the embedded ClickHouse",
	embedded.StageUnpack:   "unpacking the embedded ClickHouse (566 MB, shared by all checkouts)",
	embedded.StageStart:    "starting the embedded ClickHouse",
}

// engineProgress shows the set-up of the embedded ClickHouse: a bar on a terminal, else a line for each
// stage that takes long.
func engineProgress(w io.Writer) func(embedded.Progress) {
	var stage embedded.Stage
	var bar *progressbar.ProgressBar
	return func(p embedded.Progress) {
		if p.Stage != stage {
			stage = p.Stage
			if bar != nil {
				Finish(bar)
			}
			bar = newStage(w, p)
		}
		if bar != nil {
			Advance(bar, p.Done)
		}
	}
}

func newStage(w io.Writer, p embedded.Progress) *progressbar.ProgressBar {
	if p.Stage == embedded.StageStart {
		return nil // a tenth of a second
	}
	if !IsTerminal(w) {
		Note(w, "%s", stageText[p.Stage])
		return nil
	}
	total := p.Total
	if total == 0 {
		total = -1
	}
	return Bar(w, total, stageText[p.Stage], progressbar.OptionShowBytes(true), progressbar.OptionSpinnerType(14))
}

// Advance sets a bar to done; Finish removes it. A bar that cannot be drawn is no reason to stop.
func Advance(bar *progressbar.ProgressBar, done int64) {
	_ = bar.Set64(done) //nolint:errcheck // see above
}

// Finish removes the bar.
func Finish(bar *progressbar.ProgressBar) {
	_ = bar.Finish() //nolint:errcheck // see Advance
}

// Plural prints a number with what it counts.
func Plural(n int64, what string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(what, "s"):
		what += "es"
	default:
		what += "s"
	}
	return Count(n) + " " + what
}

// Count prints a number with thousands separators.
func Count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
