package cognitomfa

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Outcome is what a step of a sign-in leads to: [*Tokens], when the user is signed in, or one of
// the challenges [*MFAChallenge], [*SetupChallenge], [*SelectChallenge], [*NewPasswordChallenge],
// [*PasswordChallenge] and [*OtherChallenge]. Only this package makes outcomes. Give a type switch
// over them a default case that refuses.
//
//sumtype:decl
type Outcome interface{ outcome() }

// Challenge is an [Outcome] that the user has to answer: [*MFAChallenge], [*SetupChallenge],
// [*SelectChallenge], [*NewPasswordChallenge], [*PasswordChallenge] or [*OtherChallenge].
//
// A challenge is a plain value: nothing in this process belongs to it. Each step is usually an HTTP
// request of its own, so keep what Token returns in between, where only this user gets at it: best
// in a session on the server, else in a hidden form field. If you use a cookie, encrypt and
// authenticate it, and check its size: browsers silently drop cookies over 4,096 bytes, a token is
// a little longer than its session, and sessions of 8,420 characters have been seen. Never put it
// into a URL or a log.
//
// To answer a challenge that is nil, or that lacks its session or user, is [ErrSessionExpired]
// without a call. Cognito accepts the answer for three minutes, or for up to 15 if the app client's
// AuthSessionValidity says so. If a page is submitted twice, one request gets tokens and the other
// [ErrSessionUsed], and the browser shows the later response: disable the button.
//
//sumtype:decl
type Challenge interface {
	Outcome
	// Token returns the challenge as one string of URL-safe characters, for [ParseChallenge]. It
	// contains the session: treat it as a secret. It also contains the user name, and what a page
	// about the challenge shows: of an OtherChallenge all Parameters, of a NewPasswordChallenge no
	// Attributes.
	Token() string
}

// Method is a second factor, under Cognito's name for it.
type Method string

// Cognito's methods.
const (
	// MethodTOTP is an authenticator app; Cognito calls it a software token.
	MethodTOTP Method = "SOFTWARE_TOKEN_MFA"
	// MethodSMS is a code in a text message.
	MethodSMS Method = "SMS_MFA"
	// MethodEmail is a code in an email.
	MethodEmail Method = "EMAIL_OTP"
)

// MFAChallenge asks for a code. Answer it with [Client.RespondMFA].
//
// Cognito sends an SMS or email code once. A user who has not received it, or wants to use another
// method after all, has to sign in again: that makes a new session and a new code, and each session
// takes its own code only.
//
// If you carry the parts of a challenge in a format of your own, build it from Username and
// Session, and from Method unless that is TOTP.
type MFAChallenge struct {
	// Username is the name that Cognito knows the user by (USER_ID_FOR_SRP), whatever was typed.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Method says where the code comes from. The empty Method stands for MethodTOTP.
	Method Method
	// Destination says, masked by Cognito, where an SMS or email code was sent, such as
	// "+*******1234". It is empty for TOTP.
	Destination string
	// DeviceName is the name that Verify gave the authenticator. It is empty if there is none, and
	// for other methods.
	DeviceName string
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool
}

// SetupChallenge says that the pool requires MFA and that the user has none yet. Answer it with
// [Client.EnrollSetup] and [Client.VerifySetup] or, for MethodEmail, with [Client.SetupEmail].
type SetupChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in. EnrollSetup uses it up, and returns the next one in
	// Enrollment.Setup.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Methods are those that can be set up: MethodTOTP with EnrollSetup, MethodEmail with
	// SetupEmail.
	Methods []Method
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool
}

// SelectChallenge asks which of several methods to use. Answer it with [Client.SelectMFA].
type SelectChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Methods are those to choose from. In a challenge built by hand it may be empty: then any can
	// be chosen.
	Methods []Method
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool

	// offered are Cognito's own words for Methods, where these are not the methods' names.
	offered []string
}

// NewPasswordChallenge says that the user must replace a password that an administrator gave them.
// Answer it with [Client.SetNewPassword].
type NewPasswordChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Required names the attributes that must come with the new password, such as "email".
	Required []string
	// Attributes are the user's attributes as they are now. They are personal data: Token leaves
	// them out, and so the challenge that ParseChallenge returns has none.
	Attributes map[string]string
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool
}

// OtherChallenge is any other challenge, as Cognito sent it: a custom one of the pool's own Lambda
// triggers, or one that is newer than this package. Answer it with [Client.Respond].
type OtherChallenge struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Session ties the answer to the sign-in. It is empty where the challenge's parameters stand in
	// for it, as in PASSWORD_VERIFIER.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Name is the challenge's name, such as "CUSTOM_CHALLENGE".
	Name string
	// Parameters are the challenge's parameters.
	Parameters map[string]string
	// Choices are the first factors to choose from in SELECT_CHALLENGE, such as "EMAIL_OTP";
	// Cognito lists them beside the parameters (AvailableChallenges).
	Choices []string
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool
}

// PasswordChallenge asks for the user's password. It comes from StepUp, where the password was
// entered too long ago, and from sign-ins that were begun on the raw SDK; SignIn answers it by
// itself. Answer it with [Client.RespondPassword].
type PasswordChallenge struct {
	// Username is the name that Cognito knows the user by, or the one that was sent.
	Username string
	// Session ties the answer to the sign-in.
	Session Secret
	// Issued is when the challenge arrived, by the client's clock, in UTC and whole milliseconds.
	Issued time.Time
	// Choices are the first factors that Cognito offers, the password among them. They are empty if
	// Cognito asks for the password at once. To choose another, call [Client.Respond] with an
	// OtherChallenge that has this Username and Session and the Name "SELECT_CHALLENGE"; the choice
	// is the answer ANSWER.
	Choices []string
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: delete it.
	DeviceUnknown bool
}

var _ = []Challenge{
	(*MFAChallenge)(nil), (*SetupChallenge)(nil), (*SelectChallenge)(nil),
	(*NewPasswordChallenge)(nil), (*PasswordChallenge)(nil), (*OtherChallenge)(nil),
}

func (*MFAChallenge) outcome()         {}
func (*SetupChallenge) outcome()       {}
func (*SelectChallenge) outcome()      {}
func (*NewPasswordChallenge) outcome() {}
func (*PasswordChallenge) outcome()    {}
func (*OtherChallenge) outcome()       {}

// NewChallenge returns the challenge in a response to the raw SDK, for a sign-in that SignIn does
// not begin, such as CUSTOM_AUTH or one right after a sign-up. Finish it with this package. name,
// session and parameters are the response's ChallengeName, Session ("" if there is none) and
// ChallengeParameters. username is the name that was sent; if the parameters name the user, theirs
// counts. Call it only if there is a ChallengeName: a response with tokens has none. Of
// SELECT_CHALLENGE it makes an OtherChallenge without Choices, which are not among the parameters.
func NewChallenge(name, session, username string, parameters map[string]string) Challenge {
	r := &reply{
		name:       types.ChallengeNameType(name),
		session:    NewSecret(session),
		parameters: parameters,
	}
	return newChallenge(r, username, time.Now(), false)
}

// nameIn is the name that Cognito knows the user by, if a challenge's parameters say; else the name
// that was used so far.
func nameIn(params map[string]string, username string) string {
	return cmp.Or(params["USER_ID_FOR_SRP"], params["USERNAME"], username)
}

// newChallenge builds the challenge that Cognito responded with.
func newChallenge(r *reply, username string, issued time.Time, deviceUnknown bool) Challenge {
	name, params := r.name, r.parameters
	w := describe(tokenOther, nameIn(params, username), issued, deviceUnknown)
	for _, choice := range r.choices {
		w.Choices = append(w.Choices, string(choice))
	}
	if r.asksPassword() {
		name = types.ChallengeNameTypePassword
	}
	switch name {
	case types.ChallengeNameTypeSoftwareTokenMfa, types.ChallengeNameTypeSmsMfa,
		types.ChallengeNameTypeEmailOtp:
		w.Kind, w.Method = tokenMFA, Method(name)
		w.Destination = params["CODE_DELIVERY_DESTINATION"]
		w.DeviceName = params["FRIENDLY_DEVICE_NAME"]
	case types.ChallengeNameTypeMfaSetup:
		w.Kind, w.Offered = tokenSetup, jsonList(params["MFAS_CAN_SETUP"])
	case types.ChallengeNameTypeSelectMfaType:
		w.Kind = tokenSelect
		if w.Offered = jsonList(params["MFAS_CAN_CHOOSE"]); w.Offered == nil {
			w.Offered = jsonList(params["MFAS_CAN_SELECT"])
		}
	case types.ChallengeNameTypeNewPasswordRequired:
		w.Kind = tokenNewPassword
		for _, name := range jsonList(params["requiredAttributes"]) {
			w.Required = append(w.Required, strings.TrimPrefix(name, attributePrefix))
		}
	case types.ChallengeNameTypePassword:
		w.Kind = tokenPassword
		if r.name == name {
			w.Choices = nil // No longer a choice.
		}
	default:
		w.Name, w.Parameters = string(name), params
	}
	ch := w.challenge(r.session)
	if ch, ok := ch.(*NewPasswordChallenge); ok {
		// Cognito's word for "none" is not always an object.
		if json.Unmarshal([]byte(params["userAttributes"]), &ch.Attributes) != nil {
			ch.Attributes = nil
		}
	}
	return ch
}

// attributePrefix stands before the names of attributes in NEW_PASSWORD_REQUIRED.
const attributePrefix = "userAttributes."

// jsonList reads one of the lists that challenge parameters hold as JSON inside a string; nil if
// there is none.
func jsonList(s string) []string {
	var list []string
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

// methodOf is the method that one of Cognito's words stands for. A word that is newer than this
// package stands for itself.
func methodOf(word string) Method {
	if word == "EMAIL_MFA" {
		return MethodEmail
	}
	return Method(word)
}

// known reports whether m is one of the methods that this package knows.
func (m Method) known() bool { return m == MethodTOTP || m == MethodSMS || m == MethodEmail }

// methods are the methods that Cognito's words stand for.
func methods(words []string) []Method {
	if len(words) == 0 {
		return nil
	}
	list := make([]Method, len(words))
	for i, w := range words {
		list[i] = methodOf(w)
	}
	return list
}

// wireChallenge is what a token holds besides the session: what the answer or its page needs.
type wireChallenge struct {
	Kind        tokenKind         `json:"k"`
	Username    string            `json:"u"`
	Issued      int64             `json:"i,omitempty"` // milliseconds since 1970
	Method      Method            `json:"m,omitempty"`
	Destination string            `json:"d,omitempty"`
	DeviceName  string            `json:"n,omitempty"`
	Offered     []string          `json:"o,omitempty"` // methods, in Cognito's own words
	Choices     []string          `json:"c,omitempty"` // first factors
	Required    []string          `json:"r,omitempty"`
	Name        string            `json:"x,omitempty"`
	Parameters  map[string]string `json:"p,omitempty"`
	NoDevice    bool              `json:"f,omitempty"` // DeviceUnknown
}

// tokenKind says what a token holds, in one letter: where tokens are kept, there is little room.
type tokenKind string

const (
	tokenTOTP        tokenKind = "t" // an MFAChallenge for MethodTOTP
	tokenMFA         tokenKind = "m"
	tokenSetup       tokenKind = "s"
	tokenSelect      tokenKind = "c"
	tokenNewPassword tokenKind = "n"
	tokenPassword    tokenKind = "p"
	tokenOther       tokenKind = "o"
	tokenDevice      tokenKind = "d"
)

// challenge returns the challenge that w describes; nil if it is of no known kind.
func (w *wireChallenge) challenge(session Secret) Challenge {
	var issued time.Time
	if w.Issued != 0 {
		issued = time.UnixMilli(w.Issued).UTC()
	}
	switch w.Kind {
	case tokenTOTP, tokenMFA:
		if w.Kind == tokenTOTP {
			w.Method = MethodTOTP
		}
		return &MFAChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Method: w.Method, Destination: w.Destination, DeviceName: w.DeviceName,
			DeviceUnknown: w.NoDevice,
		}
	case tokenSetup:
		return &SetupChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Methods: methods(w.Offered), DeviceUnknown: w.NoDevice,
		}
	case tokenSelect:
		return &SelectChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Methods: methods(w.Offered), offered: otherWords(w.Offered), DeviceUnknown: w.NoDevice,
		}
	case tokenNewPassword:
		return &NewPasswordChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Required: w.Required, DeviceUnknown: w.NoDevice,
		}
	case tokenPassword:
		return &PasswordChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Choices: w.Choices, DeviceUnknown: w.NoDevice,
		}
	case tokenOther:
		return &OtherChallenge{
			Username: w.Username, Session: session, Issued: issued,
			Name: w.Name, Parameters: w.Parameters, Choices: w.Choices, DeviceUnknown: w.NoDevice,
		}
	}
	return nil
}

// describe begins the description of a challenge.
func describe(
	kind tokenKind, username string, issued time.Time, deviceUnknown bool,
) wireChallenge {
	w := wireChallenge{Kind: kind, Username: username, NoDevice: deviceUnknown}
	if !issued.IsZero() {
		w.Issued = issued.UnixMilli()
	}
	return w
}

// Token implements [Challenge].
func (ch *MFAChallenge) Token() string {
	w := describe(tokenMFA, ch.Username, ch.Issued, ch.DeviceUnknown)
	w.Method, w.Destination, w.DeviceName = ch.Method, ch.Destination, ch.DeviceName
	if w.Method == MethodTOTP {
		w.Kind, w.Method = tokenTOTP, ""
	}
	return w.token(ch.Session)
}

// Token implements [Challenge].
func (ch *SetupChallenge) Token() string {
	w := describe(tokenSetup, ch.Username, ch.Issued, ch.DeviceUnknown)
	w.Offered = words(ch.Methods)
	return w.token(ch.Session)
}

// Token implements [Challenge].
func (ch *SelectChallenge) Token() string {
	w := describe(tokenSelect, ch.Username, ch.Issued, ch.DeviceUnknown)
	if w.Offered = ch.offered; w.Offered == nil {
		w.Offered = words(ch.Methods)
	}
	return w.token(ch.Session)
}

// Token implements [Challenge].
func (ch *NewPasswordChallenge) Token() string {
	w := describe(tokenNewPassword, ch.Username, ch.Issued, ch.DeviceUnknown)
	w.Required = ch.Required
	return w.token(ch.Session)
}

// Token implements [Challenge].
func (ch *OtherChallenge) Token() string {
	w := describe(tokenOther, ch.Username, ch.Issued, ch.DeviceUnknown)
	w.Name, w.Parameters, w.Choices = ch.Name, ch.Parameters, ch.Choices
	return w.token(ch.Session)
}

// Token implements [Challenge].
func (ch *PasswordChallenge) Token() string {
	w := describe(tokenPassword, ch.Username, ch.Issued, ch.DeviceUnknown)
	w.Choices = ch.Choices
	return w.token(ch.Session)
}

// otherWords returns the words if one of them is not the method's own name; else nil.
func otherWords(words []string) []string {
	if slices.ContainsFunc(words, func(w string) bool { return string(methodOf(w)) != w }) {
		return words
	}
	return nil
}

// words are the methods by name.
func words(methods []Method) []string {
	if len(methods) == 0 {
		return nil
	}
	list := make([]string, len(methods))
	for i, m := range methods {
		list[i] = string(m)
	}
	return list
}

// token joins the description and the session, with a dot where the session stands as it is and a
// tilde where it is encoded. Cognito's sessions are base64url already, so the token is hardly
// longer than its session.
func (w *wireChallenge) token(session Secret) string {
	description, err := json.Marshal(w)
	if err != nil {
		panic(err) // Strings, numbers, and lists and maps of strings always encode.
	}
	head, text := base64.RawURLEncoding.EncodeToString(description), session.Reveal()
	if strings.ContainsFunc(text, notURLSafe) {
		return head + "~" + base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	return head + "." + text
}

func notURLSafe(r rune) bool {
	return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) &&
		r != '-' && r != '_'
}

// ParseChallenge returns the challenge that a Token method made into a string, in this process or
// in another. For anything else the error is of the kind [ErrSessionExpired], because all that the
// user can do is sign in again. The token is not authenticated: Cognito checks the session, and
// that it is this user's, when the challenge is answered. Tokens may have any length: limit the
// size of requests elsewhere.
func ParseChallenge(token string) (Challenge, error) {
	cl := newCall("parse challenge", bySession)
	w, session, err := parseToken(token)
	if err != nil {
		return nil, cl.refuse(ErrSessionExpired, err.Error())
	}
	if ch := w.challenge(session); ch != nil {
		return ch, nil
	}
	return nil, cl.refuse(ErrSessionExpired, "the token is of no known kind")
}

// parseToken takes a token apart. Its errors do not quote it.
func parseToken(token string) (wireChallenge, Secret, error) {
	var w wireChallenge
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
