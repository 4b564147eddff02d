package cognitotest

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

const (
	challengeDevice         = "DEVICE_SRP_AUTH"
	challengeDeviceVerifier = "DEVICE_PASSWORD_VERIFIER"
)

// deviceConfiguration says what devices are good for in a pool that tracks them.
type deviceConfiguration struct {
	ChallengeRequiredOnNewDevice     bool // a remembered one takes the place of a second factor
	DeviceOnlyRememberedOnUserPrompt bool // a new one is remembered when UpdateDeviceStatus says so, else at once
}

// device is a device of a user that ConfirmDevice made known. A key that was given at a sign-in and never confirmed leaves nothing here.
type device struct {
	key, name                        string
	created, modified, authenticated time.Time
	remembered                       bool
	verifier, salt                   []byte
}

// newDeviceMetadata comes with the tokens of a sign-in on a device that the user pool does not know.
type newDeviceMetadata struct {
	DeviceKey, DeviceGroupKey string
}

// deviceGroup stands before device keys in SRP. It is the same for all devices of a pool.
func (b *backend) deviceGroup(p *pool) string {
	return "-" + hex.EncodeToString(b.derive("device group", p, ""))[:8]
}

// device finds one of the user's devices, nil if there is none of that key.
func (u *user) device(key string) *device {
	i := slices.IndexFunc(u.devices, func(d *device) bool { return d.key == key })
	if i < 0 {
		return nil
	}
	return u.devices[i]
}

// deviceGiven is the key of the device that a step of a sign-in names. A key that the user has no device for is an error, on which clients forget
// the device and try again without.
func (u *user) deviceGiven(given map[string]string) (string, error) {
	key := given["DEVICE_KEY"]
	if key == "" || u.pool.settings().devices == nil {
		return "", nil
	}
	if u.device(key) == nil {
		return "", errNoDevice
	}
	return key, nil
}

// vouched tells whether a device takes the place of a second factor.
func (u *user) vouched(key string) bool {
	config, d := u.pool.settings().devices, u.device(key)
	return config != nil && config.ChallengeRequiredOnNewDevice && d != nil && d.remembered
}

// askDevice has the device prove that it is the one that was confirmed.
func (b *backend) askDevice(u *user, c *appClient, done progress) next {
	return b.challenge(u, c, session{challenge: challengeDevice, done: done}, map[string]string{"DEVICE_KEY": done.device})
}

// answerDevice begins the device's own SRP, in which the device key is the name and the group key the realm.
func (b *backend) answerDevice(u *user, c *appClient, s *session, responses map[string]string) (next, error) {
	for _, name := range []string{"DEVICE_KEY", "SRP_A"} {
		if responses[name] == "" {
			return next{}, missingParameter(name)
		}
	}
	public, err := srp.ParsePublicKey(responses["SRP_A"])
	if err != nil {
		return next{}, errPublicKey
	}
	d := u.device(responses["DEVICE_KEY"])
	if d == nil || d.key != s.done.device {
		return next{}, errNoDevice
	}
	u.spend(s)
	block := secretBlock{ticket: b.begin(u, c, session{challenge: challengeDeviceVerifier, done: s.done})}
	verifier := new(big.Int).SetBytes(d.verifier)
	return next{
		challenge: &authResponse{ChallengeName: challengeDeviceVerifier, ChallengeParameters: map[string]string{
			"USERNAME": u.name, "DEVICE_KEY": d.key, "SALT": hex.EncodeToString(d.salt),
		}},
		exchange: &exchange{public, func() *big.Int { return verifier }, block},
	}, nil
}

// answerDeviceVerifier checks a DEVICE_PASSWORD_VERIFIER's answer. It stands for the second factor.
func (b *backend) answerDeviceVerifier(c *appClient, username string, responses map[string]string) (next, error) {
	if responses["DEVICE_KEY"] == "" {
		return next{}, missingParameter("DEVICE_KEY")
	}
	in, err := b.readClaim(c, challengeDeviceVerifier, responses)
	if err != nil {
		return next{}, err
	}
	u := b.signerBySub(c.pool, in.block.Sub)
	if u == nil || u != b.signer(c.pool, username) || u.lock() != nil {
		return next{}, errCredentials
	}
	defer u.mu.Unlock()
	s, d := u.session(in.block.ID), u.device(responses["DEVICE_KEY"])
	switch {
	case s == nil:
		return next{}, errSessionUsed
	case u.disabled:
		return next{}, errDisabled
	case d == nil:
		return next{}, errNoDevice
	case d.key != s.done.device || !u.vouched(d.key) || !b.right(in, b.deviceGroup(u.pool), d.key):
		return next{}, errCredentials
	}
	u.spend(s)
	d.authenticated = b.time()
	done := s.done
	done.mfa = true
	return b.proceed(u, c, done)
}

type confirmDeviceRequest struct {
	AccessToken, DeviceKey, DeviceName string
	DeviceSecretVerifierConfig         struct{ PasswordVerifier, Salt string }
}

type confirmDeviceResponse struct {
	UserConfirmationNecessary bool
}

// confirmDevice makes the device known that the access token was given on.
func (b *backend) confirmDevice(in *confirmDeviceRequest) (*confirmDeviceResponse, error) {
	u, key, err := b.authenticateOn(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	config := u.pool.settings().devices
	if key != in.DeviceKey || config == nil {
		return nil, errDeviceKey
	}
	now := b.time()
	d := &device{key: key, name: in.DeviceName, created: now, modified: now, authenticated: now, remembered: !config.DeviceOnlyRememberedOnUserPrompt}
	if d.verifier, d.salt, err = readDeviceVerifier(in.DeviceSecretVerifierConfig.PasswordVerifier, in.DeviceSecretVerifierConfig.Salt); err != nil {
		return nil, err
	}
	u.forget(key)
	u.devices = append(u.devices, d)
	return &confirmDeviceResponse{config.DeviceOnlyRememberedOnUserPrompt}, nil
}

// readDeviceVerifier reads what a client made of the password that it gave a device. Both are numbers; a zero in front says nothing.
func readDeviceVerifier(verifier, salt string) (v, s []byte, err error) {
	var numbers [2][]byte
	for i, text := range []string{verifier, salt} {
		raw, err := base64.StdEncoding.DecodeString(text)
		number := new(big.Int).SetBytes(raw)
		if err != nil || !srp.InGroup(number) {
			return nil, nil, errDeviceVerifier
		}
		numbers[i] = number.Bytes()
	}
	return numbers[0], numbers[1], nil
}

func (u *user) forget(key string) {
	u.devices = slices.DeleteFunc(u.devices, func(d *device) bool { return d.key == key })
}

// deviceRequest is that of the calls about one device, or all, by the user or by an administrator.
type deviceRequest struct {
	AccessToken            string
	UserPoolID             string `json:"UserPoolId"`
	Username               string
	DeviceKey              string
	DeviceRememberedStatus types.DeviceRememberedStatusType
	Limit                  int
	PaginationToken        string
}

// forUser does something for the user whom an access token names, whose lock is held meanwhile.
func forUser[Out any](b *backend, in *deviceRequest, do func(*backend, *user, *deviceRequest) (Out, error)) (Out, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		var none Out
		return none, err
	}
	defer u.mu.Unlock()
	return do(b, u, in)
}

// forAdmin is the same for the user whom an administrator names.
func forAdmin[Out any](b *backend, in *deviceRequest, do func(*backend, *user, *deviceRequest) (Out, error)) (Out, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		var none Out
		return none, err
	}
	defer u.mu.Unlock()
	return do(b, u, in)
}

func (b *backend) updateDeviceStatus(in *deviceRequest) (*empty, error) {
	return forUser(b, in, (*backend).setDeviceStatus)
}

func (b *backend) adminUpdateDeviceStatus(in *deviceRequest) (*empty, error) {
	return forAdmin(b, in, (*backend).setDeviceStatus)
}

func (b *backend) setDeviceStatus(u *user, in *deviceRequest) (*empty, error) {
	d := u.device(in.DeviceKey)
	if d == nil {
		return nil, errNoDevice
	}
	d.remembered, d.modified = in.DeviceRememberedStatus == types.DeviceRememberedStatusTypeRemembered, b.time()
	return &empty{}, nil
}

type deviceType struct {
	DeviceKey                   string
	DeviceAttributes            attributes
	DeviceCreateDate            timestamp
	DeviceLastModifiedDate      timestamp
	DeviceLastAuthenticatedDate timestamp
}

func (d *device) wire() deviceType {
	status := types.DeviceRememberedStatusTypeNotRemembered
	if d.remembered {
		status = types.DeviceRememberedStatusTypeRemembered
	}
	list := attributes{{"device_status", "valid"}, {"device_name", d.name}, {"dev:device_remembered_status", string(status)}}
	return deviceType{d.key, list, timestamp(d.created), timestamp(d.modified), timestamp(d.authenticated)}
}

type deviceResponse struct {
	Device deviceType
}

func (b *backend) getDevice(in *deviceRequest) (*deviceResponse, error) {
	return forUser(b, in, (*backend).describeDevice)
}

func (b *backend) adminGetDevice(in *deviceRequest) (*deviceResponse, error) {
	return forAdmin(b, in, (*backend).describeDevice)
}

func (*backend) describeDevice(u *user, in *deviceRequest) (*deviceResponse, error) {
	d := u.device(in.DeviceKey)
	if d == nil {
		return nil, errNoDevice
	}
	return &deviceResponse{d.wire()}, nil
}

type devicesResponse struct {
	Devices         []deviceType
	PaginationToken string `json:",omitempty"`
}

func (b *backend) listDevices(in *deviceRequest) (*devicesResponse, error) {
	return forUser(b, in, (*backend).pageOfDevices)
}

func (b *backend) adminListDevices(in *deviceRequest) (*devicesResponse, error) {
	return forAdmin(b, in, (*backend).pageOfDevices)
}

func (b *backend) pageOfDevices(u *user, in *deviceRequest) (*devicesResponse, error) {
	keys := make([]string, len(u.devices))
	for i, d := range u.devices {
		keys[i] = d.key
	}
	keys, token, err := b.page(keys, in.Limit, in.PaginationToken, "ListDevices "+u.sub)
	if err != nil {
		return nil, err
	}
	out := &devicesResponse{Devices: []deviceType{}, PaginationToken: token}
	for _, key := range keys {
		out.Devices = append(out.Devices, u.device(key).wire())
	}
	return out, nil
}

func (b *backend) forgetDevice(in *deviceRequest) (*empty, error) {
	return forUser(b, in, (*backend).dropDevice)
}

func (b *backend) adminForgetDevice(in *deviceRequest) (*empty, error) {
	return forAdmin(b, in, (*backend).dropDevice)
}

func (*backend) dropDevice(u *user, in *deviceRequest) (*empty, error) {
	if u.device(in.DeviceKey) == nil {
		return nil, errNoDevice
	}
	u.forget(in.DeviceKey)
	return &empty{}, nil
}
