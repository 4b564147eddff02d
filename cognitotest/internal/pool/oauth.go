package pool

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Hosted sign-in pages are not simulated. The settings of app clients for them are checked against
// the rules of the service, and kept.

// checkOAuth checks the client's settings for hosted pages.
func (c *appClient) checkOAuth() error {
	r := &c.record
	flow := func(flows ...types.OAuthFlowType) bool {
		return slices.ContainsFunc(flows, func(f types.OAuthFlowType) bool {
			return slices.Contains(r.AllowedOAuthFlows, string(f))
		})
	}
	machine := flow(types.OAuthFlowTypeClientCredentials)
	person := flow(types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit)
	on := r.AllowedOAuthFlowsUserPoolClient
	switch {
	case on && (len(r.AllowedOAuthFlows) == 0 || len(r.AllowedOAuthScopes) == 0):
		return invalidParameter("AllowedOAuthFlows and AllowedOAuthScopes are required " +
			"if user pool client is allowed to use OAuth flows.")
	case machine && person:
		return invalidFlow(
			"client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && c.secret == "":
		return invalidFlow(
			"client_credentials flow can not be selected if client does not have a client secret.")
	case on && person && len(r.CallbackURLs) == 0:
		return invalidFlow(
			"CallbackUrls can not be empty when code flow or implicit flow is selected")
	case r.DefaultRedirectURI != "" && !slices.Contains(r.CallbackURLs, r.DefaultRedirectURI):
		return invalidParameter("The default redirect URI %s is not in the callback URIs list.",
			r.DefaultRedirectURI)
	}
	if err := c.checkURLs(); err != nil {
		return err
	}
	for _, scope := range r.AllowedOAuthScopes {
		standard := slices.Contains([]string{"phone", "email", "openid", "profile", apiScope},
			scope)
		switch {
		case standard && machine:
			return invalidFlow(scope + " is not supported with client_credentials flow")
		case !standard && !c.pool.hasScope(scope):
			return &Error{"ScopeDoesNotExistException", "Invalid scope requested: " + scope}
		}
	}
	return nil
}

// loopback are the hosts that a URL with HTTP may have.
var loopback = [...]string{"localhost", "127.0.0.1", "::1"}

func invalidFlow(text string) error { return &Error{"InvalidOAuthFlowException", text} }

// checkURLs checks the callback and sign-out URLs: HTTPS, HTTP to the user's own computer, or an
// app's scheme.
func (c *appClient) checkURLs() error {
	for _, address := range c.record.CallbackURLs {
		if strings.Contains(address, "#") {
			return invalidParameter("%s cannot use fragment", address)
		}
	}
	for _, address := range slices.Concat(c.record.CallbackURLs, c.record.LogoutURLs) {
		u, err := url.Parse(address)
		if err == nil && u.Scheme == "http" && !slices.Contains(loopback[:], u.Hostname()) {
			return invalidParameter("%s cannot use the HTTP protocol.", address)
		}
	}
	return nil
}
