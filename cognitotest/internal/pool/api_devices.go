package pool

import (
	"encoding/base64"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// See FIDELITY.md, "Devices".

type confirmDeviceRequest struct {
	DeviceKey, DeviceName      string
	DeviceSecretVerifierConfig struct{ PasswordVerifier, Salt string }
}

type confirmDeviceResponse struct {
	UserConfirmationNecessary bool
}

// confirmDevice confirms the device of the access token. As in the service, the password must have
// been proved by SRP.
func confirmDevice(c *caller, in *confirmDeviceRequest) (*confirmDeviceResponse, error) {
	config, source := c.pool.settings().devices, c.sourceOf(in.DeviceKey)
	if c.device != in.DeviceKey || config == nil || source == sourceOther {
		return nil, invalidParameter("Invalid device key given.")
	}
	secret := in.DeviceSecretVerifierConfig
	verifier, valid := srpNumber(secret.PasswordVerifier)
	salt, validToo := srpNumber(secret.Salt)
	if !valid || !validToo {
		return nil, invalidParameter("DeviceSecretVerifierConfig is not valid.")
	}
	now := c.Now()
	c.user.forget(in.DeviceKey)
	c.user.devices = append(c.user.devices, &device{
		key: in.DeviceKey, name: in.DeviceName, created: now, modified: now, authenticated: now,
		remembered: !config.DeviceOnlyRememberedOnUserPrompt, metCode: source == sourceSRPAndCode,
		verifier: verifier, salt: salt,
	})
	return &confirmDeviceResponse{config.DeviceOnlyRememberedOnUserPrompt}, nil
}

// srpNumber reads a number that a client derived from a device's password. It drops leading zeros.
func srpNumber(text string) (number []byte, valid bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	n := new(big.Int).SetBytes(raw)
	return n.Bytes(), err == nil && srp.InGroup(n)
}

// deviceRequest is the request of the calls about one device or all devices.
type deviceRequest struct {
	DeviceKey              string
	DeviceRememberedStatus types.DeviceRememberedStatusType
	Limit                  int
	PaginationToken        string
}

func updateDeviceStatus(c *caller, in *deviceRequest) (*none, error) {
	d := c.user.device(in.DeviceKey)
	if d == nil {
		return nil, errNoDevice
	}
	d.remembered = in.DeviceRememberedStatus == types.DeviceRememberedStatusTypeRemembered
	d.modified = c.Now()
	return &none{}, nil
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
	return deviceType{
		DeviceKey: d.key,
		DeviceAttributes: attributes{
			{"device_status", "valid"},
			{"device_name", d.name},
			{"dev:device_remembered_status", string(status)},
		},
		DeviceCreateDate: timestamp(d.created), DeviceLastModifiedDate: timestamp(d.modified),
		DeviceLastAuthenticatedDate: timestamp(d.authenticated),
	}
}

type deviceResponse struct {
	Device deviceType
}

func getDevice(c *caller, in *deviceRequest) (*deviceResponse, error) {
	d := c.user.device(in.DeviceKey)
	if d == nil {
		return nil, errNoDevice
	}
	return &deviceResponse{d.wire()}, nil
}

type devicesResponse struct {
	Devices         []deviceType
	PaginationToken string `json:",omitempty"`
}

func listDevices(c *caller, in *deviceRequest) (*devicesResponse, error) {
	keys := make([]string, len(c.user.devices))
	for i, d := range c.user.devices {
		keys[i] = d.key
	}
	keys, token, err := c.page(keys, in.Limit, in.PaginationToken, "ListDevices "+c.user.sub)
	if err != nil {
		return nil, err
	}
	out := &devicesResponse{Devices: []deviceType{}, PaginationToken: token}
	for _, key := range keys {
		out.Devices = append(out.Devices, c.user.device(key).wire())
	}
	return out, nil
}

func forgetDevice(c *caller, in *deviceRequest) (*none, error) {
	if c.user.device(in.DeviceKey) == nil {
		return nil, errNoDevice
	}
	c.user.forget(in.DeviceKey)
	return &none{}, nil
}
