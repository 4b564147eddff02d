package pool

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// apiScope is the scope of tokens from a sign-in by the API. Calls with an access token require it.
const apiScope = "aws.cognito.signin.user.admin"

// grant has the content of the tokens of a sign-in or a refresh. It is made under the user's lock,
// and signed after that.
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
	claims     Claims
	acr        string   // the level that was reached, if one was asked for
	amr        []string // the factors behind acr
	device     string   // the key of the device, if the pool tracks devices
	newDevice  bool     // the key was made for this sign-in
}

// refreshTicket is the content of a refresh token. Times are in Unix nanoseconds.
type refreshTicket struct {
	Client, Sub, Origin string
	AuthTime, Expires   int64
	Device              string   `json:",omitempty"`
	ACR                 string   `json:",omitempty"`
	AMR                 []string `json:",omitempty"`
	Serial              int      // how often the sign-in's token was rotated before
}

// grant returns what every grant has: the current state of the user.
func (c *caller) grant() *grant {
	u := c.user
	g := &grant{
		client: c.client, name: u.name, sub: u.sub, scope: apiScope, claims: u.claims,
		attributes: c.client.readable(u.attributes), groups: slices.Clone(u.groups),
	}
	g.roles, g.preferred = c.pool.roles(g.groups)
	return g
}

// signedIn returns the grant of a complete sign-in. If the pool tracks devices, a sign-in on an
// unknown device gets a device key.
func (c *caller) signedIn(done progress) *grant {
	now := c.Now()
	c.user.failures = 0
	g := c.grant()
	g.authTime, g.origin = now, NewUUID()
	expires := now.Add(c.client.refresh)
	if c.quirks.PreciseSignOut && now.Unix() == c.user.signOut.Unix() {
		c.user.signOn(g.origin, expires, now).survives = true
	}
	if c.pool.settings().devices != nil {
		if d := c.user.device(done.device); d == nil {
			g.device, g.newDevice = c.newDeviceKey(done.keySource()), true
		} else {
			g.device = d.key
			d.metCode = d.metCode || done.keySource() == sourceSRPAndCode
		}
	}
	if done.target > 0 {
		g.acr, g.amr = c.pool.settings().levels[done.proof.level()-1], done.proof.amr()
	}
	g.refresh = &refreshTicket{
		Client: c.client.id, Sub: c.user.sub, Origin: g.origin, Device: g.device,
		ACR: g.acr, AMR: g.amr,
		AuthTime: now.UnixNano(), Expires: expires.UnixNano(),
	}
	return g
}

// refreshed returns the grant of a refresh, with auth_time, origin_jti and level of the sign-in.
func (c *caller) refreshed(t *refreshTicket) *grant {
	g := c.grant()
	g.authTime, g.origin, g.device = time.Unix(0, t.AuthTime), t.Origin, t.Device
	g.acr, g.amr = t.ACR, t.AMR
	return g
}

// authenticationResult is the member of that name in responses.
type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitempty"`
	TokenType    string

	NewDeviceMetadata *newDeviceMetadata `json:",omitempty"`
}

// newDeviceMetadata has the key of a device that the user pool did not know.
type newDeviceMetadata struct {
	DeviceKey, DeviceGroupKey string
}

// issue signs a grant's tokens.
func (m *Machine) issue(g *grant) (*authenticationResult, error) {
	now := m.Now()
	event := NewUUID()
	claims := func(use string, life time.Duration) jwt.MapClaims {
		c := jwt.MapClaims{
			"sub": g.sub, "iss": m.issuerOf(g.client.pool), "token_use": use, "event_id": event,
			"jti":       NewUUID(),
			"auth_time": g.authTime.Unix(), "iat": now.Unix(),
			"exp": now.Unix() + int64(life/time.Second),
		}
		if g.client.revocation {
			c["origin_jti"] = g.origin
		}
		if len(g.groups) > 0 {
			c["cognito:groups"] = g.groups
		}
		if g.acr != "" {
			c["acr"], c["amr"] = g.acr, g.amr
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
			id[a.Name] = isTrue(a.Value)
		} else if _, taken := id[a.Name]; !taken {
			id[a.Name] = a.Value
		}
	}

	maps.Copy(id, g.claims.ID)
	maps.Copy(access, g.claims.Access)

	result := &authenticationResult{
		ExpiresIn: int(g.client.access / time.Second), TokenType: "Bearer",
	}
	var err error
	if result.AccessToken, err = keys().access.sign(access); err != nil {
		return nil, err
	}
	if result.IDToken, err = keys().id.sign(id); err != nil {
		return nil, err
	}
	if g.newDevice {
		result.NewDeviceMetadata = &newDeviceMetadata{g.device, m.deviceGroup(g.client.pool)}
	}
	if g.refresh != nil {
		result.RefreshToken = m.sealer.sealRefresh(g.refresh)
	}
	return result, nil
}

// accessClaims are the claims that the server reads from its own access tokens.
type accessClaims struct {
	jwt.RegisteredClaims

	Use    string `json:"token_use"`
	Client string `json:"client_id"`
	Scope  string `json:"scope"`
	Origin string `json:"origin_jti"`
	Device string `json:"device_key"`

	AuthTime *jwt.NumericDate `json:"auth_time"`
	AMR      []string         `json:"amr"`
}

// The errors of an access token that do not depend on its user.
var (
	errAccessInvalid   = &Error{notAuthorized, "Invalid Access Token"}
	errAccessSignature = &Error{notAuthorized, "Could not verify signature for Access Token"}
	errAccessExpired   = &Error{notAuthorized, "Access Token has expired"}
)

// readAccess checks an access token's form, signature and expiry, in this order, and returns its
// claims and app client. It does not check the state of the user: see user.accepts.
func (m *Machine) readAccess(token string) (*accessClaims, *appClient, error) {
	claims := &accessClaims{}
	parser := jwt.NewParser(jwt.WithoutClaimsValidation())
	unverified, parts, err := parser.ParseUnverified(token, claims)
	if err != nil || claims.Use != "access" || claims.ExpiresAt == nil || claims.IssuedAt == nil {
		return nil, nil, errAccessInvalid
	}
	signature, err := parser.DecodeSegment(parts[2])
	if err != nil {
		return nil, nil, errAccessInvalid
	}
	key := keys().access
	if unverified.Header["kid"] != key.id || unverified.Method != jwt.SigningMethodRS256 ||
		jwt.SigningMethodRS256.Verify(parts[0]+"."+parts[1], signature, &key.PublicKey) != nil {
		return nil, nil, errAccessSignature
	}
	// All servers have the same keys, so check that the token is from this one.
	c, err := m.clientByID(claims.Client)
	if err != nil || claims.Issuer != m.issuerOf(c.pool) {
		return nil, nil, errAccessSignature
	}
	if !m.Now().Before(claims.ExpiresAt.Time) {
		return nil, nil, errAccessExpired
	}
	return claims, c, nil
}
