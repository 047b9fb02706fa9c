package pipeline

import (
	"errors"
	"fmt"
	"net"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// The errors that end Run or a Publisher before anything was read or written; test with errors.Is.
var (
	ErrUnreachable    = errors.New("kafka is unreachable")
	ErrAuthentication = errors.New("kafka refused the credentials")
	ErrNoTopic        = errors.New("no such topic")
)

// Why a batch was not delivered by this generation. Neither loses anything: the next owner of the
// partitions reads back what is in the table and reads the rest again.
var (
	errFenced  = errors.New("the group has moved on to another generation")
	errStopped = errors.New("the generation ended first")
)

// HaltError says why one partition stopped while the others go on. An operator has to decide.
type HaltError struct {
	Topic     string
	Partition int32
	Reason    string // what was found and what to do about it
}

func (e *HaltError) Error() string {
	return fmt.Sprintf("partition %d of topic %s halted: %s", e.Partition, e.Topic, e.Reason)
}

// isFenced reports whether a commit was refused because this member's generation is over.
func isFenced(err error) bool {
	return errors.Is(err, kafka.IllegalGeneration) || errors.Is(err, kafka.UnknownMemberId) ||
		errors.Is(err, kafka.RebalanceInProgress) || errors.Is(err, kafka.FencedInstanceID)
}

// isMissing reports whether the cluster says that there is no such topic.
func isMissing(err error) bool { return errors.Is(err, kafka.UnknownTopicOrPartition) }

// connectError turns the first failure to talk to the cluster into a sentence with a next step.
func connectError(addresses string, err error) error {
	err = fetch.Bare(err)
	if errors.Is(err, kafka.IllegalSASLState) {
		return fmt.Errorf("%w at %s: %w; this port asks for none: leave out SASL, or give the port that does", ErrAuthentication, addresses, err)
	}
	if isRefusal(err) {
		return fmt.Errorf("%w at %s: %w; check the user, the password and the SASL mechanism", ErrAuthentication, addresses, err)
	}
	if isAlert(err) {
		return fmt.Errorf("%w at %s: %w; check the client certificate: the broker must trust who signed it", ErrAuthentication, addresses, err)
	}
	return fmt.Errorf("%w at %s: %w; check the address, that the broker is running, and whether it expects TLS or SASL", ErrUnreachable, addresses, err)
}

// isAlert reports whether the broker ended the TLS handshake because of what this side has shown.
func isAlert(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "remote error"
}

func isRefusal(err error) bool {
	for _, refusal := range []kafka.Error{
		kafka.SASLAuthenticationFailed, kafka.UnsupportedSASLMechanism, kafka.IllegalSASLState,
		kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// topicError says what is wrong with a topic that is to be read or written.
func topicError(addresses, topic string, err error) error {
	if isMissing(err) {
		return fmt.Errorf("%w: kafka at %s has no topic %q; create it, or check the name", ErrNoTopic, addresses, topic)
	}
	if isRefusal(err) {
		return fmt.Errorf("%w at %s for topic %q: %w; grant Read and Describe on the topic", ErrAuthentication, addresses, topic, err)
	}
	return fmt.Errorf("%w: topic %q at %s: %w; try again when its partitions have leaders", ErrUnreachable, topic, addresses, err)
}
