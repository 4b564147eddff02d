package pool

import (
	"maps"
	"slices"
	"strings"
)

// resourceServer is an API with scopes of its own. App clients may list them, but only IssueTokens
// puts them into tokens. It is replaced, never changed.
type resourceServer struct {
	UserPoolID string `json:"UserPoolId"`
	Identifier string
	Name       string
	Scopes     []resourceServerScope `json:",omitempty"`
}

type resourceServerScope struct {
	ScopeName, ScopeDescription string
}

// hasScope reports whether one of the pool's resource servers has a scope, as "identifier/scope".
func (p *pool) hasScope(scope string) bool {
	slash := strings.LastIndexByte(scope, '/')
	if slash < 0 {
		return false
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := p.servers[scope[:slash]]
	return s != nil && slices.ContainsFunc(s.Scopes, func(known resourceServerScope) bool {
		return known.ScopeName == scope[slash+1:]
	})
}

type resourceServerResponse struct {
	ResourceServer *resourceServer
}

func noResourceServer(identifier string) error {
	return &Error{resourceNotFound, "Resource server " + identifier + " does not exist."}
}

func createResourceServer(c *caller, in *resourceServer) (*resourceServerResponse, error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.servers[in.Identifier] != nil {
		return nil, invalidParameter("%s already exists in user pool %s.", in.Identifier, p.id)
	}
	p.servers[in.Identifier] = in
	return &resourceServerResponse{in}, nil
}

func (p *pool) resourceServer(identifier string) (*resourceServer, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if s := p.servers[identifier]; s != nil {
		return s, nil
	}
	return nil, noResourceServer(identifier)
}

func describeResourceServer(c *caller, in *resourceServer) (*resourceServerResponse, error) {
	s, err := c.pool.resourceServer(in.Identifier)
	if err != nil {
		return nil, err
	}
	return &resourceServerResponse{s}, nil
}

func updateResourceServer(c *caller, in *resourceServer) (*resourceServerResponse, error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.servers[in.Identifier] == nil {
		return nil, noResourceServer(in.Identifier)
	}
	p.servers[in.Identifier] = in
	return &resourceServerResponse{in}, nil
}

func deleteResourceServer(c *caller, in *resourceServer) (*none, error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.servers[in.Identifier] == nil {
		return nil, noResourceServer(in.Identifier)
	}
	delete(p.servers, in.Identifier)
	return &none{}, nil
}

type listResourceServersResponse struct {
	ResourceServers []*resourceServer
	NextToken       string `json:",omitempty"`
}

// listResourceServers lists the resource servers of a pool, sorted by identifier.
func listResourceServers(c *caller, in *listPoolsRequest) (*listResourceServersResponse, error) {
	c.pool.mu.RLock()
	servers := maps.Clone(c.pool.servers)
	c.pool.mu.RUnlock()
	identifiers := slices.Collect(maps.Keys(servers))
	page, next, err := c.page(identifiers, in.MaxResults, in.NextToken,
		"ListResourceServers "+c.pool.id)
	if err != nil {
		return nil, err
	}
	out := &listResourceServersResponse{ResourceServers: []*resourceServer{}, NextToken: next}
	for _, identifier := range page {
		out.ResourceServers = append(out.ResourceServers, servers[identifier])
	}
	return out, nil
}
