package parsers

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/mask"
)

// FuzzQuietPaths: what is known of a route says what a redactor makes of its plain paths, whatever the ids are.
func FuzzQuietPaths(f *testing.F) {
	for _, route := range []string{
		"/users/{id}", "/tokens/{id}/x", "/v1/otp/{id}", "/phone/{id}/code/{id}", "/{id}/{id}/{id}", "/bearer/{id}", "/sk_live_/{id}", "/be/{id}-x",
		"/reset-password/{id}", "/id/{id}/session", "/whsec_x/{id}", "/BE/{id}", "/tel/{id}/{id}", "/secret_{id}", "/2fa/verify/{id}", "/basic/{id}",
	} {
		f.Add([]byte(route), uint64(1))
	}
	r := newRegistry(f)
	f.Fuzz(func(t *testing.T, route []byte, seed uint64) {
		if len(route) > memoText {
			return
		}
		known := &knownText{text: route, seen: seenOften}
		if !r.quiet(known) {
			return
		}
		for _, path := range plainPaths(route, seed) {
			masked, plain := mask.AppendPlainRoute(nil, path)
			if plain && bytes.Equal(masked, route) {
				require.Equal(t, string(path), string(r.redactor.AppendPath(nil, path)))
			}
		}
	})
}

// TestHexadecimalIDs: numbers of 24 digits in a path are plain, but not when they may hold what is redacted.
func TestHexadecimalIDs(t *testing.T) {
	r := newRegistry(t)
	for id, plain := range map[string]bool{
		"507f1f77bcf86cd799439011": true, "5f123456789012a1bcdef123": true, "a11111111111111111111111": false,
		"4111111111111111abcdefab": false, "ab4111111111111111cdefab": false, "abcdef4111111111111111ab": false, "ad1200012030200359100100": false,
		"ad12abcdefabcdefabcdefab": false, "00abcdefabcdefabcdefabcd": false,
	} {
		path := []byte("/users/" + id)
		_, is := mask.AppendPlainRoute(nil, path)
		require.Equal(t, plain, is, id)
		if plain {
			require.Equal(t, string(path), string(r.redactor.AppendPath(nil, path)))
		}
	}
	require.Equal(t, "/users/[redacted:iban]", string(r.redactor.AppendPath(nil, []byte("/users/ad1200012030200359100100"))))
}

// plainPaths puts ids of all kinds in the places of a route.
func plainPaths(route []byte, seed uint64) [][]byte {
	var paths [][]byte
	for kind := range uint64(49) {
		path := route
		for i := uint64(0); bytes.Contains(path, []byte("{id}")) && i < 8; i++ {
			h := fnv.New128a()
			fmt.Fprint(h, seed, kind, i)
			sum := h.Sum(nil)
			id := fmt.Sprintf("%x", sum)
			switch (kind + i*(kind/7)) % 7 {
			case 1:
				id = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
			case 2:
				id = fmt.Sprint(seed % 10_000_000)
			case 3:
				id = fmt.Sprint(uint32(sum[0])<<16 | uint32(sum[1])<<8 | uint32(sum[2]))[:1+sum[3]%3]
			case 4:
				id = fmt.Sprint(10_000_000_000 + seed%90_000_000_000)[:8+sum[3]%4]
			case 5:
				id = id[:24]
			case 6: // many digits in a row, as those of a card
				id = (id[:seed%12] + fmt.Sprint(seed|1<<63) + id)[:24]
			}
			path = bytes.Replace(path, []byte("{id}"), []byte(id), 1)
		}
		paths = append(paths, path)
	}
	return paths
}
