package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// trackOf reads a track from a picture: # holds, . fails, a blank is unknown.
func trackOf(picture string) Track {
	t := Track{From: 0}
	for _, c := range picture {
		t.Verdicts = append(t.Verdicts, map[rune]Verdict{'#': Holds, '.': Fails, ' ': Unknown}[c])
	}
	return t
}

// minutesOf writes an episode as since-fired-resolved, in minutes; - for what has not happened.
func minutesOf(e Episode) [3]int {
	numbers := [3]int{}
	for i, at := range []time.Time{e.Since, e.Fired, e.Resolved} {
		numbers[i] = -1
		if !at.IsZero() {
			numbers[i] = int(at.Unix() / 60)
		}
	}
	return numbers
}

func TestLifecycle(t *testing.T) {
	minute := time.Minute
	for name, c := range map[string]struct {
		track string
		rule  Rule
		want  [][3]int // since, fired, resolved
		state State
	}{
		"quiet":                                   {"....", Rule{}, nil, Inactive},
		"fires at once":                           {"..#", Rule{}, [][3]int{{2, 3, -1}}, Firing},
		"waits for For":                           {".##", Rule{For: 3 * minute}, [][3]int{{1, -1, -1}}, Pending},
		"fires after For":                         {".###", Rule{For: 3 * minute}, [][3]int{{1, 4, -1}}, Firing},
		"pending ends without firing":             {".##.", Rule{For: 3 * minute}, [][3]int{{1, -1, 3}}, Inactive},
		"resolves":                                {"#.", Rule{}, [][3]int{{0, 1, 1}}, Resolved},
		"keeps firing":                            {"#..", Rule{KeepFiringFor: 3 * minute}, [][3]int{{0, 1, -1}}, Firing},
		"keeps firing, then ends":                 {"#...", Rule{KeepFiringFor: 2 * minute}, [][3]int{{0, 1, 3}}, Resolved},
		"one life while it keeps firing":          {"#..#..", Rule{KeepFiringFor: 3 * minute}, [][3]int{{0, 1, -1}}, Firing},
		"two lives":                               {"#.#", Rule{}, [][3]int{{0, 1, 1}, {2, 3, -1}}, Firing},
		"a gap changes nothing":                   {"#     ", Rule{}, [][3]int{{0, 1, -1}}, Firing},
		"a gap keeps pending":                     {"#   #", Rule{For: 5 * minute}, [][3]int{{0, 5, -1}}, Firing},
		"resolved at the first known minute":      {"#   ..", Rule{KeepFiringFor: 2 * minute}, [][3]int{{0, 1, 3}}, Resolved},
		"2 of 3 needs two":                        {"#..#.", Rule{Datapoints: Datapoints{2, 3}}, nil, Inactive},
		"2 of 3":                                  {"..#.#", Rule{Datapoints: Datapoints{2, 3}}, [][3]int{{2, 5, -1}}, Firing},
		"2 of 3 among known minutes":              {"# #", Rule{Datapoints: Datapoints{2, 3}}, [][3]int{{0, 3, -1}}, Firing},
		"2 of 3 holds on for a minute, then ends": {"##..", Rule{Datapoints: Datapoints{2, 3}}, [][3]int{{0, 2, 3}}, Resolved},
	} {
		t.Run(name, func(t *testing.T) {
			if c.rule.Datapoints.M == 0 {
				c.rule.Datapoints = Datapoints{1, 1}
			}
			episodes := Lifecycle(trackOf(c.track), &c.rule)
			var got [][3]int
			state := Inactive
			for _, e := range episodes {
				got = append(got, minutesOf(e))
				state = e.State()
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.state, state)
		})
	}
}
