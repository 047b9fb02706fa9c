package pipeline

import (
	"crypto/rand"

	"github.com/segmentio/kafka-go"
)

// fencing makes every joining of the group begin a new generation. A coordinator gives a member that joins
// again unchanged the generation it had, in which a commit that was delayed on its way would still count;
// with user data that is never the same twice it has to begin another.
type fencing struct{ kafka.GroupBalancer }

// UserData is asked for at every joining.
func (fencing) UserData() ([]byte, error) { return []byte(rand.Text()), nil }

func balancers() []kafka.GroupBalancer {
	return []kafka.GroupBalancer{fencing{kafka.RangeGroupBalancer{}}, fencing{kafka.RoundRobinGroupBalancer{}}}
}
