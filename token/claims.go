package token

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Claims are what access tokens and ID tokens have in common. Times are UTC, in whole seconds. A text or list that the
// token does not have is empty.
type Claims struct {
	Subject   string    // sub: the user's UUID in the pool or, in a client credentials grant, the app client's id
	Username  string    // username or cognito:username; empty in a client credentials grant
	ClientID  string    // client_id of an access token, aud of an ID token: the app client that it was issued to
	Groups    []string  // cognito:groups
	Issuer    string    // iss: one of Config.Issuers
	ID        string    // jti: differs from token to token
	OriginJTI string    // origin_jti: the same in all tokens of one sign-in; only if the app client has revocation on
	EventID   string    // event_id: names the sign-in in Cognito's logs
	AuthTime  time.Time // auth_time: when the user signed in; zero if the token does not say. A refresh keeps it
	IssuedAt  time.Time // iat
	ExpiresAt time.Time // exp: the first moment at which the token is not valid any more

	payload string
}

// Raw decodes all claims of the token: for those that have no field here, such as what a pre token generation trigger
// added. Each call gives a new map. Numbers are json.Number, and of a name given twice inside a nested object the last
// counts. For Claims that no token brought, it is nil.
func (c *Claims) Raw() map[string]any {
	var raw map[string]any
	decoder := json.NewDecoder(strings.NewReader(c.payload))
	decoder.UseNumber()
	if err := decoder.Decode(&raw); err != nil {
		return nil
	}
	return raw
}

// AccessClaims are the claims of an access token. See "Understanding the access token" in the Amazon Cognito developer
// guide.
type AccessClaims struct {
	Claims
	Scopes    []string // scope: aws.cognito.signin.user.admin after a sign-in through the API, else what OAuth granted
	DeviceKey string   // device_key: the remembered device
}

// IDClaims are the claims of an ID token. See "Understanding the identity (ID) token" in the Amazon Cognito developer
// guide.
type IDClaims struct {
	Claims
	Name                string            // name
	Email               string            // email
	EmailVerified       bool              // email_verified
	PhoneNumber         string            // phone_number, as in E.164
	PhoneNumberVerified bool              // phone_number_verified
	Nonce               string            // nonce: compare it with that of your authorization request, if it had one
	Roles               []string          // cognito:roles: the ARNs of the groups' IAM roles
	PreferredRole       string            // cognito:preferred_role
	Custom              map[string]string // custom:*, by the name without the prefix; nil if there are none
}

// A kind of token says where its claims differ from the other's.
type kind struct{ use, client, username string }

var (
	accessToken = kind{use: "access", client: "client_id", username: "username"}
	idToken     = kind{use: "id", client: "aud", username: "cognito:username"}
)

// fields reads claims out of a token's members and keeps the first error.
type fields struct {
	members map[string]string
	err     error
}

func (f *fields) common(k kind) Claims {
	return Claims{
		Subject:   required(f, "sub", f.text),
		Username:  f.text(k.username),
		ClientID:  f.text(k.client),
		Groups:    f.list("cognito:groups"),
		Issuer:    f.text("iss"),
		ID:        f.text("jti"),
		OriginJTI: f.text("origin_jti"),
		EventID:   f.text("event_id"),
		AuthTime:  f.date("auth_time"),
		IssuedAt:  required(f, "iat", f.date),
		ExpiresAt: required(f, "exp", f.date),
	}
}

func (f *fields) access(common Claims) *AccessClaims {
	return &AccessClaims{
		Claims:    common,
		Scopes:    strings.Fields(f.text("scope")),
		DeviceKey: f.text("device_key"),
	}
}

func (f *fields) id(common Claims) *IDClaims {
	return &IDClaims{
		Claims:              common,
		Name:                f.text("name"),
		Email:               f.text("email"),
		EmailVerified:       f.flag("email_verified"),
		PhoneNumber:         f.text("phone_number"),
		PhoneNumberVerified: f.flag("phone_number_verified"),
		Nonce:               f.text("nonce"),
		Roles:               f.list("cognito:roles"),
		PreferredRole:       f.text("cognito:preferred_role"),
		Custom:              f.custom(),
	}
}

// required reads a claim that every token has.
func required[T comparable](f *fields, name string, read func(string) T) T {
	var zero T
	value := read(name)
	if value == zero {
		f.fail(name, "is missing")
	}
	return value
}

func (f *fields) text(name string) string {
	raw, ok := f.members[name]
	if !ok {
		return ""
	}
	value, err := stringValue(raw)
	if err != nil {
		f.fail(name, "is not a string")
	}
	return value
}

func (f *fields) list(name string) []string {
	raw, ok := f.members[name]
	if !ok {
		return nil
	}
	value, err := elements(raw)
	if err != nil {
		f.fail(name, "is not an array of strings")
	}
	return value
}

// date reads a NumericDate of RFC 7519, section 2, as Cognito writes it: whole seconds. 9999-12-31T23:59:59Z is the last
// one, because calculations with what lies beyond overflow somewhere.
func (f *fields) date(name string) time.Time {
	const last = 253402300799
	raw, ok := f.members[name]
	if !ok {
		return time.Time{}
	}
	seconds, err := strconv.ParseUint(raw, 10, 63)
	if err != nil || seconds > last {
		f.fail(name, "is not a date in whole seconds")
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// flag reads a truth value. Attributes of federated users come as text.
func (f *fields) flag(name string) bool {
	switch f.members[name] {
	case "true", `"true"`:
		return true
	case "", "false", `"false"`:
		return false
	}
	f.fail(name, "is neither true nor false")
	return false
}

// custom reads the custom attributes. Cognito writes them all as strings; another type is a trigger's work and is left
// to Raw.
func (f *fields) custom() map[string]string {
	var out map[string]string
	for name, raw := range f.members {
		attribute, ok := strings.CutPrefix(name, "custom:")
		if !ok {
			continue
		}
		value, err := stringValue(raw)
		if err != nil {
			continue
		}
		if out == nil {
			out = make(map[string]string)
		}
		out[attribute] = value
	}
	return out
}

func (f *fields) fail(name, what string) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: %s %s", ErrMalformed, name, what)
	}
}
