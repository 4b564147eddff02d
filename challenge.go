package cognitomfa

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Outcome is what a step of signing in leads to: [*Tokens], when the user is signed in, or one of the challenges [*MFAChallenge],
// [*SetupChallenge], [*SelectChallenge], [*NewPasswordChallenge] and [*OtherChallenge]. No type outside this package is an Outcome, so that
// a type switch over these six is complete.
//
//sumtype:decl
type Outcome interface{ outcome() }

// Challenge is an [Outcome] that the user has to answer: [*MFAChallenge], [*SetupChallenge], [*SelectChallenge], [*NewPasswordChallenge]
// or [*OtherChallenge].
//
// A challenge is a plain value: nothing in this process belongs to it. Between two requests keep what Token returns, where only this user gets
// at it: in an encrypted or HttpOnly cookie, in a server-side session, or in a form field, but in no URL and no log. Cognito takes it for three
// minutes, unless the app client's AuthSessionValidity says more (up to 15).
//
//sumtype:decl
type Challenge interface {
	Outcome
	// Token returns the challenge as one string of URL-safe characters, for [ParseChallenge]. It reveals the session: treat it as a secret.
	Token() string
}

// Method is a way of proving a second factor, under the name that Cognito gives it.
type Method string

// The methods that Cognito has.
const (
	// MethodTOTP is an authenticator app: Cognito calls it a software token.
	MethodTOTP Method = "SOFTWARE_TOKEN_MFA"
	// MethodSMS is a code in a text message.
	MethodSMS Method = "SMS_MFA"
	// MethodEmail is a code in an e-mail.
	MethodEmail Method = "EMAIL_OTP"
)

// MFAChallenge asks for a code. Answer it with [Client.RespondMFA].
//
// Where another wire format carries the parts, a challenge can be built from Username and Session, and Method unless it is TOTP.
type MFAChallenge struct {
	// Username is the name that Cognito knows the user by (USER_ID_FOR_SRP), whatever he typed to sign in.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge came in, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Method says where the code comes from. The empty Method stands for MethodTOTP.
	Method Method
	// Destination says, masked by Cognito, where an SMS or e-mail code went, such as "+*******1234". Empty for TOTP.
	Destination string
	// DeviceName is what the authenticator was named in Verify. Empty if it was not named, and for other methods.
	DeviceName string
}

// SetupChallenge says that the pool demands MFA and the user has none yet. Answer it with [Client.EnrollSetup] and [Client.VerifySetup].
type SetupChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in. It changes with EnrollSetup.
	Session Secret
	// Issued is when the challenge came in, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Methods are those that can be set up. Of these, EnrollSetup sets up MethodTOTP and SetupEmail MethodEmail.
	Methods []Method
}

// SelectChallenge asks which of several methods to use. Answer it with [Client.SelectMFA].
type SelectChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge came in, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Methods are those to choose from. Empty in a challenge built by hand: then any can be chosen.
	Methods []Method

	// offered are Cognito's own words for Methods, which are not the same in all of its interfaces.
	offered []string
}

// NewPasswordChallenge says that the user must replace the password that an administrator gave him. Answer it with [Client.SetNewPassword].
type NewPasswordChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge came in, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Required names the attributes that must come with the new password, such as "email".
	Required []string
	// Attributes are the user's attributes as they are now.
	Attributes map[string]string
}

// OtherChallenge is any other challenge, as Cognito said it: a custom one of the pool's own Lambda triggers, or one that is newer than this
// package. Answer it with [Client.Respond].
type OtherChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge came in, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Name is the challenge's name, such as "CUSTOM_CHALLENGE".
	Name string
	// Parameters are the challenge's parameters.
	Parameters map[string]string
}

var _ = []Challenge{(*MFAChallenge)(nil), (*SetupChallenge)(nil), (*SelectChallenge)(nil), (*NewPasswordChallenge)(nil), (*OtherChallenge)(nil)}

func (*MFAChallenge) outcome()         {}
func (*SetupChallenge) outcome()       {}
func (*SelectChallenge) outcome()      {}
func (*NewPasswordChallenge) outcome() {}
func (*OtherChallenge) outcome()       {}

// Offers reports whether m is one of the methods to choose from.
func (ch *SelectChallenge) Offers(m Method) bool {
	return len(ch.Methods) == 0 || slices.Contains(ch.Methods, m)
}

// newChallenge builds the challenge of that name. The user is known as username unless the parameters say better.
func newChallenge(name types.ChallengeNameType, username string, session Secret, params map[string]string, issued time.Time) Challenge {
	issued = issued.UTC().Truncate(time.Millisecond)
	if id := params["USER_ID_FOR_SRP"]; id != "" {
		username = id
	} else if id = params["USERNAME"]; id != "" {
		username = id
	}
	switch name {
	case types.ChallengeNameTypeSoftwareTokenMfa, types.ChallengeNameTypeSmsMfa, types.ChallengeNameTypeEmailOtp:
		return &MFAChallenge{
			Username:    username,
			Session:     session,
			Issued:      issued,
			Method:      Method(name),
			Destination: params["CODE_DELIVERY_DESTINATION"],
			DeviceName:  params["FRIENDLY_DEVICE_NAME"],
		}
	case types.ChallengeNameTypeMfaSetup:
		return &SetupChallenge{Username: username, Session: session, Issued: issued, Methods: methods(jsonList(params["MFAS_CAN_SETUP"]))}
	case types.ChallengeNameTypeSelectMfaType:
		offered := jsonList(params["MFAS_CAN_CHOOSE"])
		if offered == nil {
			offered = jsonList(params["MFAS_CAN_SELECT"])
		}
		return &SelectChallenge{Username: username, Session: session, Issued: issued, Methods: methods(offered), offered: offered}
	case types.ChallengeNameTypeNewPasswordRequired:
		required := jsonList(params["requiredAttributes"])
		for i, name := range required {
			required[i] = strings.TrimPrefix(name, attributePrefix)
		}
		var attributes map[string]string
		if json.Unmarshal([]byte(params["userAttributes"]), &attributes) != nil {
			attributes = nil // Cognito's word for "none" is not always an object.
		}
		return &NewPasswordChallenge{Username: username, Session: session, Issued: issued, Required: required, Attributes: attributes}
	default:
		return &OtherChallenge{Username: username, Session: session, Issued: issued, Name: string(name), Parameters: params}
	}
}

// attributePrefix stands before the names of attributes in NEW_PASSWORD_REQUIRED.
const attributePrefix = "userAttributes."

// jsonList reads one of the lists that challenge parameters hold as JSON inside a string; nil if there is none.
func jsonList(s string) []string {
	var list []string
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

// methods are the methods that Cognito's words stand for. A word that is newer than this package stands for itself.
func methods(words []string) []Method {
	if len(words) == 0 {
		return nil
	}
	list := make([]Method, len(words))
	for i, w := range words {
		list[i] = Method(w)
		if w == "EMAIL_MFA" {
			list[i] = MethodEmail
		}
	}
	return list
}

// wireChallenge is what a token holds besides the session.
type wireChallenge struct {
	Kind        types.ChallengeNameType `json:"k"`
	Username    string                  `json:"u,omitempty"`
	Issued      time.Time               `json:"i,omitzero"`
	Method      Method                  `json:"m,omitempty"`
	Destination string                  `json:"d,omitempty"`
	DeviceName  string                  `json:"n,omitempty"`
	Methods     []Method                `json:"c,omitempty"`
	Offered     []string                `json:"o,omitempty"`
	Required    []string                `json:"r,omitempty"`
	Attributes  map[string]string       `json:"a,omitempty"`
	Name        string                  `json:"x,omitempty"`
	Parameters  map[string]string       `json:"p,omitempty"`
}

// kindOther is what a token calls an OtherChallenge, whatever its name.
const kindOther types.ChallengeNameType = "OTHER"

// maxToken is the length of the longest token that ParseChallenge reads, in bytes. A session has 8192 at most.
const maxToken = 64 << 10

// Token implements [Challenge].
func (ch *MFAChallenge) Token() string {
	return wireChallenge{
		Kind: types.ChallengeNameTypeSoftwareTokenMfa, Username: ch.Username, Issued: ch.Issued,
		Method: ch.Method, Destination: ch.Destination, DeviceName: ch.DeviceName,
	}.token(ch.Session)
}

// Token implements [Challenge].
func (ch *SetupChallenge) Token() string {
	return wireChallenge{Kind: types.ChallengeNameTypeMfaSetup, Username: ch.Username, Issued: ch.Issued, Methods: ch.Methods}.token(ch.Session)
}

// Token implements [Challenge].
func (ch *SelectChallenge) Token() string {
	return wireChallenge{
		Kind: types.ChallengeNameTypeSelectMfaType, Username: ch.Username, Issued: ch.Issued, Methods: ch.Methods, Offered: ch.offered,
	}.token(ch.Session)
}

// Token implements [Challenge].
func (ch *NewPasswordChallenge) Token() string {
	return wireChallenge{
		Kind: types.ChallengeNameTypeNewPasswordRequired, Username: ch.Username, Issued: ch.Issued, Required: ch.Required, Attributes: ch.Attributes,
	}.token(ch.Session)
}

// Token implements [Challenge].
func (ch *OtherChallenge) Token() string {
	return wireChallenge{Kind: kindOther, Username: ch.Username, Issued: ch.Issued, Name: ch.Name, Parameters: ch.Parameters}.token(ch.Session)
}

// token joins the description and the session, with a dot where the session stands as it is and a tilde where it is encoded. Cognito's sessions are
// base64url already, so that the token is hardly longer than its session.
func (w wireChallenge) token(session Secret) string {
	description, err := json.Marshal(w)
	if err != nil {
		panic(err) // Strings, lists and maps of strings and a date of this era always encode.
	}
	head, text := base64.RawURLEncoding.EncodeToString(description), session.Reveal()
	if strings.ContainsFunc(text, notURLSafe) {
		return head + "~" + base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	return head + "." + text
}

func notURLSafe(r rune) bool {
	return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) && r != '-' && r != '_'
}

// ParseChallenge gives back the challenge that a Token method made into a string, in this process or in another. For anything else the error
// is of the kind [ErrSessionExpired], for the user can only sign in again. What the token says is not authenticated: Cognito
// checks the session, and that it is this user's, when the challenge is answered.
func ParseChallenge(token string) (Challenge, error) {
	w, session, err := parseToken(token)
	if err != nil {
		return nil, &Error{Op: "parse challenge", Kind: ErrSessionExpired, Err: err}
	}
	switch w.Kind {
	case types.ChallengeNameTypeSoftwareTokenMfa:
		return &MFAChallenge{w.Username, session, w.Issued, w.Method, w.Destination, w.DeviceName}, nil
	case types.ChallengeNameTypeMfaSetup:
		return &SetupChallenge{w.Username, session, w.Issued, w.Methods}, nil
	case types.ChallengeNameTypeSelectMfaType:
		return &SelectChallenge{w.Username, session, w.Issued, w.Methods, w.Offered}, nil
	case types.ChallengeNameTypeNewPasswordRequired:
		return &NewPasswordChallenge{w.Username, session, w.Issued, w.Required, w.Attributes}, nil
	case kindOther:
		return &OtherChallenge{w.Username, session, w.Issued, w.Name, w.Parameters}, nil
	}
	return nil, &Error{Op: "parse challenge", Kind: ErrSessionExpired, Err: errors.New("the token is of no known kind")}
}

// parseToken takes a token apart. Its errors do not quote it.
func parseToken(token string) (wireChallenge, Secret, error) {
	var w wireChallenge
	if len(token) > maxToken {
		return w, Secret{}, errors.New("the token is too long")
	}
	mark := strings.IndexFunc(token, notURLSafe)
	if mark < 0 {
		return w, Secret{}, errors.New("the token has no session")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token[:mark])
	if err != nil {
		return w, Secret{}, errors.New("the token is not base64url")
	}
	session := token[mark+1:]
	switch {
	case token[mark] == '~':
		text, err := base64.RawURLEncoding.Strict().DecodeString(session)
		if err != nil {
			return w, Secret{}, errors.New("the token's session is not base64url")
		}
		session = string(text)
	case token[mark] != '.', strings.ContainsFunc(session, notURLSafe):
		return w, Secret{}, errors.New("the token has characters that no token has")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return w, Secret{}, errors.New("the token is not a challenge")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return w, Secret{}, errors.New("the token has something behind its end")
	}
	return w, NewSecret(session), nil
}
