package pipeline

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Parts take back why they are not ready when fetch ends: who asks must hear by then that the generation is over.
func TestAGenerationIsOverBeforeItsPartsEnd(t *testing.T) {
	ways := map[string]func(l *lifetime, stop, moveOn func()){
		"the process is to end":   func(_ *lifetime, stop, _ func()) { stop() },
		"the group moves on":      func(_ *lifetime, _, moveOn func()) { moveOn() },
		"the generation is lost":  func(l *lifetime, _, _ func()) { l.giveUp() },
		"its work has been ended": func(l *lifetime, _, _ func()) { l.stop() },
	}
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			generation, moveOn := context.WithCancel(t.Context())
			defer moveOn()
			defer stop()
			called := make(chan bool, 2)
			var l *lifetime
			ready := make(chan struct{})
			l = newLifetime(ctx, generation, time.Minute, time.Minute, func() { <-ready; called <- l.fetch.Err() == nil })
			close(ready)
			end(l, stop, moveOn)
			<-l.fetch.Done()
			l.over()
			l.stop()
			require.True(t, <-called, "fetch had ended before")
			require.Empty(t, called, "it was said twice")
		})
	}
}

// loggedWhileReady notes what an ingester logs, and whether it said then that it was ready.
type loggedWhileReady struct {
	ingester *Ingester
	lost     chan bool
}

// Run implements zerolog.Hook.
func (l *loggedWhileReady) Run(_ *zerolog.Event, _ zerolog.Level, message string) {
	if strings.HasPrefix(message, "stopped delivering") {
		ready, _ := l.ingester.Ready()
		select {
		case l.lost <- ready:
		default:
		}
	}
}

func TestNotReadyBetweenTwoGenerations(t *testing.T) {
	s := newSituation(t)
	hook := &loggedWhileReady{lost: make(chan bool, 1)}
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.New(zerolog.NewTestWriter(t)).Hook(hook), nil)
	require.NoError(t, err)
	hook.ingester = i
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	mend := s.refuse(kmsg.OffsetCommit, kerr.UnknownMemberID)
	produce(t, s.cluster, 2, 1)
	require.False(t, <-hook.lost, "ready although the generation was lost")
	mend()
	eventually(t, "ready again", func() bool { ready, _ := i.Ready(); return ready })
	stop()
	require.NoError(t, <-ended)
}
