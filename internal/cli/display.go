package cli

import (
	"io"
	"os"
	"time"

	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
)

// RenderOptions says how to print on out: what the display settings say, else what fits.
func RenderOptions(d config.Display, out io.Writer, now time.Time) (render.Options, error) {
	zone, err := time.LoadLocation(d.TZ)
	if err != nil {
		return render.Options{}, Usagef("--tz: unknown time zone %q: give a name such as UTC or Europe/London", d.TZ)
	}
	options := render.Options{Format: render.FormatTSV}
	if f, ok := out.(*os.File); ok {
		options = render.Detect(f, os.Getenv).Options()
	}
	if d.Output != "auto" {
		if options.Format, err = render.ParseFormat(d.Output); err != nil {
			return options, Usagef("--output: %w", err)
		}
	}
	switch d.Color {
	case "always":
		options.Colour = true
	case "never":
		options.Colour = false
	}
	options.Location, options.Now = zone, now
	return options, nil
}
