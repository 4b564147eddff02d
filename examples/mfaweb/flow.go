package mfaweb

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/token"
)

// signedIn is the result of a sign-in step: tokens or a challenge, under Cognito's names.
type signedIn struct {
	Status               string            `json:",omitempty"`
	AuthenticationResult *tokens           `json:",omitempty"`
	ChallengeName        string            `json:",omitempty"`
	Session              string            `json:",omitempty"`
	ChallengeParameters  map[string]string `json:",omitempty"`
	Warning              *message          `json:"warning,omitempty"`
}

type tokens struct {
	AccessToken  string
	IDToken      string `json:"IdToken"`
	RefreshToken string
	TokenType    string
	ExpiresIn    int // in seconds
}

// success is the response of a call without a result.
var success = signedIn{Status: "SUCCESS"}

// step makes one call of a sign-in, within the limits.
func (a *API) step(call func() (cognitomfa.Outcome, error), claims ...claim) (*signedIn, error) {
	var outcome cognitomfa.Outcome
	err := a.attempt(func() (err error) {
		outcome, err = call()
		return err
	}, claims...)
	if outcome == nil {
		return nil, err
	}
	return answer(outcome), err
}

func (a *API) signIn(r *http.Request, f fields) (any, error) {
	if err := f.require("userId", "userPassword"); err != nil {
		return nil, err
	}
	return a.step(func() (cognitomfa.Outcome, error) {
		return a.client.SignIn(r.Context(), f["userId"], f["userPassword"])
	}, a.bySignIn(r, f["userId"])...)
}

// qrCode is a key for an authenticator. During sign-in the next request must bring the new Session.
type qrCode struct {
	QRCode  string `json:"qrcode"` // an SVG picture in base64
	Secret  string `json:"secret"`
	URI     string `json:"uri"`
	Session string `json:",omitempty"`
}

func (a *API) mfa(r *http.Request, f fields) (any, error) {
	f["accessToken"] = cmp.Or(f["AccessToken"], f["accessToken"])
	setup, err := f.setup("accessToken")
	if err != nil {
		return nil, err
	}
	var e *cognitomfa.Enrollment
	err = a.attempt(func() (err error) {
		if setup != nil {
			e, err = a.client.EnrollSetup(r.Context(), setup)
			return err
		}
		if err := a.requireFresh(r.Context(), f["accessToken"]); err != nil {
			return err
		}
		e, err = a.client.Enroll(r.Context(), f["accessToken"])
		return err
	}, a.byEnrollment(r))
	if err != nil {
		return nil, err
	}
	svg, err := e.SVG()
	if err != nil {
		return nil, err
	}
	q := qrCode{
		QRCode: base64.StdEncoding.EncodeToString(svg),
		Secret: e.Key.Secret.Reveal(),
		URI:    e.URI(),
	}
	if e.Setup != nil {
		q.Session = e.Setup.Session.Reveal()
	}
	return q, nil
}

func (a *API) verify(r *http.Request, f fields) (any, error) {
	if err := f.require("mfaCode"); err != nil {
		return nil, err
	}
	setup, err := f.setup("accessToken")
	if err != nil {
		return nil, err
	}
	if setup == nil {
		err := a.attempt(func() error {
			return a.client.Verify(r.Context(), f["accessToken"], f["mfaCode"],
				func(o *cognitomfa.VerifyOptions) { o.DeviceName = f["deviceName"] })
		}, a.byFirstCode(r, f["accessToken"], cognitomfa.StepBackOff)...)
		if err != nil {
			return nil, err
		}
		return success, nil
	}
	s, err := a.step(func() (cognitomfa.Outcome, error) {
		return a.client.VerifySetup(r.Context(), setup, f["mfaCode"],
			func(o *cognitomfa.SetupOptions) { o.DeviceName = f["deviceName"] })
	}, a.byFirstCode(r, f["authParamSession"], cognitomfa.StepStartOver)...)
	if s == nil {
		return nil, err
	}
	s.Status = "SUCCESS"
	if err != nil {
		// The user is signed in and must get the tokens even though MFA is not on yet.
		s.Warning = newMessage(err, Language(r))
	}
	return s, nil
}

func (a *API) mfaSignIn(r *http.Request, f fields) (any, error) {
	if err := f.require("mfaCode", "authParamSession", "authParamUserId"); err != nil {
		return nil, err
	}
	method := cognitomfa.Method(f["ChallengeName"])
	if method != "" && !slices.Contains(methodsOfMFA, method) {
		return nil, errChallengeName
	}
	return a.step(func() (cognitomfa.Outcome, error) {
		return a.client.RespondMFA(r.Context(), &cognitomfa.MFAChallenge{
			Username: f["authParamUserId"],
			Session:  cognitomfa.NewSecret(f["authParamSession"]),
			Method:   method,
		}, f["mfaCode"])
	}, a.byCode(r, f["authParamUserId"], f["authParamSession"])...)
}

// methodsOfMFA are the methods that provide a code.
var methodsOfMFA = []cognitomfa.Method{
	cognitomfa.MethodTOTP, cognitomfa.MethodSMS, cognitomfa.MethodEmail,
}

func (a *API) newPassword(r *http.Request, f fields) (any, error) {
	if err := f.require("newPassword", "authParamSession", "authParamUserId"); err != nil {
		return nil, err
	}
	attributes := make(map[string]string)
	for name, value := range f {
		if attribute, ok := strings.CutPrefix(name, attributePrefix); ok && value != "" {
			attributes[attribute] = value
		}
	}
	return a.step(func() (cognitomfa.Outcome, error) {
		return a.client.SetNewPassword(r.Context(), &cognitomfa.NewPasswordChallenge{
			Username: f["authParamUserId"],
			Session:  cognitomfa.NewSecret(f["authParamSession"]),
		}, f["newPassword"], attributes)
	})
}

func (a *API) selectMFA(r *http.Request, f fields) (any, error) {
	if err := f.require("mfaType", "authParamSession", "authParamUserId"); err != nil {
		return nil, err
	}
	method := cognitomfa.Method(f["mfaType"])
	if !slices.Contains(methodsOfMFA, method) {
		return nil, errMFAType
	}
	return a.step(func() (cognitomfa.Outcome, error) {
		return a.client.SelectMFA(r.Context(), &cognitomfa.SelectChallenge{
			Username: f["authParamUserId"],
			Session:  cognitomfa.NewSecret(f["authParamSession"]),
		}, method)
	})
}

func (a *API) enable(r *http.Request, f fields) (any, error) {
	if err := f.require("accessToken"); err != nil {
		return nil, err
	}
	if err := a.client.Enable(r.Context(), f["accessToken"]); err != nil {
		return nil, err
	}
	return success, nil
}

func (a *API) disable(r *http.Request, f fields) (any, error) {
	if err := f.require("accessToken"); err != nil {
		return nil, err
	}
	if err := a.requireFresh(r.Context(), f["accessToken"]); err != nil {
		return nil, err
	}
	if err := a.client.Disable(r.Context(), f["accessToken"]); err != nil {
		return nil, err
	}
	return success, nil
}

func (a *API) signOut(r *http.Request, f fields) (any, error) {
	if err := f.require("refreshToken"); err != nil {
		return nil, err
	}
	if err := a.client.Revoke(r.Context(), f["refreshToken"]); err != nil {
		return nil, err
	}
	return success, nil
}

// identity describes who is signed in. All but MFA comes from verified claims of the access token.
type identity struct {
	Username  string
	Subject   string
	Groups    []string `json:",omitempty"`
	AuthTime  time.Time
	ExpiresAt time.Time
	MFA       bool // whether TOTP is on for the user
}

// whoAmI handles requests whose access token the middleware has verified. It also asks Cognito,
// because a valid signature does not show whether a token was revoked.
func (a *API) whoAmI(w http.ResponseWriter, r *http.Request) {
	claims, _ := token.FromContext(r.Context())
	_, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	status, err := a.client.Status(r.Context(), strings.TrimSpace(raw))
	if err != nil {
		fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, identity{
		Username:  claims.Username,
		Subject:   claims.Subject,
		Groups:    claims.Groups,
		AuthTime:  claims.AuthTime,
		ExpiresAt: claims.ExpiresAt,
		MFA:       status.TOTP(),
	})
}

// setup returns the challenge of a set-up during sign-in, or nil if there is an access token
// instead. One of the two is required.
func (f fields) setup(accessToken string) (*cognitomfa.SetupChallenge, error) {
	signingIn := f["authParamSession"] != "" || f["authParamUserId"] != ""
	if signingIn == (f[accessToken] != "") {
		return nil, errWhoAsks
	}
	if !signingIn {
		return nil, nil //nolint:nilnil // no challenge, and nothing wrong with that
	}
	if err := f.require("authParamSession", "authParamUserId"); err != nil {
		return nil, err
	}
	return &cognitomfa.SetupChallenge{
		Username: f["authParamUserId"],
		Session:  cognitomfa.NewSecret(f["authParamSession"]),
	}, nil
}

// answer converts an outcome to Cognito's names, for front ends written for Cognito's responses.
func answer(outcome cognitomfa.Outcome) *signedIn {
	switch o := outcome.(type) {
	case *cognitomfa.Tokens:
		return &signedIn{AuthenticationResult: &tokens{
			AccessToken:  o.Access.Reveal(),
			IDToken:      o.ID.Reveal(),
			RefreshToken: o.Refresh.Reveal(),
			TokenType:    o.TokenType,
			ExpiresIn:    int(o.ExpiresIn / time.Second),
		}}
	case *cognitomfa.MFAChallenge:
		return challenge(string(o.Method), o.Session, o.Username, map[string]string{
			"CODE_DELIVERY_DESTINATION": o.Destination,
			"FRIENDLY_DEVICE_NAME":      o.DeviceName,
		})
	case *cognitomfa.SetupChallenge:
		return challenge("MFA_SETUP", o.Session, o.Username,
			map[string]string{"MFAS_CAN_SETUP": list(o.Methods)})
	case *cognitomfa.SelectChallenge:
		return challenge("SELECT_MFA_TYPE", o.Session, o.Username,
			map[string]string{"MFAS_CAN_CHOOSE": list(o.Methods)})
	case *cognitomfa.NewPasswordChallenge:
		required := make([]string, len(o.Required))
		for i, name := range o.Required {
			required[i] = attributePrefix + name
		}
		return challenge("NEW_PASSWORD_REQUIRED", o.Session, o.Username,
			map[string]string{"requiredAttributes": list(required)})
	case *cognitomfa.PasswordChallenge:
		return challenge("PASSWORD", o.Session, o.Username, nil)
	case *cognitomfa.OtherChallenge:
		return challenge(o.Name, o.Session, o.Username, o.Parameters)
	}
	panic("an outcome that package cognitomfa does not have")
}

// challenge converts a challenge. It omits empty parameters.
func challenge(
	name string, session cognitomfa.Secret, username string, parameters map[string]string,
) *signedIn {
	s := &signedIn{
		ChallengeName:       name,
		Session:             session.Reveal(),
		ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": username},
	}
	for name, value := range parameters {
		if value != "" {
			s.ChallengeParameters[name] = value
		}
	}
	return s
}

// list encodes a challenge parameter as Cognito does, as JSON in a string. An empty list is "".
func list[T ~string](items []T) string {
	if len(items) == 0 {
		return ""
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic(err) // Strings always encode.
	}
	return string(text)
}
