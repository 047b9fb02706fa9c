package pipeline

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/segmentio/kafka-go/sasl"
)

// handshake watches a SASL mechanism: some brokers answer wrong credentials by hanging up, which
// looks like an outage unless one knows how far the exchange had come.
type handshake struct {
	sasl.Mechanism
	pending atomic.Int64 // exchanges that were begun and not completed
}

// Start implements sasl.Mechanism.
func (h *handshake) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	exchange, first, err := h.Mechanism.Start(ctx)
	if err != nil {
		return nil, nil, err // the mechanism's own words
	}
	h.pending.Add(1)
	return &exchangeWatch{exchange, h}, first, nil
}

type exchangeWatch struct {
	sasl.StateMachine
	of *handshake
}

// Next implements sasl.StateMachine.
func (e *exchangeWatch) Next(ctx context.Context, challenge []byte) (done bool, answer []byte, err error) {
	done, answer, err = e.StateMachine.Next(ctx, challenge)
	if done && err == nil {
		e.of.pending.Add(-1)
	}
	return done, answer, err // the mechanism's own words
}

// refused reports whether err is the end of a connection in the middle of an exchange.
func (h *handshake) refused(err error) bool {
	hungUp := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	return h != nil && hungUp && h.pending.Load() > 0
}
