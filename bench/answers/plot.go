package main

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// draw plots the engine's CPU time of each answer against the rows of its table, both on scales of powers.
func draw(file string, results []result) error {
	p := plot.New()
	p.Title.Text = "CPU of an answer"
	p.X.Label.Text, p.Y.Label.Text = "million rows over 30 days", "CPU ms"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	for i, name := range namesOf(results) {
		var points plotter.XYs
		for _, r := range results {
			if r.question.name == name {
				points = append(points, plotter.XY{X: float64(r.table.millions), Y: r.median(func(c cost) float64 { return ms(c.cpu) })})
			}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("plot %s: %w", name, err)
		}
		line.Color, dots.Color = palette[i%len(palette)], palette[i%len(palette)]
		p.Add(line, dots)
		p.Legend.Add(name, line, dots)
	}
	if err := p.Save(18*vg.Centimeter, 12*vg.Centimeter, file); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return nil
}

func namesOf(results []result) []string {
	var names []string
	for i, r := range results {
		if i == 0 || r.question.name != results[i-1].question.name {
			names = append(names, r.question.name)
		}
	}
	return names
}

// palette is Okabe and Ito's, which the colour-blind can tell apart.
var palette = []color.Color{
	color.RGBA{0, 114, 178, 255},
	color.RGBA{213, 94, 0, 255},
	color.RGBA{0, 158, 115, 255},
	color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255},
	color.RGBA{230, 159, 0, 255},
	color.RGBA{0, 0, 0, 255},
	color.RGBA{150, 150, 150, 255},
}
