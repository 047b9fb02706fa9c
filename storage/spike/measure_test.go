package spike

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// models are the candidates for how far ordinary counts stray.
var models = []struct {
	name string
	of   func(*baseline) float64
}{
	{"poisson", func(*baseline) float64 { return 1e-9 }},
	{"fixed 0.05", func(*baseline) float64 { return 0.05 }},
	{"fixed 0.2", func(*baseline) float64 { return 0.2 }},
	{"measured", measureDispersion},
}

// TestMeasure prints what decision 008 records. It takes minutes: ERRATA_MEASURE=20 go test ./storage/spike
// -run Measure -v, where the number is how many series stand behind each figure.
func TestMeasure(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("ERRATA_MEASURE"))
	if err != nil {
		t.Skip("prints measurements: set ERRATA_MEASURE to a number of series")
	}
	if only := os.Getenv("ERRATA_MEASURE_ONLY"); only != "" {
		models = models[len(models)-1:]
	}
	volumes := []float64{0.01, 0.1, 1, 10, 100, 1000}
	fmt.Printf("\nfalse spikes a week (errors a minute: %v)\n", volumes)
	for _, kind := range noises() {
		for _, model := range models {
			fmt.Printf("%-10s %-11s", kind.name, model.name)
			for _, volume := range volumes {
				fmt.Printf(" %7.2f", falseSpikes(kind, model.of, volume, n))
			}
			fmt.Println()
		}
	}
	for _, lift := range []float64{2.5, 3.2, 4, 5, 10} {
		fmt.Printf("\nfound of ten minutes at lift %g: share, delay in minutes, error of start and end, error of count\n", lift)
		for _, kind := range noises() {
			for _, model := range models {
				fmt.Printf("%-10s %-11s", kind.name, model.name)
				for _, volume := range volumes[2:] {
					fmt.Printf("  %s", detection(kind, model.of, volume, lift, n))
				}
				fmt.Println()
			}
		}
	}
	fmt.Printf("\nfound of ten minutes with five errors a minute more\n")
	for _, kind := range noises()[:3] {
		for _, model := range models {
			fmt.Printf("%-10s %-11s", kind.name, model.name)
			for _, volume := range volumes[:3] {
				fmt.Printf("  %s", detection(kind, model.of, volume, 1+5/volume, n))
			}
			fmt.Println()
		}
	}
}

const measuredDays = 8

// falseSpikes counts what is found after the first day of ordinary traffic.
func falseSpikes(kind noise, model func(*baseline) float64, volume float64, n int) float64 {
	found := 0
	for i := range n {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		counts := draw(r, kind.make(r, measuredDays*1440, volume))
		for _, s := range Detect(inputOf(counts), Options{model: model}) {
			if s.Start >= epoch+1440 {
				found++
			}
		}
	}
	return float64(found) / float64(n)
}

// detection injects ten minutes at a lift into the last day and says how they are found.
func detection(kind noise, model func(*baseline) float64, volume, lift float64, n int) string {
	const days, length = 5, 10
	hits, delay, edges, counted := 0.0, 0.0, 0.0, 0.0
	for i := range n {
		r := rand.New(rand.NewPCG(2, uint64(i)))
		rates := kind.make(r, days*1440, volume)
		at := (days-1)*1440 + r.IntN(1380)
		for m := at; m < at+length; m++ {
			rates[m] *= lift
		}
		counts := draw(r, rates)
		in := inputOf(counts)
		s := overlapping(Detect(in, Options{model: model}), epoch+int64(at), length)
		if s == nil {
			continue
		}
		hits++
		edges += math.Abs(float64(s.Start-epoch-int64(at))) + math.Abs(float64(s.End-epoch-int64(at)-length))
		var truth uint64
		for _, count := range counts[at : at+length] {
			truth += count
		}
		counted += math.Abs(float64(s.Count)-float64(truth)) / float64(truth)
		for in.To = epoch + int64(at) + 1; overlapping(Detect(in, Options{model: model}), epoch+int64(at), length) == nil; in.To++ {
			delay++
		}
		delay++
	}
	if hits == 0 {
		return "0.00                "
	}
	return fmt.Sprintf("%.2f %3.1f %3.1f %4.1f%%", hits/float64(n), delay/hits, edges/hits, 100*counted/hits)
}

func overlapping(spikes []Spike, at, length int64) *Spike {
	for i, s := range spikes {
		if s.Start < at+length && s.End > at {
			return &spikes[i]
		}
	}
	return nil
}
