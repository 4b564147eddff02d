package cognitotest

import (
	"slices"
	"strings"
	"time"
)

// Message is an SMS or an e-mail that a user would have been sent.
type Message struct {
	Time        time.Time // by the server's clock
	Medium      string    // "SMS" or "EMAIL"
	Destination string    // the whole address; answers only show it masked
	Code        string    // an MFA code, a confirmation code, or a temporary password
}

// outboxSize is how many messages of a user are kept.
const outboxSize = 20

// deliver puts a message into the user's outbox, if the user has the address. The user's lock is held.
func (u *user) deliver(medium, destination, code string, now time.Time) {
	if destination == "" {
		return
	}
	if len(u.outbox) == outboxSize {
		u.outbox = slices.Delete(u.outbox, 0, 1)
	}
	u.outbox = append(u.outbox, Message{Time: now, Medium: medium, Destination: destination, Code: code})
}

// The lengths of codes: as a second factor and as a first.
const (
	mfaCodeLength   = 6
	firstCodeLength = 8
)

// send sends a code and says in a challenge's parameters where it went.
func (b *backend) send(u *user, medium, destination string, length int, parameters map[string]string) string {
	code := newText(digits, length)
	u.deliver(medium, destination, code, b.time())
	parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] = medium
	parameters["CODE_DELIVERY_DESTINATION"] = mask(destination)
	return code
}

// mask shows of an address what Cognito shows: j***@g***, +*******1234.
func mask(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return firstOf(address[:at]) + "***@" + firstOf(address[at+1:]) + "***"
	}
	shown := max(len(address)-4, 0)
	return "+" + strings.Repeat("*", max(shown-1, 0)) + address[shown:]
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
