package cognitomfa

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/otpauth"
	"github.com/cognitomfa/cognitomfa/qr"
)

// EnrollOptions are the options of [Client.Enroll] and [Client.EnrollSetup].
type EnrollOptions struct {
	// Account is the name that the authenticator app shows under the issuer, such as the user's
	// email address. The default is the user name: the access token's in Enroll, the challenge's
	// in EnrollSetup. In a pool where users sign in by email address that is a UUID, which means
	// nothing to a person. It is [ErrConfig] if it contains a colon, or what otpauth.Key does not
	// allow; a colon in the default becomes "_".
	Account string
}

// VerifyOptions are the options of [Client.Verify].
type VerifyOptions struct {
	// DeviceName is a name for the authenticator, which Cognito repeats in later challenges. The
	// default is none.
	DeviceName string
	// NotPreferred turns TOTP on without making it the preferred method: users of another method
	// keep it, and those who prefer none are asked at sign-in. The default makes it the preferred
	// one.
	NotPreferred bool
}

// SetupOptions are the options of [Client.VerifySetup].
type SetupOptions struct {
	// CallOptions are those of the answer to the challenge.
	CallOptions
	// DeviceName is as in VerifyOptions.
	DeviceName string
	// NotPreferred is as in VerifyOptions.
	NotPreferred bool
}

// Enrollment is a key for an authenticator app, as a QR code, as a link, and as text to type. Each
// of them is a secret: show it to this user alone, over TLS. To show the same key again after a
// reload or a wrong code, keep its URI in the user's session on the server until Verify has
// succeeded, and no longer; [ParseEnrollment] reads it. An Enrollment is safe for concurrent use.
type Enrollment struct {
	// Key is the key with its issuer and account.
	Key otpauth.Key
	// Setup is the challenge to give to VerifySetup; nil unless the Enrollment comes from
	// EnrollSetup.
	Setup *SetupChallenge

	once   sync.Once
	code   *qr.Code
	failed error
}

// ParseEnrollment returns the Enrollment whose URI was kept, to show its QR code again. In a
// set-up, keep the token of its Setup as well: that is the challenge for VerifySetup. For anything
// else the error is of the kind [ErrNotEnrolled], and repeats nothing of the URI.
func ParseEnrollment(uri string) (*Enrollment, error) {
	key, err := otpauth.Parse(uri)
	if err != nil {
		hint := strings.TrimPrefix(err.Error(), "otpauth: ")
		return nil, newCall("parse enrollment", byAny).refuse(ErrNotEnrolled, hint)
	}
	return &Enrollment{Key: key}, nil
}

// qrCode encodes the QR code the first time that it is asked for.
func (e *Enrollment) qrCode() (*qr.Code, error) {
	e.once.Do(func() { e.code, e.failed = qr.Encode(e.Key.URI()) })
	return e.code, e.failed
}

// SVG returns the QR code as an SVG picture, which scales to any size, with its white background
// and quiet zone. It fails only for a Key that was put together by hand and is not valid.
func (e *Enrollment) SVG() ([]byte, error) {
	code, err := e.qrCode()
	if err != nil {
		return nil, err
	}
	return code.SVG(), nil
}

// PNG returns the QR code as a PNG picture, size pixels wide and high. Each module of the code is
// as many whole pixels wide as fit. It fails if not even one pixel fits, if size is over 4,096, and
// where SVG fails.
func (e *Enrollment) PNG(size int) ([]byte, error) {
	code, err := e.qrCode()
	if err != nil {
		return nil, err
	}
	return code.PNG(size)
}

// Terminal returns the QR code in block characters and escape sequences, for programs without a
// window. It fails as SVG does.
func (e *Enrollment) Terminal() (string, error) {
	code, err := e.qrCode()
	if err != nil {
		return "", err
	}
	return code.Terminal(), nil
}

// URI returns the key as an otpauth URI. As a link on a phone it opens an authenticator app: on
// Android one that is installed, on iOS the Passwords settings whatever else is installed, or
// nothing. Show the key for typing beside it.
func (e *Enrollment) URI() string { return e.Key.URI() }

// Grouped returns the bare key in groups of four characters, for people who cannot scan and have to
// type it. A button that copies the key should copy Key.Secret.Reveal(): some apps do not accept
// the spaces.
func (e *Enrollment) Grouped() string { return e.Key.Grouped() }

// Enroll begins the enrollment of a signed-in user: Cognito makes a key for the authenticator app.
// Nothing changes for the user until Verify has succeeded; an older authenticator works until then.
// Enroll may be called again at any time, and only the newest key counts: a page that calls it on
// each load invalidates the key that was scanned before. Keep the URI instead, and show it again
// with [ParseEnrollment].
//
// Cognito accepts any access token, even one from before MFA was turned on. So if [Client.Status]
// shows that an authenticator is on already, ask for a fresh sign-in (auth_time minutes old) before
// you let the user replace it, and tell them by email that it was replaced. Cognito never asks
// federated users, who sign in through another provider, for a code, though they can enroll:
// require MFA of the provider instead. The identities claim of the ID token tells them apart.
//
// It makes one call, AssociateSoftwareToken, which the access token authorizes. Cognito limits this
// and the other calls of an enrollment to 25 per second for all pools of an account in a Region.
func (c *Client) Enroll(
	ctx context.Context, accessToken string, optFns ...func(*EnrollOptions),
) (*Enrollment, error) {
	cl := newCall("enroll", byToken)
	opts := resolve(optFns)
	if err := c.checkAccount(cl, opts); err != nil {
		return nil, err
	}
	if accessToken == "" {
		return nil, cl.refuse(ErrAccessToken, "")
	}
	in := &cip.AssociateSoftwareTokenInput{AccessToken: &accessToken}
	out, err := c.api.AssociateSoftwareToken(ctx, in, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	if opts.Account == "" {
		// Cognito has accepted the token by now, so its claims can be trusted.
		opts.Account = usernameClaim(accessToken)
	}
	return c.enrollment(cl, opts.Account, out.SecretCode)
}

// EnrollSetup is Enroll for users who must set MFA up before the pool lets them in. Store the token
// of the Enrollment's Setup before you show the page: it is the challenge for VerifySetup, while ch
// itself is used up. After a reload, give Setup to EnrollSetup again for a new key, or show the
// same key with [ParseEnrollment].
//
// It makes one call, AssociateSoftwareToken, which the session authorizes.
func (c *Client) EnrollSetup(
	ctx context.Context, ch *SetupChallenge, optFns ...func(*EnrollOptions),
) (*Enrollment, error) {
	cl := answering("enroll setup")
	if ch == nil {
		return nil, cl.noSession()
	}
	opts := resolve(optFns)
	if err := c.checkAccount(cl, opts); err != nil {
		return nil, err
	}
	if ch.Session.Reveal() == "" {
		return nil, cl.noSession()
	}
	if err := cl.ready(ctx, ch.Username); err != nil {
		return nil, err
	}
	out, err := c.api.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{
		Session: aws.String(ch.Session.Reveal()),
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	if opts.Account == "" {
		opts.Account = ch.Username
	}
	if aws.ToString(out.Session) == "" {
		return nil, cl.unusable("the response has no session")
	}
	e, err := c.enrollment(cl, opts.Account, out.SecretCode)
	if err != nil {
		return nil, err
	}
	next := *ch
	next.Session = otpauth.SecretFrom(out.Session)
	e.Setup = &next
	return e, nil
}

// checkAccount looks at the account name that the caller gave, before any call is made.
func (c *Client) checkAccount(cl *call, opts EnrollOptions) error {
	if opts.Account == "" {
		return nil
	}
	key := c.probe
	key.Account = opts.Account
	if err := key.Validate(); err != nil {
		hint := "EnrollOptions.Account: " + strings.TrimPrefix(err.Error(), "otpauth: ")
		return cl.refuse(ErrConfig, hint)
	}
	return nil
}

// enrollment returns the Enrollment for the key that Cognito has made.
func (c *Client) enrollment(cl *call, account string, secret *string) (*Enrollment, error) {
	if account == "" {
		hint := "there is no user name to label the key with: set EnrollOptions.Account"
		return nil, cl.refuse(ErrConfig, hint)
	}
	account = strings.ReplaceAll(account, ":", "_")
	key, err := otpauth.NewKey(c.probe.Issuer, account, aws.ToString(secret))
	if err != nil {
		return nil, startOver(cl.unusable("the response has no usable key"))
	}
	return &Enrollment{Key: key}, nil
}

// usernameClaim reads the user name out of an access token, without verifying it; "" if there is
// none.
func usernameClaim(accessToken string) string {
	_, rest, _ := strings.Cut(accessToken, ".")
	claimset, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(claimset)
	if err != nil {
		return ""
	}
	var claims struct {
		Username string `json:"username"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Username
}

// Verify completes the enrollment that Enroll began: it checks the first code and turns MFA on, so
// the next sign-in asks for a code. It reads the code as RespondMFA does. After [ErrCodeMismatch]
// and [ErrCodeUsed] it can be called again with another one. A code is single use: a sign-in in the
// same 30 seconds needs the next one. After [ErrUnavailable] the code may have been accepted: if a
// repetition with the same code is ErrCodeUsed, it was, and Enable finishes the job.
//
// Turning MFA on ends no session. Sessions that were opened with the password alone live on, for as
// long as they are refreshed: call SignOut after Verify and let the user sign in again, or have
// your service compare auth_time. Limit the attempts of each user, for instance to 5 an enrollment
// and 10 an hour: whether Cognito locks users out after wrong codes is not certain.
//
// It makes two calls, VerifySoftwareToken and SetUserMFAPreference, which the access token
// authorizes. If the first succeeds and the second fails, the error is [ErrNotEnabled]: the
// authenticator is registered, and Enable finishes the job without another code.
func (c *Client) Verify(
	ctx context.Context, accessToken, code string, optFns ...func(*VerifyOptions),
) error {
	cl := newCall("verify", byToken)
	cl.cutOff = true
	if accessToken == "" {
		return cl.refuse(ErrAccessToken, "")
	}
	code, ok := normalizeCode(code, MethodTOTP)
	if !ok {
		return cl.refuse(ErrCodeMismatch, "")
	}
	opts := resolve(optFns)
	out, err := c.api.VerifySoftwareToken(ctx, &cip.VerifySoftwareTokenInput{
		AccessToken:        &accessToken,
		UserCode:           &code,
		FriendlyDeviceName: optional(opts.DeviceName),
	}, cl.follow)
	if err != nil {
		err = cl.fail(ctx, err)
		if !cl.lost || !errors.Is(err, ErrCodeUsed) {
			return err
		}
		// A key takes each code only once. If this one is used, an earlier try has succeeded, and
		// its response was lost.
	} else if err := cl.accepted(out.Status); err != nil {
		return err
	}
	return c.turnOn(ctx, cl, accessToken, opts.NotPreferred)
}

// turnOn turns TOTP on after its first code was accepted.
func (c *Client) turnOn(
	ctx context.Context, cl *call, accessToken string, notPreferred bool,
) error {
	err := c.setTOTP(ctx, newCall("enable", byToken), accessToken, on(notPreferred))
	if err != nil {
		return &Error{Op: cl.op, Kind: ErrNotEnabled, Err: err}
	}
	return nil
}

// accepted says whether VerifySoftwareToken took the code.
func (cl *call) accepted(status types.VerifySoftwareTokenResponseType) error {
	switch status {
	case types.VerifySoftwareTokenResponseTypeSuccess:
		return nil
	case types.VerifySoftwareTokenResponseTypeError:
		return cl.refuse(ErrCodeMismatch, "not accepted; check the clock of the phone")
	}
	return cl.unusable("the response does not say whether the code was accepted")
}

// VerifySetup is Verify for users who must set MFA up before the pool lets them in: ch is the Setup
// of the Enrollment that EnrollSetup returned. It checks the first code, finishes the sign-in and
// turns MFA on. The outcome is [*Tokens], unless the pool asks for more. After [ErrCodeMismatch] it
// can be called again with the same challenge, unless NextStep says to start over. After most other
// errors the user signs in again; if the code was accepted meanwhile, the sign-in asks for the
// authenticator's next one.
//
// If only the last call fails, both the outcome and the error are set: the user is signed in, the
// error is [ErrNotEnabled], and Enable with the new access token finishes the job.
//
// It makes three calls: VerifySoftwareToken, which the session authorizes, the answer to the
// challenge, as RespondMFA does, and SetUserMFAPreference, which the new access token authorizes.
func (c *Client) VerifySetup(
	ctx context.Context, ch *SetupChallenge, code string, optFns ...func(*SetupOptions),
) (Outcome, error) {
	cl := answering("verify setup")
	if ch == nil {
		return nil, cl.noSession()
	}
	code, ok := normalizeCode(code, MethodTOTP)
	if !ok {
		return nil, cl.refuse(ErrCodeMismatch, "")
	}
	if ch.Session.Reveal() == "" {
		return nil, cl.noSession()
	}
	if err := cl.ready(ctx, ch.Username); err != nil {
		return nil, err
	}
	opts := resolve(optFns)
	if err := c.checkOptions(cl, opts.CallOptions); err != nil {
		return nil, err
	}
	out, err := c.api.VerifySoftwareToken(ctx, &cip.VerifySoftwareTokenInput{
		Session:            aws.String(ch.Session.Reveal()),
		UserCode:           &code,
		FriendlyDeviceName: optional(opts.DeviceName),
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	if err := cl.accepted(out.Status); err != nil {
		return nil, startOver(err)
	}
	if aws.ToString(out.Session) == "" {
		return nil, cl.unusable("the response has no session")
	}
	session := otpauth.SecretFrom(out.Session)
	about := asked{
		name: types.ChallengeNameTypeMfaSetup, username: ch.Username, session: session,
		deviceUnknown: ch.DeviceUnknown,
	}
	outcome, err := c.answer(ctx, cl.step(), about, nil, opts.CallOptions)
	if err != nil {
		return nil, startOver(err)
	}
	if t, ok := outcome.(*Tokens); ok {
		return t, c.turnOn(ctx, cl, t.Access.Reveal(), opts.NotPreferred)
	}
	return outcome, nil
}

// startOver makes err one after which the caller begins again, because the session to go on with is
// lost.
func startOver(err error) error {
	var e *Error
	if errors.As(err, &e) && NextStep(err) != StepGiveUp {
		e.step = StepStartOver
	}
	return err
}

// SetupEmail answers a [*SetupChallenge] that offers MethodEmail with an email address; spaces
// around it are dropped. The outcome is an [*MFAChallenge] for the code that Cognito sends there. A
// malformed address is [ErrAttribute], and the same challenge can be answered again. It makes one
// call, as RespondMFA does.
func (c *Client) SetupEmail(
	ctx context.Context, ch *SetupChallenge, address string, optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("setup email")
	if ch == nil {
		return nil, cl.noSession()
	}
	address = strings.TrimSpace(address)
	cl.by |= byInput
	if address == "" {
		return nil, cl.refuse(ErrAttribute, "")
	}
	about := asked{
		name: types.ChallengeNameTypeMfaSetup, username: ch.Username, session: ch.Session,
		deviceUnknown: ch.DeviceUnknown,
	}
	answers := map[string]string{"EMAIL": address}
	return c.answer(ctx, cl, about, answers, resolve(optFns).CallOptions)
}
