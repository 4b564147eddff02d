package pool

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type getTokensRequest struct {
	RefreshToken string
	ClientSecret string
	DeviceKey    string
}

type getTokensResponse struct {
	AuthenticationResult *authenticationResult

	machine *Machine
	grant   *grant
}

func (r *getTokensResponse) finish() (err error) {
	r.AuthenticationResult, err = r.machine.issue(r.grant)
	return err
}

// getTokensFromRefreshToken redeems a refresh token. With rotation, it also returns a successor
// with the rest of its lifetime. During the grace period, the old token returns a successor of the
// same generation again, since the response may have been lost. See FIDELITY.md, "Tokens".
func getTokensFromRefreshToken(c *caller, in *getTokensRequest) (*getTokensResponse, error) {
	if in.ClientSecret != c.client.secret {
		return nil, &Error{
			notAuthorized, "Client secret does not match for the client: " + c.client.id,
		}
	}
	t, err := c.redeem(in.RefreshToken, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	out := &getTokensResponse{machine: c.Machine, grant: c.refreshed(t)}
	if !c.client.rotation {
		return out, nil
	}
	now := c.Now()
	s := c.user.signOn(t.Origin, time.Unix(0, t.Expires), now)
	switch {
	case t.Serial == s.serial:
		s.serial++
		s.rotated = now
	case t.Serial == s.serial-1 && now.Before(s.rotated.Add(c.client.grace)):
	default:
		return nil, &Error{"RefreshTokenReuseException", "Refresh token reuse detected."}
	}
	successor := *t
	successor.Serial = s.serial
	out.grant.refresh = &successor
	return out, nil
}

type revokeTokenRequest struct {
	Token string
}

func revokeToken(c *caller, in *revokeTokenRequest) (*none, error) {
	if !c.client.revocation {
		return nil, &Error{
			"UnsupportedOperationException", "Token revocation is not enabled for the client.",
		}
	}
	if _, _, err := jwt.NewParser().ParseUnverified(in.Token, jwt.MapClaims{}); err == nil {
		return nil, &Error{"UnsupportedTokenTypeException", "Only refresh tokens can be revoked."}
	}
	t, err := c.owner(in.Token)
	switch {
	case errors.Is(err, errNoOwner):
		return &none{}, nil
	case err != nil:
		return nil, err
	}
	c.user.signOn(t.Origin, time.Unix(0, t.Expires), c.Now()).revoked = true
	return &none{}, nil
}

// globalSignOut revokes all tokens of the user.
func globalSignOut(c *caller, _ *none) (*none, error) {
	c.user.revokeAll(c.Now())
	if c.admin {
		c.touch()
	}
	return &none{}, nil
}
