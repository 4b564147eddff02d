package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// config is what a program needs to know that is to use the pool.
type config struct {
	Endpoint        string            `json:"endpoint"`
	Region          string            `json:"region"`
	UserPoolID      string            `json:"userPoolId"`
	ClientID        string            `json:"clientId"`
	ClientSecretSet bool              `json:"clientSecretSet"`
	Issuer          string            `json:"issuer"`
	JWKS            string            `json:"jwksUrl"`
	Control         string            `json:"control,omitempty"`
	Unsimulated     string            `json:"unsimulated,omitempty"`
	Users           int               `json:"users"`
	Environment     map[string]string `json:"environment"`

	try string // a line for a shell that calls the pool
}

func configOf(srv *cognitotest.Server, s *settings, users []cognitotest.User, control string) *config {
	pool := srv.UserPoolID
	c := &config{
		Endpoint: srv.URL, Region: srv.Region, UserPoolID: pool, ClientID: srv.ClientID, ClientSecretSet: srv.ClientSecret != "",
		Issuer: "https://cognito-idp." + srv.Region + ".amazonaws.com/" + pool, JWKS: srv.URL + "/" + pool + "/.well-known/jwks.json",
		Control: control, Users: len(users),
		Environment: map[string]string{
			"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": srv.URL, "AWS_REGION": srv.Region, "AWS_DEFAULT_REGION": srv.Region,
			"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		},
	}
	if s.pool.AcceptUnsimulated {
		c.Unsimulated = "settings that are not simulated, such as Lambda triggers, are kept and do nothing"
	}
	if len(users) > 0 {
		c.try = signInLine(srv, users[0].Username)
	} else {
		c.try = signUpLine(srv, s)
	}
	return c
}

// variables are the environment variables in the order in which they are shown.
var variables = [...]string{
	"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
}

// writeJSON writes the configuration as one line of JSON.
func (c *config) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(c)
}

// writeText writes the configuration for people.
func (c *config) writeText(w io.Writer) error {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%-14s %s\n", key+":", value) }
	line("endpoint", c.Endpoint)
	line("region", c.Region)
	line("user-pool-id", c.UserPoolID)
	line("client-id", c.ClientID)
	line("client-secret", map[bool]string{true: "set", false: "none"}[c.ClientSecretSet])
	line("issuer", c.Issuer)
	line("jwks", c.JWKS)
	line("users", fmt.Sprint(c.Users))
	if c.Control != "" {
		line("control", c.Control)
	}
	if c.Unsimulated != "" {
		line("unsimulated", c.Unsimulated)
	}
	b.WriteString("\nAWS SDKs; calls that AWS wants signed take any credentials:\n")
	for _, name := range variables {
		fmt.Fprintf(&b, "  export %s=%s\n", name, c.Environment[name])
	}
	fmt.Fprintf(&b, "\nAWS CLI:\n  %s\n", c.try)
	if !c.ClientSecretSet { // which these two have no use for
		fmt.Fprintf(&b, "\namazon-cognito-identity-js:\n  new CognitoUserPool({ UserPoolId: '%s', ClientId: '%s', endpoint: '%s' })\n", c.UserPoolID, c.ClientID, c.Endpoint)
		fmt.Fprintf(&b, "\nAWS Amplify:\n  Amplify.configure({ Auth: { Cognito: { userPoolId: '%s', userPoolClientId: '%s', userPoolEndpoint: '%s' } } })\n", c.UserPoolID, c.ClientID, c.Endpoint)
	}
	b.WriteString("\nCtrl-C ends it.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// cli begins a line of the AWS CLI. The calls in the lines need no credentials.
func cli(srv *cognitotest.Server, command string) string {
	return fmt.Sprintf("aws cognito-idp %s --endpoint-url %s --region %s --client-id %s", command, srv.URL, srv.Region, srv.ClientID)
}

// signInLine signs a user in. It asks for the password: one that came in a file is not for the screen.
func signInLine(srv *cognitotest.Server, username string) string {
	parameters := `{"USERNAME":` + quoteJSON(username) + `,`
	if hash := secretHash(srv, username); hash != "" {
		parameters += `"SECRET_HASH":"` + hash + `",`
	}
	return "printf 'Password: '; read -r p; " + cli(srv, "initiate-auth") + " --auth-flow USER_PASSWORD_AUTH --auth-parameters " +
		quote(parameters+`"PASSWORD":"`) + `"$p"` + quote(`"}`)
}

// signUpLine signs a first user up, under a name that the pool allows.
func signUpLine(srv *cognitotest.Server, s *settings) string {
	username := "alice"
	if attributes := s.pool.UsernameAttributes; len(attributes) > 0 {
		username = map[string]string{"email": "alice@example.com", "phone_number": "+15550001234"}[string(attributes[0])]
	}
	line := cli(srv, "sign-up") + " --username " + username + " --password 'Passw0rd!'"
	if hash := secretHash(srv, username); hash != "" {
		line += " --secret-hash " + hash
	}
	return line
}

// secretHash is what proves that a client knows its secret: for one user, so that it does not give the secret away.
func secretHash(srv *cognitotest.Server, username string) string {
	if srv.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(srv.ClientSecret))
	_, _ = mac.Write([]byte(username + srv.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func quoteJSON(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// quote quotes a text for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
