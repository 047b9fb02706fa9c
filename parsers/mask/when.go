package mask

// timeLength returns the length of the date, time of day, or both, that b begins with, or 0.
func timeLength(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	n := dateLength(b)
	if n > 0 {
		n += laterClock(b[n:])
	} else if n = clockLength(b); n == 0 {
		return writtenDateLength(b)
	} else if n <= len("00:00") && zonesLength(b[n:]) == 0 { // may be a line and a column
		return 0
	}
	n += zonesLength(b[n:])
	if n < len(b) && isAlnum(b[n]) {
		return 0
	}
	return n
}

// dateLength recognises dates in digits.
func dateLength(b []byte) int {
	for _, pattern := range [...]string{"0000-00-00", "0000/00/00", "00.00.0000", "00/00/0000", "00-00-0000", "00000000T000000"} {
		if matches(b, pattern) {
			return len(pattern)
		}
	}
	return 0
}

// laterClock returns the length of the time of day that follows a date, with what joins them.
func laterClock(b []byte) int {
	if len(b) == 0 || !isOneOf(b[0], "Tt _:") {
		return 0
	}
	if n := clockLength(b[1:]); n > 0 {
		return 1 + n
	}
	return 0
}

// clockLength recognises 9:05, 10:15:30, 10:15:30.123456.
func clockLength(b []byte) int {
	n := 0
	switch {
	case matches(b, "00:00"):
		n = 5
	case matches(b, "0:00"):
		n = 4
	default:
		return 0
	}
	if matches(b[n:], ":00") {
		n += 3
		if n+1 < len(b) && (b[n] == '.' || b[n] == ',') && isDigit(b[n+1]) {
			n++
			for n < len(b) && isDigit(b[n]) {
				n++
			}
		}
	}
	if n < len(b) && isDigit(b[n]) {
		return 0
	}
	return n
}

// zonesLength returns the length of the time zones that follow a time: Go prints two of them.
func zonesLength(b []byte) int {
	n := 0
	for range 2 {
		blank := 0
		if n < len(b) && b[n] == ' ' {
			blank = 1
		}
		size := zoneLength(b[n+blank:])
		if size == 0 {
			break
		}
		n += blank + size
	}
	return n
}

func zoneLength(b []byte) int {
	for _, zone := range [...]string{"UTC", "GMT", "CEST", "CET", "AM", "PM", "am", "pm", "Z"} {
		if n := len(zone); len(b) >= n && string(b[:n]) == zone && (n == len(b) || !isAlnum(b[n])) {
			return n
		}
	}
	if len(b) == 0 || b[0] != '+' && b[0] != '-' {
		return 0
	}
	for _, offset := range [...]string{"00:00", "0000"} {
		if n := 1 + len(offset); matches(b[1:], offset) && (n == len(b) || !isAlnum(b[n])) {
			return n
		}
	}
	return 0
}

// writtenDateLength recognises dates with the month in letters, in the orders that HTTP, C, mail and
// logs use: "Tue, 20 Nov 2026 10:15:30 GMT", "Nov 20, 2026", "20/Nov/2026:10:15:30 +0000".
func writtenDateLength(b []byte) int {
	n, end, months, numbers := 0, 0, 0, 0
	for range 6 {
		size := clockLength(b[n:])
		switch {
		case size > 0:
		case n < len(b) && isDigit(b[n]):
			if size = dayOrYearLength(b[n:]); size == 0 || numbers == 2 {
				size = 0
				break
			}
			numbers++
		default:
			var month int
			if size, month = calendarWord(b[n:]); months+month > 1 {
				size = 0
				break
			}
			months += month
		}
		if size == 0 {
			break
		}
		end = n + size
		n = end + dateJoint(b[end:])
	}
	if months == 0 || numbers == 0 {
		return 0
	}
	return end + zonesLength(b[end:])
}

// dayOrYearLength recognises one, two or four digits.
func dayOrYearLength(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == 3 || n > 4 || n < len(b) && isAlnum(b[n]) {
		return 0
	}
	return n
}

// calendarWord returns the length of the weekday or month that b begins with, and 1 for a month.
func calendarWord(b []byte) (size, month int) {
	if len(b) == 0 || classOf(b[0]) != upper {
		return 0, 0
	}
	n := 0
	for n < len(b) && n <= len("Wednesday") && isLetter(b[n]) {
		n++
	}
	if n < 3 || n < len(b) && isAlnum(b[n]) {
		return 0, 0
	}
	for i, name := range [...]string{
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March", "April",
		"May", "June", "July", "August", "September", "October", "November", "December",
	} {
		if string(b[:3]) == name[:3] && (n == 3 || string(b[:n]) == name) {
			return n, min(1, i/7)
		}
	}
	return 0, 0
}

// dateJoint returns the length of what joins the parts of a written date.
func dateJoint(b []byte) int {
	switch {
	case len(b) > 1 && b[0] == ',' && b[1] == ' ':
		return 2
	case len(b) > 0 && isOneOf(b[0], " -/:"):
		return 1
	}
	return 0
}
