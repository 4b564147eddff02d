package pool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// appClient is an app client of a pool. It is replaced, never changed.
type appClient struct {
	id, name, secret  string
	pool              *pool
	created, modified time.Time
	flows             []types.ExplicitAuthFlowsType
	reveal            bool // unknown users are told from wrong passwords
	session           time.Duration
	access, idToken   time.Duration
	refresh           time.Duration
	revocation        bool
	rotation          bool
	grace             time.Duration
	propagates        bool // it tells threat protection the user's address
}

// allows tells whether one of the flows is switched on.
func (c *appClient) allows(flows ...types.ExplicitAuthFlowsType) bool {
	return slices.ContainsFunc(flows, func(f types.ExplicitAuthFlowsType) bool {
		return slices.Contains(c.flows, f)
	})
}

// What a client may do by its flows, of which there are older and newer names. By the older ones it
// has SRP and refresh, unless it is told to have custom flows only.

func (c *appClient) allowsPassword() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

func (c *appClient) allowsAdminPassword() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth)
}

func (c *appClient) allowsSRP() bool {
	return !c.allows(types.ExplicitAuthFlowsTypeCustomAuthFlowOnly) &&
		c.allows(types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth,
			types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

func (c *appClient) allowsCustom() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
}

func (c *appClient) allowsUserAuth() bool { return c.allows(types.ExplicitAuthFlowsTypeAllowUserAuth) }

func (c *appClient) allowsRefresh() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth,
		types.ExplicitAuthFlowsTypeCustomAuthFlowOnly, types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

// flowsWithoutRefresh is what a client that rotates may have.
func flowsWithoutRefresh(flows []types.ExplicitAuthFlowsType) []types.ExplicitAuthFlowsType {
	return slices.DeleteFunc(slices.Clone(flows), func(f types.ExplicitAuthFlowsType) bool {
		return strings.HasSuffix(string(f), "REFRESH_TOKEN_AUTH")
	})
}

// checkHash checks the SECRET_HASH of a client with a secret: Base64(HMAC-SHA256(secret, username +
// client ID)), over the name as it was sent. The text of the error has changed once.
func (c *appClient) checkHash(username, hash string, oldText bool) error {
	if c.secret == "" {
		return nil
	}
	if hash == "" {
		return &Error{notAuthorized, "Client " + c.id + " is configured with secret but SECRET_HASH was not received"}
	}
	mac := hmac.New(sha256.New, []byte(c.secret))
	_, _ = mac.Write([]byte(username + c.id))
	switch {
	case hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(hash)):
		return nil
	case oldText:
		return &Error{notAuthorized, "Unable to verify secret hash for client " + c.id}
	default:
		return &Error{notAuthorized, "SecretHash does not match for the client: " + c.id}
	}
}

// check holds the settings against the rules of the service that go beyond its model.
func (c *appClient) check() error {
	between := func(d, low, high time.Duration) bool { return low <= d && d <= high }
	switch {
	case !between(c.access, 5*time.Minute, day) || !between(c.idToken, 5*time.Minute, day) ||
		!between(c.refresh, time.Hour, 3650*day):
		return invalidParameter("Invalid range for token validity.")
	case c.propagates && c.secret == "":
		return invalidParameter("EnablePropagateAdditionalUserContextData needs a client with a secret.")
	case c.rotation && c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth):
		return invalidParameter("ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation.")
	}
	return nil
}
