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

// A misconfigured function prints one line and does not start.
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
		set       []string // NAME=value; without a value the variable is removed
		says      string
	}{
		"nothing": {
			functions: all,
			set:       list{pool + "=", client + "=", "MFA_ISSUER="},
			says:      "COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, MFA_ISSUER",
		},
		"no pool":   {functions: all, set: list{pool + "="}, says: pool},
		"no client": {functions: all, set: list{client + "="}, says: client},
		"no issuer": {functions: all, set: list{"MFA_ISSUER="}, says: "MFA_ISSUER"},
		"no region": {functions: all, set: list{"AWS_REGION="}, says: "AWS_REGION"},

		"a pool's name": {functions: all, set: list{pool + "=users"}, says: pool},
		"a pool's ARN": {
			functions: all, set: list{pool + "=arn:a:b:c:d:userpool/x_y"}, says: pool,
		},
		"half a pool id": {functions: all, set: list{pool + "=eu-west-1_"}, says: pool},
		"a long pool id": {
			functions: all, set: list{pool + "=eu-west-1_" + strings.Repeat("x", 46)}, says: pool,
		},
		"a client's ARN": {functions: all, set: list{client + "=arn:x"}, says: client},
		"a space":        {functions: all, set: list{client + "= x"}, says: client},
		"two clients":    {functions: names, set: list{client + "=x y"}, says: client},

		"colon": {functions: all, set: list{"MFA_ISSUER=a:b"}, says: "colon"},
		"path": {
			functions: all, set: list{"ALLOW_ORIGIN=https://www.example.com/"},
			says: "ALLOW_ORIGIN",
		},
		"any origin":  {functions: all, set: list{"ALLOW_ORIGIN=*"}, says: "ALLOW_ORIGIN"},
		"base path":   {functions: all, set: list{"BASE_PATH=prod"}, says: "BASE_PATH"},
		"two dots":    {functions: all, set: list{"BASE_PATH=/v1/.."}, says: "BASE_PATH"},
		"two slashes": {functions: all, set: list{"BASE_PATH=//example.com"}, says: "BASE_PATH"},
		"set-up call": {
			functions: list{"verify"}, set: list{"COGNITO_SETUP_CALL=both"},
			says: "COGNITO_SETUP_CALL",
		},
		"fresh":     {functions: all, set: list{"FRESH_SIGN_IN=5m"}, says: "FRESH_SIGN_IN"},
		"not fresh": {functions: all, set: list{"FRESH_SIGN_IN=-1"}, says: "FRESH_SIGN_IN"},
		"SDK setting": {
			functions: all, set: list{"AWS_MAX_ATTEMPTS=many"}, says: "AWS_MAX_ATTEMPTS",
		},
		"two secrets": {
			functions: all, set: list{"COGNITO_CLIENT_SECRET=" + appClientSecret, parameter + "=x"},
			says: "not both",
		},
		"denied": {
			functions: all,
			set:       list{parameter + "=x", "AWS_ENDPOINT_URL_SSM=" + denied.URL},
			says:      "status 400, AccessDeniedException",
		},
		"not there": {
			functions: all, set: list{parameter + "=x", "AWS_ENDPOINT_URL_SSM=http://127.0.0.1:1"},
			says: parameter,
		},

		"authorizer, no pool":     {functions: authorizer, set: list{pool + "="}, says: pool},
		"authorizer, no client":   {functions: authorizer, set: list{client + "="}, says: client},
		"authorizer, spaces":      {functions: authorizer, set: list{client + "= "}, says: client},
		"authorizer, pool's name": {functions: authorizer, set: list{pool + "=users"}, says: pool},
		"authorizer, clients": {
			functions: authorizer, set: list{client + "=x y/z"}, says: client,
		},
		"authorizer, age": {
			functions: authorizer, set: list{"MAX_AGE=soon"}, says: "MAX_AGE",
		},
		"authorizer, issuer": {
			functions: authorizer,
			set:       list{issuer + "=x", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="},
			says:      "is not a URL",
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

// setAll sets variables in an environment, and removes those without a value.
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

// The client secret can come from Systems Manager, and through it from Secrets Manager.
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
