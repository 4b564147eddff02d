package cognitomfa

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// Device is a browser or a phone that Cognito remembers for one user, so a sign-in on it asks for
// no code ("do not ask again on this computer"), only for the password. It is kept on that browser
// or phone: whoever has it and the password needs no second factor, so treat it as a secret.
//
// How it works: the pool tracks devices (DeviceConfiguration with ChallengeRequiredOnNewDevice),
// and Config.Flow is FlowSRP. Tokens with a DeviceKey come from a device that is new: call
// [Client.RememberDevice], and store what Token returns where only this browser gets at it, such as
// a Secure, HttpOnly cookie, beside the name of the user. At the next sign-in of that user read it
// with [ParseDevice] and set CallOptions.Device. A device that was remembered before MFA was turned
// on does not spare the first code.
//
// How long it counts is up to the application: Cognito never lets a device expire. Note on the
// server, or in a sealed cookie, when it was remembered; after 30 days, say, do not pass it on to
// SignIn, and call [Client.ForgetDevice] once the user has signed in. A cookie's own Max-Age is no
// limit, since the client enforces it.
//
// Do not offer it on shared computers, to administrators, or where a code is required by law or
// contract; and forget all devices of a user whose password was reset or who reports a loss.
type Device struct {
	// Key is the device's name at Cognito.
	Key string
	// GroupKey is the name of the group of devices that it belongs to.
	GroupKey string
	// Password is what the device proves itself with. RememberDevice makes it; it is not the
	// user's.
	Password Secret
}

// Token returns the device as one string of URL-safe characters, for [ParseDevice]. It reveals the
// device's password: treat it as a secret. It has some 200 bytes.
func (d *Device) Token() string {
	w := wireChallenge{Kind: tokenDevice, Username: d.Key, Name: d.GroupKey}
	return w.token(d.Password)
}

// ParseDevice returns the device that Token made into a string, in this process or in another. For
// anything else the error is of the kind [ErrDevice]: sign in without a device. The token is not
// authenticated: Cognito checks the device when it signs in.
func ParseDevice(token string) (*Device, error) {
	cl := newCall("parse device", byAny)
	w, password, err := parseToken(token)
	d := &Device{Key: w.Username, GroupKey: w.Name, Password: password}
	if err != nil || w.Kind != tokenDevice || !d.usable() {
		return nil, cl.refuse(ErrDevice, "")
	}
	return d, nil
}

// usable reports whether the device has all its parts.
func (d *Device) usable() bool {
	return d.Key != "" && d.GroupKey != "" && d.Password.Reveal() != ""
}

// RememberOptions are the options of [Client.RememberDevice].
type RememberOptions struct {
	// ConfirmOnly makes the device known but does not have it remembered, where the pool leaves
	// that to the user (opt-in) and the user declines: the next sign-in asks for the code. Refresh
	// works from then on. Where the pool remembers every device, it is remembered all the same:
	// then do not pass it to SignIn.
	ConfirmOnly bool
}

// maxDeviceName is the length of the longest device name that Cognito takes, in characters.
const maxDeviceName = 1024

// RememberDevice confirms the new device that came with the tokens of a sign-in by FlowSRP, and has
// Cognito remember it; [Device] says what for. name is for lists of a user's devices, such as
// "Firefox on Linux", and may be empty; what is over 1,024 characters is cut off.
//
// In a pool that tracks devices the refresh token of a sign-in whose Tokens have a DeviceKey does
// not work until the device is confirmed, and takes the Device from then on. So call RememberDevice
// after each such sign-in, with ConfirmOnly if the device is not to be remembered.
//
// Tokens without a DeviceKey are [ErrDevice]: there is no new device. If Cognito refuses the device
// key, it is ErrDevice as well: the tokens are not those of a sign-in by SRP. The sign-in itself is
// not affected by an error. If only the second call fails, the Device comes with the error: it is
// confirmed but not remembered, so it is good for Refresh, and spares no code.
//
// It makes one call, ConfirmDevice, and where the pool leaves the choice to the user a second one,
// UpdateDeviceStatus. The access token authorizes both.
func (c *Client) RememberDevice(
	ctx context.Context, t *Tokens, name string, optFns ...func(*RememberOptions),
) (*Device, error) {
	cl := newCall("remember device", byToken)
	cl.cutOff = true
	opts := resolve(optFns)
	switch {
	case t == nil || t.Access.Reveal() == "":
		return nil, cl.refuse(ErrAccessToken, "")
	case t.DeviceKey == "" || t.DeviceGroupKey == "":
		return nil, notToRemember(cl.refuse(ErrDevice, "the tokens name no new device"))
	}
	d := newDevice(t.DeviceKey, t.DeviceGroupKey)
	salt, verifier := srp.NewVerifier(d.identity(), d.Password.Reveal())
	accessToken := t.Access.Reveal()
	out, err := c.api.ConfirmDevice(ctx, &cip.ConfirmDeviceInput{
		AccessToken: &accessToken,
		DeviceKey:   &d.Key,
		DeviceName:  optional(cut(name, maxDeviceName)),
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{
			PasswordVerifier: aws.String(base64.StdEncoding.EncodeToString(verifier)),
			Salt:             aws.String(base64.StdEncoding.EncodeToString(salt)),
		},
	}, cl.follow)
	choice := false
	var exists *types.DeviceKeyExistsException
	switch {
	case errors.As(err, &exists) && cl.lost:
		// An earlier try, whose response was lost, has confirmed it. Whether the user has the
		// choice is not known; to say again that the device is remembered does no harm.
		choice = true
	case err != nil:
		return nil, notToRemember(cl.fail(ctx, err))
	default:
		choice = out.UserConfirmationNecessary
	}
	if !choice || opts.ConfirmOnly {
		return d, nil
	}
	update := cl.then(byToken)
	_, err = c.api.UpdateDeviceStatus(ctx, &cip.UpdateDeviceStatusInput{
		AccessToken:            &accessToken,
		DeviceKey:              &d.Key,
		DeviceRememberedStatus: types.DeviceRememberedStatusTypeRemembered,
	}, update.follow)
	if err != nil {
		return d, update.fail(ctx, err)
	}
	return d, nil
}

// notToRemember makes the step of ErrDevice right for RememberDevice: signing in again is no help.
func notToRemember(err error) error {
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Kind, ErrDevice) {
		e.step = StepGiveUp
		e.hint = cmp.Or(e.hint, "the sign-in was not by SRP, or the pool does not track devices")
	}
	return err
}

// newDevice gives a device its password.
func newDevice(key, groupKey string) *Device {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // It reads in full; it never returns an error.
	password := base64.RawURLEncoding.EncodeToString(raw)
	return &Device{Key: key, GroupKey: groupKey, Password: NewSecret(password)}
}

// identity is the device's name in SRP.
func (d *Device) identity() string { return d.GroupKey + d.Key }

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	for i := range s {
		if most--; most < 0 {
			return s[:i]
		}
	}
	return s
}

// ForgetDevice ends what RememberDevice began: the next sign-in on the device asks for the code.
// key is [Device.Key], or one of those that the SDK's ListDevices returns. Forgetting a device
// that Cognito does not know is no error. The tokens of sign-ins on the device stay valid; SignOut
// and Revoke end those.
//
// It makes one call, ForgetDevice, which the access token authorizes.
func (c *Client) ForgetDevice(ctx context.Context, accessToken, key string) error {
	cl := newCall("forget device", byToken)
	cl.cutOff = true
	switch {
	case accessToken == "":
		return cl.refuse(ErrAccessToken, "")
	case key == "":
		return cl.refuse(ErrDevice, "")
	}
	in := &cip.ForgetDeviceInput{AccessToken: &accessToken, DeviceKey: &key}
	_, err := c.api.ForgetDevice(ctx, in, cl.follow)
	if err != nil {
		if err = cl.fail(ctx, err); !errors.Is(err, ErrDevice) {
			return err
		}
	}
	return nil
}
