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

// clientRecord has the members that requests and descriptions of an app client share, except for
// name and secret. Some are only kept and described.
type clientRecord struct {
	ExplicitAuthFlows                        []types.ExplicitAuthFlowsType        `json:",omitempty"`
	PreventUserExistenceErrors               types.PreventUserExistenceErrorTypes `json:",omitempty"`
	AuthSessionValidity                      int
	AccessTokenValidity                      int `json:",omitempty"`
	IDTokenValidity                          int `json:"IdTokenValidity,omitempty"`
	RefreshTokenValidity                     int
	TokenValidityUnits                       *tokenValidityUnits `json:",omitempty"`
	EnableTokenRevocation                    *bool
	RefreshTokenRotation                     *refreshTokenRotation `json:",omitempty"`
	ReadAttributes                           []string              `json:",omitempty"`
	WriteAttributes                          []string              `json:",omitempty"`
	EnablePropagateAdditionalUserContextData bool

	SupportedIdentityProviders      []string `json:",omitempty"`
	CallbackURLs                    []string `json:",omitempty"`
	LogoutURLs                      []string `json:",omitempty"`
	DefaultRedirectURI              string   `json:",omitempty"`
	AllowedOAuthFlows               []string `json:",omitempty"`
	AllowedOAuthScopes              []string `json:",omitempty"`
	AllowedOAuthFlowsUserPoolClient bool
	AnalyticsConfiguration          map[string]any `json:",omitempty"`
}

type createClientRequest struct {
	updateClientRequest

	ClientSecret   string
	GenerateSecret bool
}

type updateClientRequest struct {
	clientRecord

	ClientName string
}

type userPoolClient struct {
	clientRecord

	UserPoolID       string `json:"UserPoolId"`
	ClientID         string `json:"ClientId"`
	ClientName       string
	ClientSecret     string `json:",omitempty"`
	CreationDate     timestamp
	LastModifiedDate timestamp
}

type clientResponse struct {
	UserPoolClient userPoolClient
}

// createClient creates an app client with the defaults of the API, which differ from the console's:
// it tells who exists, and has no USER_PASSWORD_AUTH.
func createClient(c *caller, in *createClientRequest) (*clientResponse, error) {
	client, err := c.newClient(NewClientID(), c.pool, in)
	if err != nil {
		return nil, err
	}
	c.addClient(client)
	return &clientResponse{client.describe()}, nil
}

// newClient returns an app client that is not in the machine yet.
func (m *Machine) newClient(id string, p *pool, in *createClientRequest) (*appClient, error) {
	now := m.Now()
	c := &appClient{
		id: id, name: in.ClientName, secret: in.ClientSecret, pool: p, created: now, modified: now,
	}
	if in.GenerateSecret && c.secret == "" {
		c.secret = newText(lowerAndDigits, 51)
	}
	return c, m.configure(c, in.clientRecord, "creating")
}

// updateClient replaces an app client. As in the service, settings that are left out go back to
// their defaults; name and secret stay. Sessions and tokens stay valid.
func updateClient(c *caller, in *updateClientRequest) (*clientResponse, error) {
	old := c.client
	client := &appClient{
		id: old.id, name: cmp.Or(in.ClientName, old.name), secret: old.secret, pool: old.pool,
		created: old.created, modified: c.Now(),
	}
	if err := c.configure(client, in.clientRecord, "updating"); err != nil {
		return nil, err
	}
	if err := c.replaceClient(client); err != nil {
		return nil, err
	}
	return &clientResponse{client.describe()}, nil
}

// configure applies a request to an app client that is not in the machine yet.
func (m *Machine) configure(c *appClient, r clientRecord, doing string) error {
	c.flows = r.ExplicitAuthFlows
	c.reveal = r.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled
	r.AuthSessionValidity = cmp.Or(r.AuthSessionValidity, 3)
	c.session = time.Duration(r.AuthSessionValidity) * time.Minute
	c.revocation = r.EnableTokenRevocation == nil || *r.EnableTokenRevocation
	r.EnableTokenRevocation = &c.revocation
	c.setLifetimes(&r)
	if rotation := r.RefreshTokenRotation; rotation != nil && rotation.Feature == "ENABLED" {
		c.rotation, c.grace = true, time.Duration(rotation.RetryGracePeriodSeconds)*time.Second
	}
	if len(c.flows) == 0 {
		c.flows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			types.ExplicitAuthFlowsTypeAllowCustomAuth,
		}
		if c.rotation {
			c.flows = FlowsWithoutRefresh(c.flows)
		}
	}
	c.record = r
	for _, provider := range r.SupportedIdentityProviders {
		if provider != "COGNITO" && !m.accept {
			return invalidParameter("The provider %s does not exist for User Pool %s.", provider,
				c.pool.id)
		}
	}
	return c.check(doing)
}

// setLifetimes sets the lifetimes of tokens, and completes the record as the service does: the
// units if one is given, and always the lifetime of refresh tokens.
func (c *appClient) setLifetimes(r *clientRecord) {
	units := tokenValidityUnits{AccessToken: "hours", IDToken: "hours", RefreshToken: "days"}
	if given := r.TokenValidityUnits; given != nil && *given != (tokenValidityUnits{}) {
		units = tokenValidityUnits{
			AccessToken:  cmp.Or(given.AccessToken, units.AccessToken),
			IDToken:      cmp.Or(given.IDToken, units.IDToken),
			RefreshToken: cmp.Or(given.RefreshToken, units.RefreshToken),
		}
		r.TokenValidityUnits = &units
	} else {
		r.TokenValidityUnits = nil
	}
	if r.RefreshTokenValidity == 0 {
		r.RefreshTokenValidity = int(30 * day / timeUnits[units.RefreshToken])
	}
	c.access = validity(r.AccessTokenValidity, units.AccessToken, time.Hour)
	c.idToken = validity(r.IDTokenValidity, units.IDToken, time.Hour)
	c.refresh = validity(r.RefreshTokenValidity, units.RefreshToken, 0)
}

var timeUnits = map[string]time.Duration{
	"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": day,
}

// validity returns a token's lifetime from a number and its unit; 0 if it is out of range.
func validity(number int, unit string, otherwise time.Duration) time.Duration {
	if number == 0 {
		return otherwise
	}
	if d := time.Duration(number) * timeUnits[unit]; d/time.Duration(number) == timeUnits[unit] {
		return d
	}
	return 0
}

func (c *appClient) describe() userPoolClient {
	return userPoolClient{
		clientRecord: c.record, UserPoolID: c.pool.id, ClientID: c.id, ClientName: c.name,
		ClientSecret: c.secret,
		CreationDate: timestamp(c.created), LastModifiedDate: timestamp(c.modified),
	}
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

type listClientsRequest struct {
	listPoolsRequest

	ClientType string
}

type listClientsResponse struct {
	UserPoolClients []clientDescription
	NextToken       string `json:",omitempty"`
}

// listClients lists the app clients of a pool, sorted by ID. Dynamic registration, which would make
// the ones of type DCR, is not simulated.
func listClients(c *caller, in *listClientsRequest) (*listClientsResponse, error) {
	clients := c.clientsOf(c.pool)
	if in.ClientType == "DCR" {
		clients = nil
	}
	ids := slices.Collect(maps.Keys(clients))
	ids, next, err := c.page(ids, in.MaxResults, in.NextToken, "ListUserPoolClients "+c.pool.id)
	if err != nil {
		return nil, err
	}
	out := &listClientsResponse{UserPoolClients: []clientDescription{}, NextToken: next}
	for _, id := range ids {
		out.UserPoolClients = append(out.UserPoolClients, clientDescription{
			ClientID: id, UserPoolID: c.pool.id, ClientName: clients[id].name,
		})
	}
	return out, nil
}
