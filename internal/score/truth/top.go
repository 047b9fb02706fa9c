package truth

import (
	"fmt"
	"slices"

	"github.com/errata-dev/errata/internal/score/traffic"
)

// Group is what a row of `query top` should say.
type Group struct {
	Key                             string
	Count, Previous                 int
	Share, ErrorRate                float64
	Services, Endpoints, Operations int
	First, Last                     int64
	Trend                           [24]int
}

// Question is one way of asking for the top groups.
type Question struct {
	Name     string
	By       []string
	From, To int64
	Vendor   string // filters; "" = all
	Service  string
	Endpoint string
	Class    int
	Code     string
	Category string
}

// Key joins the members of a group, in the order of By.
func Key(by []string, member func(string) string) string {
	text := ""
	for _, column := range by {
		text += column + "=" + member(column) + " "
	}
	return text
}

func member(c *traffic.Call) func(string) string {
	return func(column string) string {
		switch column {
		case "vendor":
			return c.Vendor
		case "service":
			return c.Service
		case "environment":
			return c.Environment
		case "endpoint":
			return c.Endpoint()
		case "status":
			return fmt.Sprint(c.Failure.Status)
		case "code":
			return c.Failure.Code
		case "category":
			return c.Failure.Category
		}
		return c.Retry()
	}
}

func (q *Question) caller(c *traffic.Call) bool {
	return (q.Vendor == "" || c.Vendor == q.Vendor) && (q.Service == "" || c.Service == q.Service) && (q.Endpoint == "" || c.Endpoint() == q.Endpoint)
}

func (q *Question) error(c *traffic.Call) bool {
	f := c.Failure
	return f != nil && (q.Class == 0 || f.Status/100 == q.Class) && (q.Code == "" || f.Code == q.Code) && (q.Category == "" || f.Category == q.Category)
}

// Top counts the calls of a log.
func Top(log *traffic.Log, q Question) (byKey map[string]*Group, total int) {
	byKey = map[string]*Group{}
	responses := map[string]int{}
	sets := map[*Group][3]map[string]bool{}
	length := q.To - q.From
	vendors := map[*Group]string{}
	for _, c := range log.Calls {
		if !q.caller(c) || c.At < q.From-length || c.At >= q.To {
			continue
		}
		inside := c.At >= q.From
		if inside {
			responses[c.Vendor]++
			responses[""]++
		}
		if !q.error(c) {
			continue
		}
		key := Key(q.By, member(c))
		g := byKey[key]
		if g == nil {
			g = &Group{Key: key}
			byKey[key] = g
			sets[g] = [3]map[string]bool{{}, {}, {}}
		}
		if !inside {
			g.Previous++
			continue
		}
		if g.Count == 0 {
			g.First = c.At
		}
		if slices.Contains(q.By, "vendor") {
			vendors[g] = c.Vendor
		}
		total++
		g.Count++
		g.Last = c.At
		g.Trend[(c.At-q.From)*24/length]++
		sets[g][0][c.Service], sets[g][1][c.Endpoint()], sets[g][2][c.Operation()] = true, true, true
	}
	for key, g := range byKey {
		if g.Count == 0 {
			delete(byKey, key)
			continue
		}
		g.Services, g.Endpoints, g.Operations = len(sets[g][0]), len(sets[g][1]), len(sets[g][2])
		g.Share = float64(g.Count) / float64(total)
		g.ErrorRate = float64(g.Count) / float64(responses[vendors[g]])
	}
	return byKey, total
}
