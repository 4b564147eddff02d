package cognitotest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// apiScope is the scope that a sign-in over the API gives, and that the calls with an access token demand.
const apiScope = "aws.cognito.signin.user.admin"

// grant is what a sign-in or a refresh has earned: tokens for a user as it was then. It is made under the user's lock and signed outside.
type grant struct {
	client     *appClient
	name, sub  string
	attributes attributes
	groups     []string
	roles      []string
	preferred  string // role
	scope      string
	authTime   time.Time
	origin     string // origin_jti: the same in all tokens of one sign-in
	refresh    *refreshTicket
	device     string // key of the device that the sign-in happened on, where the pool tracks devices
	newDevice  bool   // the key was made for this sign-in
}

// grant begins a new family of tokens for the user, whose lock is held. Where the pool tracks devices, a sign-in on none of the user's gets a
// key for one.
func (b *backend) grant(u *user, c *appClient, device string) *grant {
	now := b.time()
	u.failures = 0
	g := u.grant(c)
	g.authTime, g.origin, g.scope = now, newUUID(), apiScope
	if b.quirks.PreciseSignOut && now.Unix() == u.signOut.Unix() {
		u.family(g.origin, now.Add(c.refresh), now).survives = true
	}
	if u.pool.settings().devices != nil {
		g.device, g.newDevice = device, u.device(device) == nil
		if g.newDevice {
			g.device = b.region + "_" + newUUID()
		}
	}
	g.refresh = &refreshTicket{
		Pool: u.pool.id, Client: c.id, Sub: u.sub, Origin: g.origin, AuthTime: now.UnixNano(), Expires: now.Add(c.refresh).UnixNano(), Device: g.device,
	}
	return g
}

// grant takes what tokens say of the user, whose lock is held.
func (u *user) grant(c *appClient) *grant {
	g := &grant{client: c, name: u.name, sub: u.sub, attributes: slices.Clone(u.attributes), groups: slices.Clone(u.groups)}
	g.roles, g.preferred = u.pool.roles(g.groups)
	return g
}

// authenticationResult is the answer's member of that name.
type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitempty"`
	TokenType    string

	NewDeviceMetadata *newDeviceMetadata `json:",omitempty"`
}

// issue signs a grant's tokens.
func (b *backend) issue(g *grant) (*authenticationResult, error) {
	now := b.time()
	event := newUUID()
	claims := func(use string, life time.Duration) jwt.MapClaims {
		c := jwt.MapClaims{
			"sub": g.sub, "iss": b.issuer(g.client.pool), "token_use": use, "event_id": event, "jti": newUUID(),
			"auth_time": g.authTime.Unix(), "iat": now.Unix(), "exp": now.Unix() + int64(life/time.Second),
		}
		if g.client.revocation {
			c["origin_jti"] = g.origin
		}
		if len(g.groups) > 0 {
			c["cognito:groups"] = g.groups
		}
		return c
	}

	access := claims("access", g.client.access)
	access["client_id"], access["username"], access["scope"] = g.client.id, g.name, g.scope
	if g.device != "" {
		access["device_key"] = g.device
	}

	id := claims("id", g.client.idToken)
	id["aud"], id["cognito:username"] = g.client.id, g.name
	if len(g.roles) > 0 {
		id["cognito:roles"] = g.roles
	}
	if g.preferred != "" {
		id["cognito:preferred_role"] = g.preferred
	}
	for _, a := range g.attributes {
		if strings.HasSuffix(a.Name, "_verified") {
			id[a.Name] = a.Value == "true"
		} else if _, taken := id[a.Name]; !taken {
			id[a.Name] = a.Value
		}
	}

	result := &authenticationResult{ExpiresIn: int(g.client.access / time.Second), TokenType: "Bearer"}
	var err error
	if result.AccessToken, err = keys().access.sign(access); err != nil {
		return nil, err
	}
	if result.IDToken, err = keys().id.sign(id); err != nil {
		return nil, err
	}
	if g.newDevice {
		result.NewDeviceMetadata = &newDeviceMetadata{g.device, b.deviceGroup(g.client.pool)}
	}
	if g.refresh != nil {
		result.RefreshToken = b.sealer.sealRefresh(g.refresh)
	}
	return result, nil
}

func (k signingKey) sign(claims jwt.MapClaims) (string, error) {
	token := &jwt.Token{Header: map[string]any{"kid": k.id, "alg": "RS256"}, Claims: claims, Method: jwt.SigningMethodRS256}
	return token.SignedString(k.PrivateKey)
}

// issuer is the one that the real service would write for the pool, so that code which expects it of a region and a pool runs unchanged.
func (b *backend) issuer(p *pool) string {
	return fmt.Sprintf("https://cognito-idp.%s.amazonaws.com/%s", b.region, p.id)
}

// accessClaims is what the server reads from its own access tokens.
type accessClaims struct {
	jwt.RegisteredClaims
	Use    string `json:"token_use"`
	Client string `json:"client_id"`
	Scope  string `json:"scope"`
	Origin string `json:"origin_jti"`
	Device string `json:"device_key"`
}

// authenticate finds the user of an access token and locks it. The token is checked in this order: form, signature, expiry, revocation,
// scope, state of the user.
func (b *backend) authenticate(token string) (*user, error) {
	u, _, err := b.authenticateOn(token)
	return u, err
}

// authenticateOn also gives the key of the device that the token was given on.
func (b *backend) authenticateOn(token string) (u *user, device string, err error) {
	var claims accessClaims
	parser := jwt.NewParser(jwt.WithoutClaimsValidation())
	unverified, parts, err := parser.ParseUnverified(token, &claims)
	if err != nil || claims.Use != "access" || claims.ExpiresAt == nil || claims.IssuedAt == nil {
		return nil, "", errAccessInvalid
	}
	signature, err := parser.DecodeSegment(parts[2])
	if err != nil {
		return nil, "", errAccessInvalid
	}
	key := keys().access
	if unverified.Header["kid"] != key.id || unverified.Method != jwt.SigningMethodRS256 ||
		jwt.SigningMethodRS256.Verify(parts[0]+"."+parts[1], signature, &key.PublicKey) != nil {
		return nil, "", errAccessSignature
	}
	// The keys are the process's: the issuer and the client tell whether the token is this server's.
	c, err := b.client(claims.Client)
	if err != nil || claims.Issuer != b.issuer(c.pool) {
		return nil, "", errAccessSignature
	}
	if !b.time().Before(claims.ExpiresAt.Time) {
		return nil, "", errAccessExpired
	}
	u = c.pool.bySub(claims.Subject)
	if u == nil {
		return nil, "", errNoUser
	}
	if err := u.lock(); err != nil {
		return nil, "", err
	}
	switch {
	case u.revoked(claims.Origin, claims.IssuedAt.Time):
		err = errAccessRevoked
	case !slices.Contains(strings.Fields(claims.Scope), apiScope):
		err = errAccessScope
	case u.disabled:
		err = errDisabled
	case u.status == userUnconfirmed:
		err = errNotConfirmed
	default:
		return u, claims.Device, nil
	}
	u.mu.Unlock()
	return nil, "", err
}
