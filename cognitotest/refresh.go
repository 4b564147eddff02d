package cognitotest

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"
)

// refreshTicket is what a refresh token says to the server. Times are in Unix nanoseconds.
type refreshTicket struct {
	Pool, Client, Sub, Origin string
	AuthTime, Expires         int64
	Device                    string `json:",omitempty"`
	Serial                    int    // how often the family was rotated before this token
}

// family is what the server must remember of the tokens of one sign-in. Most sign-ins leave nothing here: their tokens speak for themselves.
type family struct {
	revoked  bool // by RevokeToken
	survives bool // began after the last global sign-out, in the same second
	serial   int  // of the newest refresh token
	rotated  time.Time
	expires  time.Time
}

// family gives the record of a family, making it if need be. From time to time it drops those that are over.
func (u *user) family(origin string, expires, now time.Time) *family {
	f := u.families[origin]
	if f != nil {
		return f
	}
	if n := len(u.families); n >= 64 && n&(n-1) == 0 {
		for origin, f := range u.families {
			if now.After(f.expires) {
				delete(u.families, origin)
			}
		}
	}
	if u.families == nil {
		u.families = map[string]*family{}
	}
	f = &family{expires: expires.Add(day)} // an access token may outlive the refresh token that it came of, by a day at most
	u.families[origin] = f
	return f
}

// revokeAll ends every token of the user.
func (u *user) revokeAll(now time.Time) {
	u.signOut = now
	for _, f := range u.families {
		f.survives = false
	}
}

// revoked tells whether a token issued at t was ended before its time. A global sign-out reaches every token of its second, also those that come
// right after it; that is what people who sign in again at once have seen of Cognito.
func (u *user) revoked(origin string, t time.Time) bool {
	f := u.families[origin]
	if f != nil && f.revoked {
		return true
	}
	return !u.signOut.IsZero() && t.Unix() <= u.signOut.Unix() && (f == nil || !f.survives)
}

// redeem finds the user of a refresh token and locks it. A token that was given on a device is good with the key of that device only, and only
// as long as it is confirmed.
func (b *backend) redeem(token, device string, c *appClient) (*user, *refreshTicket, error) {
	var t refreshTicket
	if !b.sealer.openRefresh(&t, token) || t.Client != c.id {
		return nil, nil, errRefreshInvalid
	}
	if b.time().UnixNano() >= t.Expires {
		return nil, nil, errRefreshExpired
	}
	u := c.pool.bySub(t.Sub)
	if u == nil {
		return nil, nil, errNoUser
	}
	if err := u.lock(); err != nil {
		return nil, nil, err
	}
	var err error
	switch {
	case u.revoked(t.Origin, time.Unix(0, t.AuthTime)):
		err = errRefreshRevoked
	case u.disabled:
		err = errDisabled
	case t.Device != "" && u.pool.settings().devices != nil && (t.Device != device || u.device(device) == nil):
		err = errRefreshInvalid
	default:
		return u, &t, nil
	}
	u.mu.Unlock()
	return nil, nil, err
}

// renew is a grant from a refresh token: auth_time and origin_jti stay those of the sign-in.
func (u *user) renew(c *appClient, t *refreshTicket) *grant {
	g := u.grant(c)
	g.authTime, g.origin, g.scope, g.device = time.Unix(0, t.AuthTime), t.Origin, apiScope, t.Device
	return g
}

// refreshAuth is the flow REFRESH_TOKEN_AUTH of InitiateAuth.
func (b *backend) refreshAuth(c *appClient, parameters map[string]string) (*grant, error) {
	if !c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth,
		types.ExplicitAuthFlowsTypeCustomAuthFlowOnly, types.ExplicitAuthFlowsTypeUserPasswordAuth) {
		return nil, invalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client")
	}
	token := parameters["REFRESH_TOKEN"]
	if token == "" {
		return nil, missingParameter("REFRESH_TOKEN")
	}
	if c.rotation {
		return nil, errRefreshInvalid // a client that rotates has GetTokensFromRefreshToken alone
	}
	u, t, err := b.redeem(token, parameters["DEVICE_KEY"], c)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	// There is no user name in the call: the hash is over the real one.
	if err := b.checkHash(c, u.name, parameters["SECRET_HASH"]); err != nil {
		return nil, err
	}
	return u.renew(c, t), nil
}

type getTokensRequest struct {
	RefreshToken string
	ClientID     string `json:"ClientId"`
	ClientSecret string
	DeviceKey    string
}

type getTokensResponse struct {
	AuthenticationResult *authenticationResult
}

func (b *backend) getTokensFromRefreshToken(in *getTokensRequest) (*getTokensResponse, error) {
	c, err := b.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	if in.ClientSecret != c.secret {
		return nil, &apiError{typeNotAuthorized, "Client secret does not match for the client: " + c.id}
	}
	g, err := b.rotate(in.RefreshToken, in.DeviceKey, c)
	if err != nil {
		return nil, err
	}
	result, err := b.issue(g)
	return &getTokensResponse{result}, err
}

// rotate redeems a refresh token and, where the client rotates, makes its successor, which has what is left of its life. During the grace
// period the old one gives a token of the same generation again, since an answer may have been lost.
func (b *backend) rotate(token, device string, c *appClient) (*grant, error) {
	u, t, err := b.redeem(token, device, c)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	g := u.renew(c, t)
	if !c.rotation {
		return g, nil
	}
	now := b.time()
	f := u.family(t.Origin, time.Unix(0, t.Expires), now)
	switch {
	case t.Serial == f.serial:
		f.serial++
		f.rotated = now
	case t.Serial == f.serial-1 && now.Before(f.rotated.Add(c.grace)):
	default:
		return nil, errRefreshReuse
	}
	next := *t
	next.Serial = f.serial
	g.refresh = &next
	return g, nil
}

type revokeTokenRequest struct {
	Token        string
	ClientID     string `json:"ClientId"`
	ClientSecret string
}

func (b *backend) revokeToken(in *revokeTokenRequest) (*empty, error) {
	c, err := b.client(in.ClientID)
	if err != nil || in.ClientSecret != c.secret {
		return nil, &apiError{typeUnauthorized, "Invalid client"}
	}
	if !c.revocation {
		return nil, &apiError{typeUnsupportedOperation, "Token revocation is not enabled for the client."}
	}
	if _, _, err := jwt.NewParser().ParseUnverified(in.Token, jwt.MapClaims{}); err == nil {
		return nil, &apiError{typeUnsupportedToken, "Only refresh tokens can be revoked."}
	}
	var t refreshTicket
	if !b.sealer.openRefresh(&t, in.Token) {
		return &empty{}, nil // as RFC 7009 wants it: what is no token needs no revocation
	}
	if t.Client != c.id {
		return nil, &apiError{typeUnauthorized, "Invalid client"}
	}
	u := c.pool.bySub(t.Sub)
	if u == nil || u.lock() != nil {
		return &empty{}, nil
	}
	defer u.mu.Unlock()
	u.family(t.Origin, time.Unix(0, t.Expires), b.time()).revoked = true
	return &empty{}, nil
}

// flowsWithoutRefresh is what a client that rotates may have.
func flowsWithoutRefresh(flows []types.ExplicitAuthFlowsType) []types.ExplicitAuthFlowsType {
	return slices.DeleteFunc(slices.Clone(flows), func(f types.ExplicitAuthFlowsType) bool {
		return strings.HasSuffix(string(f), "REFRESH_TOKEN_AUTH")
	})
}
