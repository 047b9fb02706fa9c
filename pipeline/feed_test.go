package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// produceRequests counts the produce requests that a broker gets.
func produceRequests(c *kfake.Cluster) *atomic.Int64 {
	n := new(atomic.Int64)
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		n.Add(1)
		return nil, nil, false
	})
	return n
}

// A pipe whose writer flushes at the ends of lines gets requests as large as a file's.
func TestAPipeIsSentInLargeRequests(t *testing.T) {
	t.Parallel()
	c := cluster(t, 200)
	requests := produceRequests(c)
	p := publisher(t, c, PublisherOptions{BatchBytes: 200_000})
	in, out := io.Pipe()
	const lines = 20_000
	go func() {
		for range lines / 20 {
			if _, err := out.Write(bytes.Repeat([]byte("s "+strings.Repeat("z", 97)+"\n"), 20)); err != nil {
				return
			}
		}
		_ = out.Close()
	}()
	done, err := p.Publish(t.Context(), in)
	require.NoError(t, err)
	require.EqualValues(t, lines, done.Records)
	require.Less(t, requests.Load(), int64(40), "3.3 MB in requests of 0.2 MB")
}

// Lines are sent although more is coming, slowly, and the last one is not complete yet.
func TestASlowPipeIsNotDelayed(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	p := publisher(t, c, PublisherOptions{})
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { _, err := p.Publish(t.Context(), in); ended <- err }()
	_, err := out.Write([]byte("one\ntwo\nthr"))
	require.NoError(t, err)
	require.Len(t, consume(t, c, 2), 2)
	_, err = out.Write([]byte("ee"))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.NoError(t, <-ended)
	require.Equal(t, "three", string(consume(t, c, 3)[2].Value))
}

// A line waits for others only so long, even when there is always another one soon.
func TestATricklingPipeIsNotDelayed(t *testing.T) {
	in, out := io.Pipe()
	defer func() { require.NoError(t, out.Close()) }()
	var opened time.Time
	sent := make(chan struct{})
	f := newFeed(t.Context(), in, func() time.Time { return opened.Add(linger) }, func() error {
		close(sent)
		return errLost
	})
	opened = time.Now()
	go func() {
		for {
			if _, err := out.Write([]byte("s\n")); err != nil {
				return
			}
			if !pause(t.Context(), linger/10) {
				return
			}
		}
	}()
	_, err := io.Copy(io.Discard, f)
	require.ErrorIs(t, err, errLost)
	<-sent
	require.Less(t, time.Since(opened), 10*linger)
	require.NoError(t, in.Close())
}

func TestPublishingEndsWhileItsPipeIsSilent(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	p := publisher(t, c, PublisherOptions{})
	in, out := io.Pipe()
	defer func() { require.NoError(t, out.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := p.Publish(ctx, in); ended <- err }()
	_, err := out.Write([]byte("one\n"))
	require.NoError(t, err)
	consume(t, c, 1)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestFeedPassesOnWhatItReads(t *testing.T) {
	before := runtime.NumGoroutine()
	text := bytes.Repeat([]byte("0123456789"), 300_000)
	never := func() time.Time { return time.Time{} }
	got, err := io.ReadAll(newFeed(t.Context(), bytes.NewReader(text), never, nil))
	require.NoError(t, err)
	require.True(t, bytes.Equal(text, got))
	broken := io.MultiReader(strings.NewReader("abc"), iotest{errors.New("broken pipe")})
	got, err = io.ReadAll(newFeed(t.Context(), broken, never, nil))
	require.ErrorContains(t, err, "broken pipe")
	require.Equal(t, "abc", string(got))
	ctx, cancel := context.WithCancel(t.Context())
	f := newFeed(ctx, neverending{}, never, nil)
	cancel()
	eventually(t, "reading ends", func() bool { return runtime.NumGoroutine() <= before+1 }) // the one that asks
	_, err = io.Copy(io.Discard, f)
	require.ErrorIs(t, err, context.Canceled)
}

// iotest fails.
type iotest struct{ err error }

func (i iotest) Read([]byte) (int, error) { return 0, i.err }

// A refusal that no repetition mends ends the publishing.
func TestPublisherGivesUpWhenRefusedForGood(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidRecord, Count: -1})
	p := publisher(t, c, PublisherOptions{})
	_, err := p.Publish(t.Context(), strings.NewReader("one\n"))
	require.ErrorContains(t, err, testTopic)
	require.ErrorContains(t, err, "refuses")
}
