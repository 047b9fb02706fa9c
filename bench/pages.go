package main

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// pageBytes is about the length of an error page.
const pageBytes = 3000

// pages are the error pages that gateways put in front of the vendors. No two are alike: ids stand in path, headers
// and body.
type pages struct {
	random *rand.Rand
	filler string
	number int
}

func openPages(int) (records, error) {
	const paragraph = `<p class=\"hint\">The server that you have tried to reach did not answer in time. Please try again in a few minutes, or write to support.</p>\n`
	return &pages{random: rand.New(rand.NewPCG(1, 1)), filler: strings.Repeat(paragraph, pageBytes/len(paragraph)-2)}, nil
}

func (p *pages) next(buf []byte) (value []byte, failed, ok bool) {
	hosts := [...]string{"eu.api.tru.id", "prod.truv.com", "api.truelayer.com", "api.telecomx.dk", "sft.bics.com"}
	at := streamEnd().Add(-24*time.Hour + time.Duration(p.number)*time.Millisecond)
	value = at.AppendFormat(append(buf[:0], `{"time":"`...), time.RFC3339Nano)
	value = append(value, `","service":"checkout","environment":"production","method":"POST","url":"https://`...)
	value = append(append(value, hosts[p.number%len(hosts)]...), "/v1/orders/"...)
	value = append(p.id(value), `","status":502,"duration_ms":`...)
	value = strconv.AppendInt(value, p.random.Int64N(5000), 10)
	value = p.id(append(value, `,"trace_id":"`...))
	value = p.id(append(value, `","response_headers":{"Content-Type":"text/html","X-Request-Id":"`...))
	value = append(value, `"},"response_body":"<!DOCTYPE html>\n<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<h1>Bad gateway</h1>\n`...)
	value = p.id(append(value, `<p>Incident <code>`...))
	value = append(append(value, `</code></p>\n`...), p.filler...)
	value = p.id(append(value, `<footer>Ray `...))
	value = append(value, `</footer>\n</body>\n</html>"}`...)
	p.number++
	return value, true, true
}

// id appends 32 hexadecimal digits.
func (p *pages) id(dst []byte) []byte {
	const digits = "0123456789abcdef"
	for range 2 {
		for n, i := p.random.Uint64(), 0; i < 16; n, i = n>>4, i+1 {
			dst = append(dst, digits[n&15])
		}
	}
	return dst
}
