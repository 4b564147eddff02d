package pool

import (
	"slices"
	"time"
)

// Message is an SMS or an e-mail that a user would have been sent.
type Message struct {
	Time        time.Time
	Medium      string // "SMS" or "EMAIL"
	Destination string // the whole address; responses only show it masked
	Code        string // an MFA code, a confirmation code, or a temporary password
}

// outboxSize is how many messages of a user are kept.
const outboxSize = 20

// outbox are the last messages to a user.
type outbox []Message

// add adds a message, if there is an address to send it to.
func (o *outbox) add(m Message) {
	if m.Destination == "" {
		return
	}
	if len(*o) == outboxSize {
		*o = slices.Delete(*o, 0, 1)
	}
	*o = append(*o, m)
}

// confirmation is a code that was sent to the address which an attribute held, or is to hold, and
// waits to come back.
type confirmation struct {
	code, attribute, address string
	waits                    bool // the attribute holds another address until the code comes back
	expires                  time.Time
}
