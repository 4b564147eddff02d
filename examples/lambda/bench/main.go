// Command bench compares the Lambda functions with functions written by hand on the raw SDK. It
// prints the medians and their ratio for the time from process start to the first response, the
// time of a warm response, peak memory, and size. Both run in turn against one Cognito in this
// process.
//
// Run it in the folder of the functions, preferably with a clean environment: make bench.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

const password = "Passw0rd!"

func main() {
	starts := flag.Int("starts", 50, "how many times each function is started")
	warm := flag.Int("warm", 40, "how many events each start gets after the first")
	names := flag.String("functions", "mfa,verify,signin,mfasignin,refresh,authorizer",
		"the `names` of the functions")
	flag.Parse()
	if err := run(context.Background(), strings.Split(*names, ","), *starts, *warm); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string, starts, warm int) error {
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	fmt.Printf("%-10s %-14s %12s %12s %7s\n", "function", "figure", "library", "by hand", "ratio")
	for _, name := range names {
		var sides [2]figures
		for i, source := range []string{"./" + name, "./bench/byhand/" + name} {
			sides[i].executable = filepath.Join(work, fmt.Sprintf("%s-%d", name, i))
			if err := sides[i].build(ctx, source); err != nil {
				return fmt.Errorf("%s: %w", source, err)
			}
		}
		b := newBackend() //nolint:contextcheck // The server ends with its Close.
		for i := range starts {
			// The second may find a warmer machine, so they swap places each round.
			for j := range sides {
				if err := sides[(i+j)%2].measure(ctx, b, name, warm); err != nil {
					b.cognito.Close()
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		b.cognito.Close()
		compare(name, "cold start", "ms", sides[0].cold, sides[1].cold)
		compare(name, "warm", "ms", sides[0].warm, sides[1].warm)
		compare(name, "peak memory", "KiB", sides[0].memory, sides[1].memory)
		compare(name, "executable", "KiB", sides[0].size, sides[1].size)
		compare(name, "zip", "KiB", sides[0].zip, sides[1].zip)
	}
	return nil
}

// compare prints a line: the medians and their ratio.
func compare(name, figure, unit string, library, byHand []float64) {
	a, b := median(library), median(byHand)
	fmt.Printf("%-10s %-14s %8.2f %-3s %8.2f %-3s %7.3f\n", name, figure, a, unit, b, unit, a/b)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// figures are the measurements of one executable.
type figures struct {
	executable        string
	cold, warm        []float64 // in milliseconds
	memory, size, zip []float64 // in KiB
}

// build compiles a function like command pack.
func (f *figures) build(ctx context.Context, source string) error {
	//nolint:gosec // The sources are those of this folder.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", f.executable, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	text, err := os.ReadFile(f.executable)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	entry, err := z.Create("bootstrap")
	if err != nil {
		return err
	}
	if _, err := entry.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	f.size = []float64{float64(len(text)) / 1024}
	f.zip = []float64{float64(archive.Len()) / 1024}
	return nil
}

// measure starts the function once.
func (f *figures) measure(ctx context.Context, b *backend, name string, warm int) error {
	payload, err := b.event(ctx, name)
	if err != nil {
		return err
	}
	start := time.Now()
	function, err := runtimeapi.Start(ctx, f.executable, b.environment(), io.Discard, io.Discard)
	if err != nil {
		return err
	}
	defer function.Close()
	took, err := invoke(ctx, function, payload, start)
	if err != nil {
		return err
	}
	f.cold = append(f.cold, took)
	for range warm {
		if payload, err = b.event(ctx, name); err != nil {
			return err
		}
		if took, err = invoke(ctx, function, payload, time.Now()); err != nil {
			return err
		}
		f.warm = append(f.warm, took)
	}
	peak, err := peakMemory(function.Pid())
	f.memory = append(f.memory, peak)
	return err
}

// invoke returns how many milliseconds after start the response came, or an error if it is not the
// expected one.
func invoke(
	ctx context.Context, function *runtimeapi.Function, payload []byte, start time.Time,
) (float64, error) {
	result, err := function.Invoke(ctx, runtimeapi.Invocation{ID: "bench", Payload: payload})
	if err != nil {
		return 0, err
	}
	var answer struct {
		StatusCode   int
		IsAuthorized bool // of the authorizer
	}
	err = json.Unmarshal(result.Payload, &answer)
	if err != nil || answer.StatusCode != http.StatusOK && !answer.IsAuthorized {
		return 0, fmt.Errorf("the response is %s", result.Payload)
	}
	return float64(result.At.Sub(start).Nanoseconds()) / 1e6, nil
}

// peakMemory returns the peak resident memory of the process in KiB. (The value of wait4 includes
// that of the parent.)
func peakMemory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			value = strings.TrimSuffix(strings.TrimSpace(value), "kB")
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, errors.New("this system does not report the peak memory")
}

// backend is the user pool and the source of events.
type backend struct {
	cognito *cognitotest.Server
	client  *cognitoidentityprovider.Client
	users   int
}

func newBackend() *backend {
	cognito := cognitotest.NewServer()
	return &backend{cognito: cognito, client: cognito.Client()}
}

func (b *backend) environment() []string {
	return []string{
		"AWS_REGION=" + b.cognito.Region,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=secret-key-example",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + b.cognito.URL,
		"COGNITO_USER_POOL_ID=" + b.cognito.UserPoolID,
		"COGNITO_CLIENT_ID=" + b.cognito.ClientID,
		"MFA_ISSUER=Example",
	}
}

// event returns the next event for a function. Each is from a new user, because codes are single
// use.
func (b *backend) event(ctx context.Context, name string) ([]byte, error) {
	b.users++
	user := fmt.Sprintf("user-%d", b.users)
	u := cognitotest.User{Username: user, Password: password}
	if name == "mfasignin" {
		u.TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	}
	b.cognito.AddUser(u)
	body := map[string]string{}
	switch name {
	case "mfa":
		body["AccessToken"] = *b.cognito.IssueTokens(user).AccessToken
	case "refresh":
		body["refreshToken"] = *b.cognito.IssueTokens(user).RefreshToken
	case "authorizer":
		return authorization(*b.cognito.IssueTokens(user).AccessToken)
	case "verify":
		accessToken := b.cognito.IssueTokens(user).AccessToken
		_, err := b.client.AssociateSoftwareToken(ctx,
			&cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: accessToken})
		if err != nil {
			return nil, err
		}
		body["accessToken"], body["mfaCode"] = *accessToken, b.cognito.Code(user)
	case "signin":
		body["userId"], body["userPassword"] = user, password
	case "mfasignin":
		out, err := b.client.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
			UserPoolId:     aws.String(b.cognito.UserPoolID),
			ClientId:       aws.String(b.cognito.ClientID),
			AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
		})
		if err != nil {
			return nil, err
		}
		body["mfaCode"] = b.cognito.Code(user)
		body["authParamSession"], body["authParamUserId"] = *out.Session, user
	}
	return b.request("/"+name, body)
}

// request returns a recorded event of an HTTP API with another path and body. Each is from another
// address, because requests from one are limited.
func (b *backend) request(path string, body map[string]string) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return recorded("http", func(e map[string]any) {
		e["rawPath"], e["body"] = path, string(text)
		client := e["requestContext"].(map[string]any)["http"].(map[string]any)
		client["sourceIp"] = fmt.Sprintf("198.18.%d.%d", b.users>>8%256, b.users%256)
	})
}

// authorization returns a recorded event for the authorizer of an HTTP API, with an access token.
func authorization(accessToken string) ([]byte, error) {
	return recorded("authorizer-http2", func(e map[string]any) {
		e["headers"].(map[string]any)["authorization"] = "Bearer " + accessToken
	})
}

// recorded returns a recorded event after a change.
func recorded(name string, change func(map[string]any)) ([]byte, error) {
	text, err := os.ReadFile("testdata/" + name + ".json") //nolint:gosec // It is one of this folder.
	if err != nil {
		return nil, err
	}
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, err
	}
	change(e)
	return json.Marshal(e)
}
