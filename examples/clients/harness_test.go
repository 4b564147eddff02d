package clients_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

const (
	password = "Passw0rd!"
	secret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" // of the authenticator of the user "both"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := touch(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
	code := m.Run()
	chromium.Stop()
	os.Exit(code)
}

// touch stats the programs that other processes read, so that go test does not reuse a cached
// result after they change.
func touch() error {
	programs, err := filepath.Glob("*.*")
	for _, program := range programs {
		if _, err := os.Stat(program); err != nil {
			return err
		}
	}
	return err
}

// desk is what a client works with: a user pool where MFA is optional, one where it is required and
// one that remembers devices, and a control address to read messages and move the clocks.
type desk struct {
	t                           *testing.T
	optional, required, devices *cognitotest.Server
	control                     *http.ServeMux
	page                        string // the address of control
	settings                    settings
	tools                       string // a folder to put first in PATH, if any
}

// settings is what a program reads from standard input.
type settings struct {
	Password string `json:"password"` // of all users
	Secret   string `json:"secret"`   // of the authenticator of the users "both" and "owner"
	Optional pool   `json:"optional"`
	Required pool   `json:"required"`
	Devices  pool   `json:"devices"`
}

// pool describes a user pool as cognitotest -json prints it.
type pool struct {
	Endpoint   string `json:"endpoint"`
	Region     string `json:"region"`
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"clientId"`
	Control    string `json:"control"` // where messages are read and the clock is moved
}

// sit starts the pools with their users:
//
//   - "invited" was created by an administrator and must choose a password;
//   - "both" has SMS and an authenticator, with no preference;
//   - "reader" belongs to a group;
//   - "newcomer", where MFA is required, has no method yet;
//   - "owner", where devices are remembered, has an authenticator.
//
// The options apply to all pools.
func sit(t *testing.T, options ...func(*cognitotest.Options)) *desk {
	t.Helper()
	start := func(more func(*cognitotest.Options)) *cognitotest.Server {
		srv := cognitotest.NewServer(append(options, more)...)
		t.Cleanup(srv.Close)
		return srv
	}
	d := &desk{
		t: t, control: http.NewServeMux(),
		optional: start(func(o *cognitotest.Options) {
			o.SMS = true
			o.FirstFactors = []types.AuthFactorType{
				types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp,
			}
		}),
		required: start(func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn }),
		devices: start(func(o *cognitotest.Options) {
			o.Devices = &types.DeviceConfigurationType{
				ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
			}
		}),
	}
	d.optional.AddUser(cognitotest.User{
		Username: "invited", Password: password, Email: "invited@example.com",
		Status: types.UserStatusTypeForceChangePassword,
	})
	d.optional.AddUser(cognitotest.User{
		Username: "both", Password: password, Phone: "+15550001234", TOTP: secret,
		Methods: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"},
	})
	d.required.AddUser(cognitotest.User{Username: "newcomer", Password: password})
	d.optional.AddUser(cognitotest.User{
		Username: "reader", Password: password, Email: "reader@example.com",
		Groups: []string{"readers"},
	})

	d.devices.AddUser(cognitotest.User{Username: "owner", Password: password, TOTP: secret})

	address := httptest.NewServer(d.control)
	t.Cleanup(address.Close)
	d.page = address.URL
	d.settings = settings{
		Password: password, Secret: secret,
		Optional: d.pool(d.optional, "/optional"),
		Required: d.pool(d.required, "/required"),
		Devices:  d.pool(d.devices, "/devices"),
	}
	return d
}

// pool describes a pool to a program, and serves the same control API for it as the command
// cognitotest.
func (d *desk) pool(srv *cognitotest.Server, path string) pool {
	d.control.HandleFunc("POST "+path+"/clock", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Advance string }
		err := json.NewDecoder(r.Body).Decode(&body)
		by, err2 := time.ParseDuration(body.Advance)
		if err := errors.Join(err, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		srv.Advance(by)
	})
	d.control.HandleFunc("GET "+path+"/clock", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"now": srv.Now().UTC()})
	})
	outbox := "GET " + path + "/users/{username}/outbox"
	d.control.HandleFunc(outbox, func(w http.ResponseWriter, r *http.Request) {
		messages := []map[string]string{}
		for _, message := range srv.Outbox(r.PathValue("username")) {
			messages = append(messages, map[string]string{"code": message.Code})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": messages})
	})
	return pool{
		Endpoint: srv.URL, Region: srv.Region, UserPoolID: srv.UserPoolID, ClientID: srv.ClientID,
		Control: d.page + path,
	}
}

// run runs a program against the pools. It must succeed.
func (d *desk) run(name string, args ...string) {
	d.t.Helper()
	input, err := json.Marshal(d.settings)
	require.NoError(d.t, err)
	path := os.Getenv("PATH")
	if d.tools != "" {
		path = d.tools + string(filepath.ListSeparator) + path
	}
	cmd := exec.CommandContext(tooltest.Context(d.t), name, args...)
	// Keep out the tester's own configuration, and do not look for EC2 credentials.
	cmd.Env = []string{
		"PATH=" + path, "HOME=" + d.t.TempDir(), "LC_ALL=C.UTF-8",
		"AWS_ACCESS_KEY_ID=AKIDCOGNITOTEST", "AWS_SECRET_ACCESS_KEY=cognitotest",
		"AWS_EC2_METADATA_DISABLED=true", "PYTHONDONTWRITEBYTECODE=1",
	}
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	require.NoError(d.t, err, "%s %s:\n%s", filepath.Base(name), strings.Join(args, " "), out)
}

// boto3 finds a Python that has it.
func boto3(t *testing.T) string {
	t.Helper()
	return tooltest.NeedWorking(t, "python3-boto3", "boto3", "python3", "-c", "import boto3")
}

// node finds Node.js and checks that the npm packages of its programs are installed.
func node(t *testing.T) string {
	t.Helper()
	locked := npmPackages(t, "package-lock.json")
	installed := npmPackages(t, "node_modules/.package-lock.json")
	const advice = "run make packages, or npm ci in examples/clients"
	for name, p := range locked {
		// Optional packages are for other systems.
		if name != "" && !p.Optional && installed[name].Version != p.Version {
			tooltest.Missing(t, "the npm package "+name+" "+p.Version, advice)
		}
	}
	return tooltest.Need(t, "nodejs", "node", "nodejs")
}

type npmPackage struct {
	Version  string
	Optional bool
}

// npmPackages reads the packages of a lockfile, keyed by folder. A missing file has none.
func npmPackages(t *testing.T, lockfile string) map[string]npmPackage {
	t.Helper()
	var lock struct{ Packages map[string]npmPackage }
	text, err := os.ReadFile(lockfile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &lock))
	return lock.Packages
}

// calls lists the calls to a server: the operation, then the flow or challenge and the error
// without its suffix, where there is one.
func calls(srv *cognitotest.Server) []string {
	var calls []string
	for _, call := range srv.Calls() {
		words := []string{call.Operation}
		for _, detail := range []string{
			call.Params["AuthFlow"], call.Params["ChallengeName"],
			strings.TrimSuffix(call.Error, "Exception"),
		} {
			if detail != "" {
				words = append(words, detail)
			}
		}
		calls = append(calls, strings.Join(words, " "))
	}
	return calls
}

// happened checks from the servers' calls that a program really signed in by a flow, met the errors
// it should, and finished, and that with SRP it sent no password. More lists calls that only this
// program makes.
func (d *desk) happened(flow []string, more ...string) {
	d.t.Helper()
	optional, required := calls(d.optional), calls(d.required)
	assert.Subset(d.t, optional, slices.Concat(flow, more, []string{
		"SignUp", "ConfirmSignUp",
		flow[len(flow)-1] + " UserNotConfirmed", flow[len(flow)-1] + " NotAuthorized",
		"AssociateSoftwareToken", "VerifySoftwareToken EnableSoftwareTokenMFA",
		"VerifySoftwareToken",
		"SetUserMFAPreference",
		"RespondToAuthChallenge SOFTWARE_TOKEN_MFA ExpiredCode",
		"RespondToAuthChallenge SOFTWARE_TOKEN_MFA CodeMismatch",
		"RespondToAuthChallenge SOFTWARE_TOKEN_MFA",
		"GlobalSignOut",
		"ForgotPassword", "ConfirmForgotPassword",
		"RespondToAuthChallenge NEW_PASSWORD_REQUIRED",
		"RespondToAuthChallenge SELECT_MFA_TYPE", "RespondToAuthChallenge SMS_MFA",
	}))
	assert.Subset(d.t, required, slices.Concat(flow, []string{
		"AssociateSoftwareToken", "VerifySoftwareToken", "RespondToAuthChallenge MFA_SETUP",
		"RespondToAuthChallenge SOFTWARE_TOKEN_MFA",
	}))
	all := strings.Join(slices.Concat(optional, required), "\n")
	assert.NotContains(d.t, all, "UnknownOperation")
	assert.Equal(d.t, slices.Equal(flow, plain), strings.Contains(all, "USER_PASSWORD_AUTH"))

	alice, newcomer := d.optional.User("alice"), d.required.User("newcomer")
	assert.Equal(d.t, types.UserStatusTypeConfirmed, alice.Status)
	assert.Equal(d.t, "alice@example.com", alice.Attributes["email"])
	assert.Equal(d.t, "SOFTWARE_TOKEN_MFA", alice.Preferred)
	assert.Equal(d.t, "phone", alice.TOTPDevice)
	assert.True(d.t, newcomer.TOTP)
}

// remembered checks from the server's calls that a remembered device replaced the second factor
// until it was forgotten.
func (d *desk) remembered() {
	d.t.Helper()
	var steps []string
	for _, call := range calls(d.devices) {
		if step, answered := strings.CutPrefix(call, "RespondToAuthChallenge "); answered {
			call = step
		}
		if call != "InitiateAuth USER_SRP_AUTH" && call != "PASSWORD_VERIFIER" {
			steps = append(steps, call)
		}
	}
	assert.Equal(d.t, []string{
		"SOFTWARE_TOKEN_MFA", "ConfirmDevice", "UpdateDeviceStatus", "ListDevices", "RevokeToken",
		"DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "ForgetDevice", "RevokeToken",
	}, steps)
}
