package lambda_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// A function that is configured wrongly says so in one line and does not start.
func TestConfiguration(t *testing.T) {
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException",` +
			`"Message":"arn:aws:iam::123456789012:role/x is not authorized"}`))
	}))
	t.Cleanup(denied.Close)
	const parameter = "COGNITO_CLIENT_SECRET_PARAMETER"
	const pool, client, issuer = "COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "COGNITO_ISSUER"
	all, authorizer := append(slices.Clone(names), "pages"), []string{"authorizer"}
	type list = []string
	for name, c := range map[string]struct {
		functions []string
		set       []string // NAME=value; without a value the variable is taken away
		says      string
	}{
		"nothing": {
			all,
			list{pool + "=", client + "=", "MFA_ISSUER="},
			"COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, MFA_ISSUER",
		},
		"no pool":   {all, list{pool + "="}, pool},
		"no client": {all, list{client + "="}, client},
		"no issuer": {all, list{"MFA_ISSUER="}, "MFA_ISSUER"},
		"no region": {all, list{"AWS_REGION="}, "AWS_REGION"},

		"a pool's name":  {all, list{pool + "=users"}, pool},
		"a pool's ARN":   {all, list{pool + "=arn:a:b:c:d:userpool/x_y"}, pool},
		"half a pool id": {all, list{pool + "=eu-west-1_"}, pool},
		"a long pool id": {all, list{pool + "=eu-west-1_" + strings.Repeat("x", 46)}, pool},
		"a client's ARN": {all, list{client + "=arn:x"}, client},
		"a space":        {all, list{client + "= x"}, client},
		"two clients":    {names, list{client + "=x y"}, client},

		"colon":       {all, list{"MFA_ISSUER=a:b"}, "colon"},
		"path":        {all, list{"ALLOW_ORIGIN=https://www.example.com/"}, "ALLOW_ORIGIN"},
		"any origin":  {all, list{"ALLOW_ORIGIN=*"}, "ALLOW_ORIGIN"},
		"base path":   {all, list{"BASE_PATH=prod"}, "BASE_PATH"},
		"two dots":    {all, list{"BASE_PATH=/v1/.."}, "BASE_PATH"},
		"two slashes": {all, list{"BASE_PATH=//example.com"}, "BASE_PATH"},
		"set-up call": {list{"verify"}, list{"COGNITO_SETUP_CALL=both"}, "COGNITO_SETUP_CALL"},
		"fresh":       {all, list{"FRESH_SIGN_IN=5m"}, "FRESH_SIGN_IN"},
		"not fresh":   {all, list{"FRESH_SIGN_IN=-1"}, "FRESH_SIGN_IN"},
		"SDK setting": {all, list{"AWS_MAX_ATTEMPTS=many"}, "AWS_MAX_ATTEMPTS"},
		"two secrets": {
			all, list{"COGNITO_CLIENT_SECRET=" + appClientSecret, parameter + "=x"}, "not both",
		},
		"denied": {
			all,
			list{parameter + "=x", "AWS_ENDPOINT_URL_SSM=" + denied.URL},
			"status 400, AccessDeniedException",
		},
		"not there": {
			all, list{parameter + "=x", "AWS_ENDPOINT_URL_SSM=http://127.0.0.1:1"}, parameter,
		},

		"authorizer, no pool":     {authorizer, list{pool + "="}, pool},
		"authorizer, no client":   {authorizer, list{client + "="}, client},
		"authorizer, spaces":      {authorizer, list{client + "= "}, client},
		"authorizer, pool's name": {authorizer, list{pool + "=users"}, pool},
		"authorizer, clients":     {authorizer, list{client + "=x y/z"}, client},
		"authorizer, age":         {authorizer, list{"MAX_AGE=soon"}, "MAX_AGE"},
		"authorizer, issuer": {
			authorizer,
			list{issuer + "=x", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="},
			"is not a URL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			for _, function := range c.functions {
				var stdout, stderr bytes.Buffer
				executable, env := filepath.Join(dist, function), setAll(s.environment("signin"), c.set)
				f, err := runtimeapi.Start(t.Context(), executable, env, &stdout, &stderr)
				require.NoError(t, err)
				t.Cleanup(f.Close)
				status, err := f.Wait()
				require.NoError(t, err)
				said := stderr.String()
				assert.Equal(t, 1, status)
				assert.Empty(t, stdout.String())
				assert.True(t, strings.HasPrefix(said, function+": "), said)
				assert.Equal(t, 1, strings.Count(said, "\n"), said)
				assert.Contains(t, said, c.says)
				assert.NotContains(t, said, appClientSecret)
			}
		})
	}
}

// setAll sets variables in an environment, and takes away those without a value.
func setAll(env, set []string) []string {
	for _, variable := range set {
		name, value, _ := strings.Cut(variable, "=")
		env = slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if value != "" {
			env = append(env, variable)
		}
	}
	return env
}

// The app client's secret may be a parameter of Systems Manager, or through it a secret of Secrets
// Manager.
func TestSecretParameter(t *testing.T) {
	const name = "/aws/reference/secretsmanager/cognito-client-secret"
	asked := make(chan *http.Request, 4)
	answer := func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name           string
			WithDecryption bool
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name != name || !in.WithDecryption {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		asked <- r
		_, _ = w.Write([]byte(`{"Parameter":{"Name":"` + name + `","Type":"SecureString",` +
			`"Value":"` + appClientSecret + `","Version":1}}`))
	}
	systemsManager := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(systemsManager.Close)
	s := newService(t, func(o *cognitotest.Options) { o.ClientSecret = appClientSecret },
		"COGNITO_CLIENT_SECRET_PARAMETER="+name, "AWS_ENDPOINT_URL_SSM="+systemsManager.URL)

	for range 2 {
		r := s.post("rest", "signin", "userId", userName, "userPassword", password)
		require.Equal(t, http.StatusOK, r.status, r.text)
	}
	require.Len(t, asked, 1, "asked once, at start")
	r := <-asked
	assert.Equal(t, "AmazonSSM.GetParameter", r.Header.Get("X-Amz-Target"))
	assert.Equal(t, "application/x-amz-json-1.1", r.Header.Get("Content-Type"))
	assert.Regexp(t,
		`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/ssm/aws4_request, `,
		r.Header.Get("Authorization"))
}
