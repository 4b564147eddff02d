package token

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Claims are what access tokens and ID tokens have in common. Times are UTC, in whole seconds. A
// string or list that the token does not have is empty.
type Claims struct {
	// Subject is sub: the user's UUID in the pool, or the app client's ID in a client credentials
	// grant.
	Subject string
	// Username is username or cognito:username. It is empty in a client credentials grant.
	Username string
	// ClientID is the app client that the token was issued to: client_id of an access token, aud of
	// an ID token.
	ClientID string
	// Groups is cognito:groups.
	Groups []string
	// Issuer is iss: one of Config.Issuers.
	Issuer string
	// ID is jti, which differs from token to token.
	ID string
	// OriginJTI is origin_jti, which all tokens of one sign-in share. It is there only if the app
	// client has token revocation enabled.
	OriginJTI string
	// EventID is event_id, which identifies the sign-in in Cognito's logs.
	EventID string
	// ACR is acr: the level that the sign-in reached, such as urn:cognito:loa:4. It is empty if the
	// sign-in did not ask for a level. Documented by AWS since October 2026, and not yet seen: a
	// value that is not a string is left to Raw.
	ACR string
	// AMR is amr: how the user signed in, such as pwd, otp and mfa. What is said of ACR holds for
	// it as well.
	AMR []string
	// AuthTime is auth_time: when the user signed in. A refresh keeps it. It is zero if the token
	// does not say.
	AuthTime time.Time
	// IssuedAt is iat.
	IssuedAt time.Time
	// ExpiresAt is exp: the first moment at which the token is no longer valid.
	ExpiresAt time.Time

	payload string
}

// Raw decodes all claims of the token, for those that have no field here, such as what a pre token
// generation trigger added. Each call returns a new map. Numbers are json.Number. If a nested
// object has a name twice, the last value counts. Raw returns nil for Claims that are not from a
// token.
func (c *Claims) Raw() map[string]any {
	var raw map[string]any
	decoder := json.NewDecoder(strings.NewReader(c.payload))
	decoder.UseNumber()
	if err := decoder.Decode(&raw); err != nil {
		return nil
	}
	return raw
}

// AccessClaims are the claims of an access token. See "Understanding the access token" in the
// Amazon Cognito developer guide.
type AccessClaims struct {
	Claims
	// Scopes is scope: aws.cognito.signin.user.admin after a sign-in through the API, otherwise
	// what OAuth granted.
	Scopes []string
	// DeviceKey is device_key: the remembered device.
	DeviceKey string
}

// IDClaims are the claims of an ID token. See "Understanding the identity (ID) token" in the Amazon
// Cognito developer guide.
//
// Attributes can come from other identity providers, in forms that Cognito itself does not use. A
// name, address or phone number that is not a string is left empty, and a custom attribute that is
// not a string is left out; Raw has them. An address or number counts as verified only if its flag
// is true, or "true" in any case.
type IDClaims struct {
	Claims
	Name                string // name
	Email               string // email
	EmailVerified       bool   // email_verified
	PhoneNumber         string // phone_number, as in E.164
	PhoneNumberVerified bool   // phone_number_verified
	// Nonce is nonce. If your authorization request had one, compare them.
	Nonce string
	// Roles is cognito:roles: the ARNs of the groups' IAM roles.
	Roles []string
	// PreferredRole is cognito:preferred_role.
	PreferredRole string
	// Custom is custom:*, by name without the prefix. It is nil if there are none.
	Custom map[string]string
}

// A kind of token says where its claims differ from the other's.
type kind struct{ use, client, username string }

var (
	accessToken = kind{use: "access", client: "client_id", username: "username"}
	idToken     = kind{use: "id", client: "aud", username: "cognito:username"}
)

// fields reads claims out of a token's members, and keeps the first error.
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
		ACR:       f.attribute("acr"),
		AMR:       f.attributes("amr"),
		AuthTime:  f.date("auth_time"),
		IssuedAt:  required(f, "iat", f.date),
		ExpiresAt: required(f, "exp", f.date),
	}
}

func (f *fields) access(common Claims) *AccessClaims {
	return &AccessClaims{
		Claims:    common,
		Scopes:    f.scopes("scope"),
		DeviceKey: f.text("device_key"),
	}
}

func (f *fields) id(common Claims) *IDClaims {
	return &IDClaims{
		Claims:              common,
		Name:                f.attribute("name"),
		Email:               f.attribute("email"),
		EmailVerified:       f.flag("email_verified"),
		PhoneNumber:         f.attribute("phone_number"),
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

// text reads a string.
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

// list reads an array of strings.
func (f *fields) list(name string) []string {
	raw, ok := f.members[name]
	if !ok {
		return nil
	}
	value, err := stringList(raw)
	if err != nil {
		f.fail(name, "is not an array of strings")
	}
	return value
}

// scopes reads a list that is separated by spaces, and by nothing else (RFC 6749, section 3.3).
func (f *fields) scopes(name string) []string {
	return strings.FieldsFunc(f.text(name), func(r rune) bool { return r == ' ' })
}

// date reads a NumericDate (RFC 7519, section 2), as Cognito writes it: in whole seconds. The last
// one is 9999-12-31T23:59:59Z, because calculations with later times overflow somewhere.
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

// attribute reads a string that is no reason to refuse a token if it is something else.
func (f *fields) attribute(name string) string {
	value, err := stringValue(f.members[name])
	if err != nil {
		return ""
	}
	return value
}

// attributes reads an array of strings in the same way.
func (f *fields) attributes(name string) []string {
	value, err := stringList(f.members[name])
	if err != nil {
		return nil
	}
	return value
}

// flag reads a truth value. Attributes of federated users come as text. Whatever is not clearly
// true is false, which is the safe side: not verified.
func (f *fields) flag(name string) bool {
	return f.members[name] == "true" || strings.EqualFold(f.attribute(name), "true")
}

// custom reads the custom attributes. Cognito writes them all as strings; other types are a
// trigger's work.
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
