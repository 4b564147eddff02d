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

// appClient is an app client of a pool: the record that describes it, and the form that the code
// uses. It is replaced, never changed.
type appClient struct {
	id, name, secret  string
	pool              *pool
	created, modified time.Time
	record            clientRecord
	flows             []types.ExplicitAuthFlowsType
	reveal            bool // it tells unknown users from wrong passwords
	session           time.Duration
	access, idToken   time.Duration
	refresh           time.Duration
	revocation        bool
	rotation          bool
	grace             time.Duration
}

// allows reports whether one of some flows is enabled.
func (c *appClient) allows(flows ...types.ExplicitAuthFlowsType) bool {
	return slices.ContainsFunc(flows, func(f types.ExplicitAuthFlowsType) bool {
		return slices.Contains(c.flows, f)
	})
}

// Flows have older and newer names. With an older one, an app client also has SRP and refresh,
// unless it is for custom flows only.

func (c *appClient) allowsPassword() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
		types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

func (c *appClient) allowsAdminPassword() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
		types.ExplicitAuthFlowsTypeAdminNoSrpAuth)
}

func (c *appClient) allowsSRP() bool {
	return !c.allows(types.ExplicitAuthFlowsTypeCustomAuthFlowOnly) &&
		c.allows(types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			types.ExplicitAuthFlowsTypeAdminNoSrpAuth,
			types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

func (c *appClient) allowsCustom() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowCustomAuth,
		types.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
}

func (c *appClient) allowsUserAuth() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowUserAuth)
}

func (c *appClient) allowsRefresh() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		types.ExplicitAuthFlowsTypeAdminNoSrpAuth,
		types.ExplicitAuthFlowsTypeCustomAuthFlowOnly, types.ExplicitAuthFlowsTypeUserPasswordAuth)
}

// FlowsWithoutRefresh returns the flows that an app client with refresh token rotation may have.
func FlowsWithoutRefresh(flows []types.ExplicitAuthFlowsType) []types.ExplicitAuthFlowsType {
	return slices.DeleteFunc(slices.Clone(flows), func(f types.ExplicitAuthFlowsType) bool {
		return strings.HasSuffix(string(f), "REFRESH_TOKEN_AUTH")
	})
}

// checkHash checks the SECRET_HASH of a client with a secret: Base64(HMAC-SHA256(secret, username +
// client ID)), over the name as it was sent. The service has changed the text of the error once.
func (c *appClient) checkHash(username, hash string, oldText bool) error {
	if c.secret == "" {
		return nil
	}
	if hash == "" {
		return &Error{
			notAuthorized,
			"Client " + c.id + " is configured with secret but SECRET_HASH was not received",
		}
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

// reads and writes report whether users may see and change an attribute with the client. Without a
// list, these are all attributes, except that some are only for administrators to change. See
// FIDELITY.md, "Pools and app clients".

func (c *appClient) reads(name string) bool {
	listed := c.record.ReadAttributes
	return len(listed) == 0 || name == "sub" || slices.Contains(listed, name)
}

func (c *appClient) writes(name string) bool {
	listed := c.record.WriteAttributes
	return !onlyForAdmins(name) && (len(listed) == 0 || slices.Contains(listed, name))
}

// readable returns the attributes that the client may show.
func (c *appClient) readable(a attributes) attributes {
	return slices.DeleteFunc(slices.Clone(a),
		func(item attribute) bool { return !c.reads(item.Name) })
}

// check checks the rules of the service that go beyond its model. doing is "creating" or
// "updating", for some errors.
func (c *appClient) check(doing string) error {
	between := func(d, low, high time.Duration) bool { return low <= d && d <= high }
	r := &c.record
	propagates := r.EnablePropagateAdditionalUserContextData
	switch {
	case !between(c.access, 5*time.Minute, day) || !between(c.idToken, 5*time.Minute, day) ||
		!between(c.refresh, time.Hour, 3650*day):
		return invalidParameter("Invalid range for token validity.")
	case max(c.access, c.idToken) > c.refresh:
		return invalidParameter(
			"Access and Id Token expiration times must be less than or equal to " +
				"refresh token expiration times.")
	case c.rotation && c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth):
		return invalidParameter(
			"ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation.")
	case c.mixesFlows():
		return invalidParameter(
			"Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")
	case propagates && c.secret == "":
		return invalidParameter(
			"Client Secret is required to set EnablePropagateAdditionalUserContextData as true")
	case !c.pool.has(r.ReadAttributes, func(string) bool { return true }):
		return invalidParameter("Invalid read attributes specified while %s a client", doing)
	case len(r.WriteAttributes) > 0 && !c.pool.canWriteOnly(r.WriteAttributes):
		return invalidParameter("Invalid write attributes specified while %s a client", doing)
	}
	return c.checkOAuth()
}

// mixesFlows reports whether the client has flows by older and by newer names.
func (c *appClient) mixesFlows() bool {
	newer := func(f types.ExplicitAuthFlowsType) bool {
		return strings.HasPrefix(string(f), "ALLOW_")
	}
	older := func(f types.ExplicitAuthFlowsType) bool { return !newer(f) }
	return slices.ContainsFunc(c.flows, newer) && slices.ContainsFunc(c.flows, older)
}

// has reports whether the pool has all named attributes, and each satisfies kind.
func (p *pool) has(names []string, kind func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return p.schema.attribute(name) == nil || !kind(name)
	})
}

// canWriteOnly reports whether a client can be limited to writing some attributes: they must
// include those that the pool requires.
func (p *pool) canWriteOnly(names []string) bool {
	unlisted := func(name string) bool { return !slices.Contains(names, name) }
	return p.has(names, func(name string) bool { return name != "sub" && !onlyForAdmins(name) }) &&
		!slices.ContainsFunc(p.schema.required(), unlisted)
}
