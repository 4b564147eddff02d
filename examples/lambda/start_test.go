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
	refused := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","Message":"arn:aws:iam::123456789012:role/x is not authorized"}`))
	}))
	t.Cleanup(refused.Close)
	for name, c := range map[string]struct {
		set  []string // NAME=value; without a value the variable is taken away
		says string
	}{
		"no pool":         {[]string{"COGNITO_USER_POOL_ID="}, "COGNITO_USER_POOL_ID"},
		"no client":       {[]string{"COGNITO_CLIENT_ID="}, "COGNITO_CLIENT_ID"},
		"no issuer":       {[]string{"MFA_ISSUER="}, "MFA_ISSUER"},
		"nothing":         {[]string{"COGNITO_USER_POOL_ID=", "COGNITO_CLIENT_ID=", "MFA_ISSUER="}, "COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, MFA_ISSUER"},
		"no region":       {[]string{"AWS_REGION="}, "AWS_REGION"},
		"colon":           {[]string{"MFA_ISSUER=a:b"}, "colon"},
		"blank":           {[]string{"COGNITO_CLIENT_ID= x"}, "white space"},
		"origin":          {[]string{"ALLOW_ORIGIN=https://www.example.com/"}, "ALLOW_ORIGIN"},
		"any origin":      {[]string{"ALLOW_ORIGIN=*"}, "ALLOW_ORIGIN"},
		"two secrets":     {[]string{"COGNITO_CLIENT_SECRET=" + appClientSecret, "COGNITO_CLIENT_SECRET_PARAMETER=x"}, "not both"},
		"SDK setting":     {[]string{"AWS_MAX_ATTEMPTS=many"}, "AWS_MAX_ATTEMPTS"},
		"parameter":       {[]string{"COGNITO_CLIENT_SECRET_PARAMETER=x", "AWS_ENDPOINT_URL_SSM=" + refused.URL}, "status 400, AccessDeniedException"},
		"no Systems Mgr.": {[]string{"COGNITO_CLIENT_SECRET_PARAMETER=x", "AWS_ENDPOINT_URL_SSM=http://127.0.0.1:1"}, "COGNITO_CLIENT_SECRET_PARAMETER"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			for _, function := range names {
				var stdout, stderr bytes.Buffer
				f, err := runtimeapi.Start(t.Context(), filepath.Join(dist, function), setAll(s.environment("signin"), c.set), &stdout, &stderr)
				require.NoError(t, err)
				t.Cleanup(f.Close)
				status, err := f.Wait()
				require.NoError(t, err)
				assert.Equal(t, 1, status)
				assert.Empty(t, stdout.String())
				assert.True(t, strings.HasPrefix(stderr.String(), function+": "), stderr.String())
				assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
				assert.Contains(t, stderr.String(), c.says)
				assert.NotContains(t, stderr.String(), appClientSecret)
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

// The app client's secret may be a parameter of Systems Manager, or through it a secret of Secrets Manager.
func TestSecretParameter(t *testing.T) {
	const name = "/aws/reference/secretsmanager/cognito-client-secret"
	asked := make(chan *http.Request, 4)
	systemsManager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name           string
			WithDecryption bool
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name != name || !in.WithDecryption {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		asked <- r
		_, _ = w.Write([]byte(`{"Parameter":{"Name":"` + name + `","Type":"SecureString","Value":"` + appClientSecret + `","Version":1}}`))
	}))
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
	assert.Regexp(t, `^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/ssm/aws4_request, `, r.Header.Get("Authorization"))
}
