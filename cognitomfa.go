package cognitomfa

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa/internal/srp"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// CognitoAPI is the part of *cognitoidentityprovider.Client that a [Client] calls. A test's double
// embeds the interface and overrides the methods it plays. Methods are added to it when the library
// starts to use them.
type CognitoAPI interface {
	InitiateAuth(
		context.Context, *cip.InitiateAuthInput, ...func(*cip.Options),
	) (*cip.InitiateAuthOutput, error)
	AdminInitiateAuth(
		context.Context, *cip.AdminInitiateAuthInput, ...func(*cip.Options),
	) (*cip.AdminInitiateAuthOutput, error)
	RespondToAuthChallenge(
		context.Context, *cip.RespondToAuthChallengeInput, ...func(*cip.Options),
	) (*cip.RespondToAuthChallengeOutput, error)
	AdminRespondToAuthChallenge(
		context.Context, *cip.AdminRespondToAuthChallengeInput, ...func(*cip.Options),
	) (*cip.AdminRespondToAuthChallengeOutput, error)
	AssociateSoftwareToken(
		context.Context, *cip.AssociateSoftwareTokenInput, ...func(*cip.Options),
	) (*cip.AssociateSoftwareTokenOutput, error)
	VerifySoftwareToken(
		context.Context, *cip.VerifySoftwareTokenInput, ...func(*cip.Options),
	) (*cip.VerifySoftwareTokenOutput, error)
	SetUserMFAPreference(
		context.Context, *cip.SetUserMFAPreferenceInput, ...func(*cip.Options),
	) (*cip.SetUserMFAPreferenceOutput, error)
	GetUser(
		context.Context, *cip.GetUserInput, ...func(*cip.Options),
	) (*cip.GetUserOutput, error)
	GetUserPoolMfaConfig(
		context.Context, *cip.GetUserPoolMfaConfigInput, ...func(*cip.Options),
	) (*cip.GetUserPoolMfaConfigOutput, error)
	GetTokensFromRefreshToken(
		context.Context, *cip.GetTokensFromRefreshTokenInput, ...func(*cip.Options),
	) (*cip.GetTokensFromRefreshTokenOutput, error)
	ConfirmDevice(
		context.Context, *cip.ConfirmDeviceInput, ...func(*cip.Options),
	) (*cip.ConfirmDeviceOutput, error)
	UpdateDeviceStatus(
		context.Context, *cip.UpdateDeviceStatusInput, ...func(*cip.Options),
	) (*cip.UpdateDeviceStatusOutput, error)
	ForgetDevice(
		context.Context, *cip.ForgetDeviceInput, ...func(*cip.Options),
	) (*cip.ForgetDeviceOutput, error)
	RevokeToken(
		context.Context, *cip.RevokeTokenInput, ...func(*cip.Options),
	) (*cip.RevokeTokenOutput, error)
	GlobalSignOut(
		context.Context, *cip.GlobalSignOutInput, ...func(*cip.Options),
	) (*cip.GlobalSignOutOutput, error)
	AdminDeleteSoftwareToken(
		context.Context, *cip.AdminDeleteSoftwareTokenInput, ...func(*cip.Options),
	) (*cip.AdminDeleteSoftwareTokenOutput, error)
	AdminUserGlobalSignOut(
		context.Context, *cip.AdminUserGlobalSignOutInput, ...func(*cip.Options),
	) (*cip.AdminUserGlobalSignOutOutput, error)
	AdminGetUser(
		context.Context, *cip.AdminGetUserInput, ...func(*cip.Options),
	) (*cip.AdminGetUserOutput, error)
	ListUsers(
		context.Context, *cip.ListUsersInput, ...func(*cip.Options),
	) (*cip.ListUsersOutput, error)
}

var _ CognitoAPI = (*cip.Client)(nil)

// Secret is a token, a session or the authenticator's key. fmt, slog, encoders and templates never
// print it; call Reveal to get the text. The comment of [otpauth.Secret] names the tools that print
// it all the same.
type Secret = otpauth.Secret

// NewSecret hides s, for instance a session that another wire format carried.
func NewSecret(s string) Secret { return otpauth.NewSecret(s) }

// Config says which user pool and app client a [Client] works with.
type Config struct {
	// UserPoolID is the pool's ID, such as "eu-west-1_AbCdEfGhI". It is required unless Public is
	// set, and needed by FlowSRP and by the calls of administrators, such as ResetTOTP.
	UserPoolID string
	// ClientID is the app client's ID. Required.
	ClientID string
	// ClientSecret is the app client's secret, if it has one. The client computes SECRET_HASH from
	// it, and sends it in Refresh and Revoke.
	ClientSecret string
	// Issuer is the name of the service, as the authenticator app shows it above the code.
	// Required. It has at most 128 bytes and contains no colon and no control character.
	Issuer string
	// Public signs users in with InitiateAuth and RespondToAuthChallenge, which need no IAM permissions,
	// instead of AdminInitiateAuth and AdminRespondToAuthChallenge. A server may set it, and so may
	// an app client that has a secret.
	Public bool
	// Flow is how SignIn presents the password. The app client must allow it. The default is
	// FlowPassword.
	Flow Flow
}

// redacted is what a secret prints as.
const redacted = "REDACTED"

// printable is a Config without its methods, to print it after the secret was taken out.
type printable Config

func (c Config) redact() printable {
	if c.ClientSecret != "" {
		c.ClientSecret = redacted
	}
	return printable(c)
}

// Format implements [fmt.Formatter]: it prints the configuration without the client secret. fmt
// does not call it for the verbs %p and %w, or for a Config in an unexported field, and prints the
// secret then: do not print what holds a Config.
func (c Config) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), c.redact())
}

// LogValue implements [slog.LogValuer]: it logs the configuration without the client secret.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.redact()) }

// MarshalText implements [encoding.TextMarshaler] and always fails, so that no encoder writes the
// client secret by accident.
func (Config) MarshalText() ([]byte, error) { return nil, errConfigEncoded }

// MarshalBinary implements [encoding.BinaryMarshaler] and always fails.
func (Config) MarshalBinary() ([]byte, error) { return nil, errConfigEncoded }

var errConfigEncoded = errors.New(
	"cognitomfa: a Config is not encoded; it may hold a client secret")

// check says what is wrong with the configuration.
func (c *Config) check() error {
	for _, s := range []struct {
		name, value string
		required    bool
	}{
		{"Config.ClientID", c.ClientID, true},
		{"Config.Issuer", c.Issuer, true},
		{"Config.UserPoolID", c.UserPoolID, !c.Public || c.Flow == FlowSRP},
		{"Config.ClientSecret", c.ClientSecret, false},
	} {
		switch {
		case s.required && s.value == "":
			return fmt.Errorf("%s is required", s.name)
		case strings.TrimSpace(s.value) != s.value:
			return fmt.Errorf("%s begins or ends with white space", s.name)
		}
	}
	switch {
	case !c.Flow.known():
		return errors.New("Config.Flow is none of the flows that this package knows")
	case c.Flow == FlowSRP && srp.Realm(c.UserPoolID) == "":
		return errors.New("Config.UserPoolID has no underscore with a name behind it")
	}
	return nil
}

// Options are the settings of a [Client] that hardly anybody needs.
type Options struct {
	// Now is the clock that dates challenges and what FlowSRP signs, and that Tokens.ExpiresAt is
	// counted from. The default is time.Now.
	Now func() time.Time
}

// Client guides users through TOTP MFA with one user pool and one app client. It is immutable,
// holds nothing about any user and is safe for concurrent use. It starts no goroutine and sets no
// time limit: the caller's context does.
type Client struct {
	api          CognitoAPI
	userPoolID   *string
	clientID     *string
	clientSecret Secret
	probe        otpauth.Key // a key with the issuer, in which account names are tried
	public       bool
	flow         Flow
	now          func() time.Time
}

// New returns a Client that makes its calls through api, usually a *cognitoidentityprovider.Client.
// It makes no call itself. Its error is an [*Error] of the kind [ErrConfig] that names the setting
// that is missing or malformed.
func New(api CognitoAPI, cfg Config, optFns ...func(*Options)) (*Client, error) {
	err := cfg.check()
	if api == nil {
		err = errors.New("the CognitoAPI is nil")
	}
	probe := otpauth.Key{
		Issuer: cfg.Issuer, Account: "account", Secret: NewSecret("JBSWY3DPEHPK3PXP"),
	}
	if err == nil {
		err = probe.Validate()
	}
	if err != nil {
		hint := strings.TrimPrefix(err.Error(), "otpauth: ")
		return nil, newCall("new", byAny).refuse(ErrConfig, hint)
	}
	opts := resolve(optFns)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Client{
		api:          api,
		userPoolID:   &cfg.UserPoolID,
		clientID:     &cfg.ClientID,
		clientSecret: NewSecret(cfg.ClientSecret),
		probe:        probe,
		public:       cfg.Public,
		flow:         cfg.Flow,
		now:          opts.Now,
	}, nil
}

// resolve applies option functions to a zero value of the options.
func resolve[O any](optFns []func(*O)) O {
	if len(optFns) == 0 {
		var zero O
		return zero
	}
	opts := new(O)
	for _, fn := range optFns {
		fn(opts)
	}
	return *opts
}

// optional returns a text for a request that leaves it out when it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// secretHash returns what Cognito calls SECRET_HASH, over the very user name that is sent beside
// it: the base64 of an HMAC-SHA-256 of user name and client id under the client's secret.
func (c *Client) secretHash(username string) string {
	mac := hmac.New(sha256.New, []byte(c.clientSecret.Reveal()))
	mac.Write([]byte(username + *c.clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
