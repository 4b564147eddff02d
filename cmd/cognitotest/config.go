package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// config has what a program needs to use the pool.
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

	try quickstart
}

func configOf(
	srv *cognitotest.Server, s *settings, users []cognitotest.User, control string,
) *config {
	c := &config{
		Endpoint: srv.URL, Region: srv.Region, UserPoolID: srv.UserPoolID, ClientID: srv.ClientID,
		ClientSecretSet: srv.ClientSecret != "", Issuer: srv.Issuer(), JWKS: srv.JWKSURL(),
		Control: control, Users: len(users),
		Environment: map[string]string{
			"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": srv.URL,
			"AWS_REGION": srv.Region, "AWS_DEFAULT_REGION": srv.Region,
			"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		},
		try: newQuickstart(srv, s, users, control),
	}
	if s.pool.AcceptUnsimulated {
		c.Unsimulated = "settings that are not simulated, such as Lambda triggers, " +
			"are kept and do nothing"
	}
	return c
}

// variables are the environment variables, in the order of the output.
var variables = [...]string{
	"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
}

// versions are the first ones of AWS's tools that read the first of the variables, by their change
// logs, and for JavaScript by https://github.com/aws/aws-sdk-js-v3/issues/5364. Older ones call
// AWS.
const versions = "AWS CLI 1.29 and 2.13, boto3 1.28, JavaScript 3.428, Java 2.28.1, Go of 2023-11"

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
	if c.Control == "" {
		line("control", "none; -control 127.0.0.1:9230 gives one, which tells codes")
	} else {
		line("control", c.Control)
	}
	if c.Unsimulated != "" {
		line("unsimulated", c.Unsimulated)
	}
	fmt.Fprintf(&b, "\n%s with the AWS CLI, in any version:\n", c.try.title)
	for _, command := range c.try.commands {
		fmt.Fprintf(&b, "  %s\n", command)
	}
	b.WriteString("\nboto3, in any version; calls that AWS wants signed take any credentials:\n")
	fmt.Fprintf(&b, "  boto3.client('cognito-idp', '%s', endpoint_url='%s', "+
		"aws_access_key_id='test', aws_secret_access_key='test')\n", c.Region, c.Endpoint)
	fmt.Fprintf(&b, "\nAWS SDKs, from %s\n(older ones ignore the first line and call AWS):\n",
		versions)
	for _, name := range variables {
		fmt.Fprintf(&b, "  export %s=%s\n", name, c.Environment[name])
	}
	if !c.ClientSecretSet { // which these two have no use for
		fmt.Fprintf(&b, "\namazon-cognito-identity-js:\n"+
			"  new CognitoUserPool({ UserPoolId: '%s', ClientId: '%s', endpoint: '%s' })\n",
			c.UserPoolID, c.ClientID, c.Endpoint)
		fmt.Fprintf(&b, "\nAWS Amplify:\n  Amplify.configure({ Auth: { Cognito: { "+
			"userPoolId: '%s', userPoolClientId: '%s', userPoolEndpoint: '%s' } } })\n",
			c.UserPoolID, c.ClientID, c.Endpoint)
	}
	b.WriteString("\nCtrl-C ends it.\n")
	_, err := io.WriteString(w, b.String())
	return err
}
