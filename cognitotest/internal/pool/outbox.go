package pool

import (
	"slices"
	"time"
)

// Message is an SMS or an email that a user would have been sent.
type Message struct {
	Time        time.Time
	Medium      string // "SMS" or "EMAIL"
	Destination string // the whole address, which responses mask
	Code        string // an MFA code, a confirmation code, or a temporary password
}

// outboxSize is the maximum number of messages in an outbox.
const outboxSize = 20

// outbox has the last messages to a user.
type outbox []Message

// add adds a message if it has an address.
func (o *outbox) add(m Message) {
	if m.Destination == "" {
		return
	}
	if len(*o) == outboxSize {
		*o = slices.Delete(*o, 0, 1)
	}
	*o = append(*o, m)
}

// confirmation is a code that was sent, and the address that it confirms as the value of an
// attribute.
type confirmation struct {
	code, attribute, address string
	waits                    bool // the attribute gets this address only when it is confirmed
	expires                  time.Time
}
