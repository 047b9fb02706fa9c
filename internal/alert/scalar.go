package alert

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/config"
)

// duration reads "5m", "2h", "7d", or "0".
func duration(text string) (time.Duration, error) {
	if text == "0" || text == "0s" {
		return 0, nil
	}
	return config.ParseDuration(text)
}

func wholeMinutes(text string) (time.Duration, error) {
	d, err := config.ParseDuration(text)
	if err == nil && (d%time.Minute != 0 || d > maxWindow) {
		err = fmt.Errorf("cannot use %s: want whole minutes, up to %s", text, maxWindow)
	}
	return d, err
}

// share reads "5%" or "0.05".
func share(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		value /= 100
	}
	if err != nil || !(value > 0 && value <= 1) {
		return 0, fmt.Errorf("cannot use %q: want a share such as 5%% or 0.05", text)
	}
	return value, nil
}

func count(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1_000_000_000 {
		return 0, fmt.Errorf("cannot use %q: want a whole number, 1 or more", text)
	}
	return n, nil
}

func ratio(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value > 1 && value <= 1e6) {
		return 0, fmt.Errorf("cannot use %q: want a number above 1, such as 3", text)
	}
	return value, nil
}

// maxDatapoints bounds what one evaluation looks back at.
const maxDatapoints = 60

var nOfM = regexp.MustCompile(`^([0-9]{1,2}) of ([0-9]{1,2})$`)

// datapoints reads "2 of 3".
func datapoints(text string) (Datapoints, error) {
	var d Datapoints
	if match := nOfM.FindStringSubmatch(text); match != nil {
		d.N, _ = strconv.Atoi(match[1]) //nolint:errcheck // two digits
		d.M, _ = strconv.Atoi(match[2]) //nolint:errcheck // two digits
	}
	if d.N < 1 || d.N > d.M || d.M > maxDatapoints {
		return Datapoints{1, 1}, fmt.Errorf("cannot use %q: want minutes such as `2 of 3`, of %d at most", text, maxDatapoints)
	}
	return d, nil
}

// checkURL wants http or https and a host; user names and passwords are secrets and have no place here.
func (d *decoder) checkURL(line int, key, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		d.fault(line, "key %q: cannot use %q: want http://host or https://host", key, text)
	case u.User != nil:
		d.fault(line, "key %q: no user name or password in a URL", key)
	}
}
