package pool

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type tokenValidityUnits struct {
	AccessToken  string `json:",omitempty"`
	IDToken      string `json:"IdToken,omitempty"`
	RefreshToken string `json:",omitempty"`
}

type refreshTokenRotation struct {
	Feature                 string
	RetryGracePeriodSeconds int
}

// userPoolClient is the request of CreateUserPoolClient and the description of an app client.
type userPoolClient struct {
	UserPoolID                 string     `json:"UserPoolId"`
	ClientID                   string     `json:"ClientId,omitempty"`
	ClientName                 string     `json:",omitempty"`
	ClientSecret               string     `json:",omitempty"`
	GenerateSecret             bool       `json:",omitempty"`
	CreationDate               *timestamp `json:",omitempty"`
	LastModifiedDate           *timestamp `json:",omitempty"`
	ExplicitAuthFlows          []types.ExplicitAuthFlowsType
	PreventUserExistenceErrors types.PreventUserExistenceErrorTypes
	AuthSessionValidity        int
	AccessTokenValidity        int
	IDTokenValidity            int `json:"IdTokenValidity"`
	RefreshTokenValidity       int
	TokenValidityUnits         tokenValidityUnits
	EnableTokenRevocation      *bool
	RefreshTokenRotation       *refreshTokenRotation `json:",omitempty"`

	EnablePropagateAdditionalUserContextData bool
}

type clientResponse struct {
	UserPoolClient userPoolClient
}

// createClient makes an app client with the defaults of the API, which are not those of the console:
// existence is told, and passwords are not taken as they are.
func createClient(c *caller, in *userPoolClient) (*clientResponse, error) {
	client, err := c.newClient(NewClientID(), c.pool, in)
	if err != nil {
		return nil, err
	}
	c.addClient(client)
	return &clientResponse{client.describe()}, nil
}

// newClient makes an app client that nobody else has seen yet.
func (m *Machine) newClient(id string, p *pool, in *userPoolClient) (*appClient, error) {
	now := m.Now()
	c := &appClient{id: id, name: in.ClientName, secret: in.ClientSecret, pool: p, created: now, modified: now}
	if in.GenerateSecret && c.secret == "" {
		c.secret = newText(lowerAndDigits, 51)
	}
	return c, c.configure(in)
}

// updateClient puts another app client in the place of one. As in the service, what is left out goes
// back to its default; the name and the secret stay. Sessions and tokens stay good.
func updateClient(c *caller, in *userPoolClient) (*clientResponse, error) {
	old := c.client
	client := &appClient{
		id: old.id, name: cmp.Or(in.ClientName, old.name), secret: old.secret, pool: old.pool,
		created: old.created, modified: c.Now(),
	}
	if err := client.configure(in); err != nil {
		return nil, err
	}
	if err := c.replaceClient(client); err != nil {
		return nil, err
	}
	return &clientResponse{client.describe()}, nil
}

// configure takes over what a request says of an app client that nobody else has seen yet.
func (c *appClient) configure(in *userPoolClient) error {
	c.flows, c.propagates = in.ExplicitAuthFlows, in.EnablePropagateAdditionalUserContextData
	c.reveal = in.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled
	c.session = time.Duration(cmp.Or(in.AuthSessionValidity, 3)) * time.Minute
	c.revocation = in.EnableTokenRevocation == nil || *in.EnableTokenRevocation
	units := in.TokenValidityUnits
	c.access = validity(in.AccessTokenValidity, units.AccessToken, time.Hour, time.Hour)
	c.idToken = validity(in.IDTokenValidity, units.IDToken, time.Hour, time.Hour)
	c.refresh = validity(in.RefreshTokenValidity, units.RefreshToken, day, 30*day)
	if rotation := in.RefreshTokenRotation; rotation != nil && rotation.Feature == "ENABLED" {
		c.rotation, c.grace = true, time.Duration(rotation.RetryGracePeriodSeconds)*time.Second
	}
	if len(c.flows) == 0 {
		c.flows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			types.ExplicitAuthFlowsTypeAllowCustomAuth,
		}
		if c.rotation {
			c.flows = flowsWithoutRefresh(c.flows)
		}
	}
	return c.check()
}

// validity is a token's life from a number and its unit.
func validity(number int, unit string, defaultUnit, otherwise time.Duration) time.Duration {
	if number == 0 {
		return otherwise
	}
	units := map[string]time.Duration{
		"": defaultUnit, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": day,
	}
	if d := time.Duration(number) * units[unit]; d/time.Duration(number) == units[unit] {
		return d
	}
	return 0 // out of range
}

func (c *appClient) describe() userPoolClient {
	created, modified := timestamp(c.created), timestamp(c.modified)
	out := userPoolClient{
		UserPoolID: c.pool.id, ClientID: c.id, ClientName: c.name, ClientSecret: c.secret,
		CreationDate: &created, LastModifiedDate: &modified,
		ExplicitAuthFlows: c.flows, PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		AuthSessionValidity: int(c.session / time.Minute),
		AccessTokenValidity: int(c.access / time.Second), IDTokenValidity: int(c.idToken / time.Second),
		RefreshTokenValidity:  int(c.refresh / time.Second),
		TokenValidityUnits:    tokenValidityUnits{"seconds", "seconds", "seconds"},
		EnableTokenRevocation: &c.revocation, EnablePropagateAdditionalUserContextData: c.propagates,
	}
	if c.reveal {
		out.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesLegacy
	}
	if c.rotation {
		out.RefreshTokenRotation = &refreshTokenRotation{"ENABLED", int(c.grace / time.Second)}
	}
	return out
}

func describeClient(c *caller, _ *none) (*clientResponse, error) {
	return &clientResponse{c.client.describe()}, nil
}

func deleteClient(c *caller, _ *none) (*none, error) {
	c.removeClient(c.client.id)
	return &none{}, nil
}

type clientDescription struct {
	ClientID   string `json:"ClientId"`
	UserPoolID string `json:"UserPoolId"`
	ClientName string
}

type listClientsResponse struct {
	UserPoolClients []clientDescription
	NextToken       string `json:",omitempty"`
}

// listClients lists the app clients of a pool by ID.
func listClients(c *caller, in *listPoolsRequest) (*listClientsResponse, error) {
	clients := c.clientsOf(c.pool)
	ids := slices.Collect(maps.Keys(clients))
	ids, next, err := c.page(ids, in.MaxResults, in.NextToken, "ListUserPoolClients "+c.pool.id)
	if err != nil {
		return nil, err
	}
	out := &listClientsResponse{UserPoolClients: []clientDescription{}, NextToken: next}
	for _, id := range ids {
		out.UserPoolClients = append(out.UserPoolClients, clientDescription{id, c.pool.id, clients[id].name})
	}
	return out, nil
}
