package storage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter narrows an answer. An empty list does not filter; the values of one list are alternatives,
// the lists are joined by "and". Every value reaches the server as a bound parameter.
type Filter struct {
	Vendors      []string `json:"vendor,omitempty"`
	Services     []string `json:"service,omitempty"`
	Environments []string `json:"environment,omitempty"`
	Endpoints    []string `json:"endpoint,omitempty"` // "GET /data/v1/{id}", or a route of any method
	Statuses     []string `json:"status,omitempty"`   // "429", a class such as "4xx", or "0" for no response
	Codes        []string `json:"code,omitempty"`
	Categories   []string `json:"category,omitempty"`
	Sources      []string `json:"source,omitempty"`

	// From and To bound the time of the responses: [From, To), in whole milliseconds.
	From time.Time `json:"-"`
	To   time.Time `json:"-"`
}

// UsageError is a question that cannot be asked: the caller has to change it.
type UsageError struct {
	Field string   // the filter or option at fault
	Value string   // what was given
	Valid []string // what could have been given
}

func (e *UsageError) Error() string {
	if len(e.Valid) == 0 {
		return fmt.Sprintf("%s: cannot use %q", e.Field, e.Value)
	}
	return fmt.Sprintf("%s: cannot use %q, valid: %s", e.Field, e.Value, strings.Join(e.Valid, ", "))
}

// maxListed is how many rows an answer can be asked for: all of them stand in memory.
const maxListed = 100_000

// checkListed checks how many rows are asked for.
func checkListed(limit int) error {
	if limit < 0 || limit > maxListed {
		return &UsageError{Field: "limit", Value: strconv.Itoa(limit), Valid: []string{fmt.Sprintf("0 to %d", maxListed)}}
	}
	return nil
}

// Categories are the closed vocabulary of the column category.
func Categories() []string {
	return []string{
		"auth", "permission", "validation", "not_found", "conflict", "gone", "precondition", "payment",
		"rate_limit", "unsupported", "timeout", "upstream", "server", "network", "other",
	}
}

// parameters returns the bound parameters that every statement of this package takes.
func (f Filter) parameters() (map[string]any, error) {
	if !f.From.Before(f.To) {
		return nil, &UsageError{Field: "range", Value: formatTime(f.From) + " to " + formatTime(f.To), Valid: []string{"from before to"}}
	}
	for _, c := range f.Categories {
		if !slices.Contains(Categories(), c) {
			return nil, &UsageError{Field: "category", Value: c, Valid: Categories()}
		}
	}
	statuses, classes, err := splitStatuses(f.Statuses)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"from": f.From.UTC(), "to": f.To.UTC(),
		"vendors": list(f.Vendors), "services": list(f.Services), "environments": list(f.Environments),
		"endpoints": endpoints(f.Endpoints), "codes": list(f.Codes), "categories": list(f.Categories),
		"sources": list(f.Sources), "statuses": statuses, "classes": classes,
	}, nil
}

// splitStatuses parses "429" into statuses and "4xx" into classes.
func splitStatuses(texts []string) (statuses, classes []uint16, err error) {
	statuses, classes = []uint16{}, []uint16{}
	for _, text := range texts {
		digit, isClass := strings.CutSuffix(strings.ToLower(text), "xx")
		n, err := strconv.ParseUint(digit, 10, 16)
		switch {
		case err == nil && isClass && 1 <= n && n <= 5 && len(digit) == 1:
			classes = append(classes, uint16(n))
		case err == nil && !isClass && (n == 0 || 100 <= n && n <= 599):
			statuses = append(statuses, uint16(n))
		default:
			return nil, nil, &UsageError{Field: "status", Value: text, Valid: []string{"100 to 599", "0 (no response)", "4xx"}}
		}
	}
	return statuses, classes, nil
}

// list makes an absent list an empty one: the driver would send nil as NULL.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// with returns the parameters and the further ones of one statement.
func with(parameters, more map[string]any) map[string]any {
	all := maps.Clone(parameters)
	maps.Copy(all, more)
	return all
}

// endpoints adds to each value how the table has it: the method in capitals, without outer blanks.
func endpoints(values []string) []string {
	both := make([]string, 0, 2*len(values))
	for _, value := range values {
		stored := value
		if method, route, found := strings.Cut(value, " "); found {
			stored = strings.ToUpper(method) + " " + route
		}
		both = append(both, value, strings.Trim(stored, " "))
	}
	return both
}

// Check tells whether the filter can be asked; its error is a *UsageError that names the member at fault.
func (f Filter) Check() error {
	_, err := f.parameters()
	return err
}
