package grant

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// open is a note as an ingester of the group "errata" leaves it in the middle of an insert.
func open() Note {
	return Note{
		Last: Mark{Offset: 41, Checksum: 0xdeadbeef, Known: true},
		Grant: Grant{
			Start: 42, End: 142, Count: 99, Last: Mark{Offset: 141, Checksum: 7, Known: true},
			Insert: "errata:errata:5f3a:17", Day: 20414, Attempt: 2, Deadline: 1795306000,
		},
		Open: true,
	}
}

func TestNoteText(t *testing.T) {
	plain := Note{Last: Mark{Offset: 41, Checksum: 0xdeadbeef, Known: true}}
	unmarked := open()
	unmarked.Last, unmarked.Grant.Last = Mark{}, Mark{}
	for text, note := range map[string]Note{
		"errata/1":                  {},
		"errata/1 last=41/deadbeef": plain,
		"errata/1 last=41/deadbeef start=42 end=142 count=99 day=20414 attempt=2 deadline=1795306000 newest=141/00000007 insert=errata:errata:5f3a:17": open(),
		"errata/1 start=42 end=142 count=99 day=20414 attempt=2 deadline=1795306000 insert=errata:errata:5f3a:17":                                      unmarked,
	} {
		require.Equal(t, text, note.String())
		parsed, err := ParseNote(text)
		require.NoError(t, err, text)
		require.Equal(t, note, parsed, text)
	}
}

func TestNotesOfOthersAreEmpty(t *testing.T) {
	for _, text := range []string{"", " ", "reset by hand", "1,,replica,table,0,9", "Errata/1 start=1", "errata", "\x00\xff"} {
		note, err := ParseNote(text)
		require.NoError(t, err, "%q", text)
		require.Equal(t, Note{}, note, "%q", text)
	}
}

func TestNoteOfANewerVersion(t *testing.T) {
	for _, text := range []string{"errata/2", "errata/2 start=1 end=2", "errata/10 insert=x", "errata/", "errata/1x"} {
		_, err := ParseNote(text)
		require.ErrorIs(t, err, ErrVersion, "%q", text)
	}
}

func TestFieldsOfALaterVersionArePassedOver(t *testing.T) {
	note, err := ParseNote(strings.Replace(open().String(), " start=", " shard=3 start=", 1))
	require.NoError(t, err)
	require.Equal(t, open(), note)
}

func TestDamagedNotes(t *testing.T) {
	const whole = "errata/1 start=42 end=142 count=99 day=20414 attempt=2 deadline=1795306000 insert=x"
	_, err := ParseNote(whole)
	require.NoError(t, err)
	for what, text := range map[string]string{
		"an empty range":       strings.Replace(whole, "end=142", "end=42", 1),
		"a range backwards":    strings.Replace(whole, "end=142", "end=7", 1),
		"a negative start":     strings.Replace(whole, "start=42", "start=-1", 1),
		"no records":           strings.Replace(whole, "count=99", "count=0", 1),
		"too many records":     strings.Replace(whole, "count=99", "count=101", 1),
		"no number":            strings.Replace(whole, "end=142", "end=many", 1),
		"beyond 64 bits":       strings.Replace(whole, "end=142", "end=99999999999999999999", 1),
		"no deadline":          strings.Replace(whole, " deadline=1795306000", "", 1),
		"no insert id":         strings.TrimSuffix(whole, "x"),
		"a field cut short":    "errata/1 start=42 en",
		"cut before the id":    strings.TrimSuffix(whole, " insert=x"),
		"a mark cut short":     "errata/1 last=41",
		"a mark without digit": "errata/1 last=41/xyz",
		"two blanks":           strings.Replace(whole, " ", "  ", 1),
	} {
		_, err := ParseNote(text)
		require.ErrorIs(t, err, errNote, what)
		require.NotErrorIs(t, err, ErrVersion, what)
	}
}

func marks() *rapid.Generator[Mark] {
	return rapid.Custom(func(t *rapid.T) Mark {
		if !rapid.Bool().Draw(t, "known") {
			return Mark{}
		}
		return Mark{rapid.Int64Min(0).Draw(t, "offset"), rapid.Uint32().Draw(t, "checksum"), true}
	})
}

func notes() *rapid.Generator[Note] {
	return rapid.Custom(func(t *rapid.T) Note {
		n := Note{Last: marks().Draw(t, "last"), Open: rapid.Bool().Draw(t, "open")}
		if !n.Open {
			return n
		}
		start := rapid.Int64Range(0, 1<<62).Draw(t, "start")
		length := rapid.Int64Range(1, 1<<61).Draw(t, "length")
		n.Grant = Grant{
			Start: start, End: start + length, Count: rapid.Int64Range(1, length).Draw(t, "count"),
			Last: marks().Draw(t, "newest"), Insert: rapid.StringN(1, -1, 400).Draw(t, "insert"),
			Day: rapid.Int64().Draw(t, "day"), Attempt: rapid.Int().Draw(t, "attempt"),
			Deadline: rapid.Int64Min(1).Draw(t, "deadline"),
		}
		return n
	})
}

func TestNoteRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		note := notes().Draw(t, "note")
		parsed, err := ParseNote(note.String())
		require.NoError(t, err)
		require.Equal(t, note, parsed)
	})
}

// Brokers refuse metadata of more than 4096 bytes. The insert id holds the name of the group (at most 255
// bytes) and of the ingester.
func TestNoteFitsIntoABroker(t *testing.T) {
	note := open()
	g := &note.Grant
	note.Last.Offset, g.Last.Offset = 1<<63-1, 1<<63-1
	g.Start, g.End, g.Count, g.Day, g.Deadline = 1<<63-2, 1<<63-1, 1, 1<<63-1, 1<<63-1
	g.Attempt = 1<<63 - 1
	g.Insert = "errata:" + strings.Repeat("g", 255) + ":" + strings.Repeat("h", 255) + ":18446744073709551615"
	require.Less(t, len(note.String()), 1024)
}

func FuzzParseNote(f *testing.F) {
	for _, text := range []string{
		"", "reset by hand", "errata/", "errata/2 start=1", "errata/1", "errata/1 last=41/deadbeef", open().String(),
		"errata/1 insert=", "errata/1 insert=a b=c", "errata/1 start=1 end=2 count=1 deadline=1 insert=errata:x=y z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		note, err := ParseNote(text)
		if err != nil {
			return
		}
		again, err := ParseNote(note.String())
		require.NoError(t, err, "%q", note)
		require.Equal(t, note, again)
	})
}
