package pool

import (
	"maps"
	"slices"
	"time"
)

type groupRequest struct {
	GroupName   string
	Description *string
	Precedence  *int32
	RoleArn     *string
}

// apply returns a group with the members of the request changed.
func (r *groupRequest) apply(g group, now time.Time) *group {
	if r.Description != nil {
		g.description = *r.Description
	}
	if r.RoleArn != nil {
		g.role = *r.RoleArn
	}
	if r.Precedence != nil {
		g.precedence = r.Precedence
	}
	g.modified = now
	return &g
}

type groupType struct {
	GroupName        string
	UserPoolID       string `json:"UserPoolId"`
	Description      string `json:",omitempty"`
	RoleArn          string `json:",omitempty"`
	Precedence       *int32 `json:",omitempty"`
	LastModifiedDate timestamp
	CreationDate     timestamp
}

func (g *group) wire(p *pool) groupType {
	return groupType{
		GroupName: g.name, UserPoolID: p.id, Description: g.description, RoleArn: g.role,
		Precedence:       g.precedence,
		LastModifiedDate: timestamp(g.modified), CreationDate: timestamp(g.created),
	}
}

type groupResponse struct {
	Group groupType
}

func createGroup(c *caller, in *groupRequest) (*groupResponse, error) {
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups[in.GroupName] != nil {
		return nil, &Error{"GroupExistsException", "A group with the name already exists."}
	}
	g := in.apply(group{name: in.GroupName, created: now}, now)
	p.groups[g.name] = g
	return &groupResponse{g.wire(p)}, nil
}

func getGroup(c *caller, in *groupRequest) (*groupResponse, error) {
	g, err := c.pool.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	return &groupResponse{g.wire(c.pool)}, nil
}

func updateGroup(c *caller, in *groupRequest) (*groupResponse, error) {
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.groups[in.GroupName]
	if g == nil {
		return nil, errNoGroup
	}
	g = in.apply(*g, now)
	p.groups[g.name] = g
	return &groupResponse{g.wire(p)}, nil
}

// deleteGroup deletes the group and then removes its users from it, in this order: a user that is
// added meanwhile either finds no group or is removed, too.
func deleteGroup(c *caller, in *groupRequest) (*none, error) {
	p := c.pool
	g, err := p.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	delete(p.groups, g.name)
	p.mu.Unlock()
	p.each(0, func(u *user) bool {
		u.leave(g.name)
		return false
	})
	return &none{}, nil
}

func addToGroup(c *caller, in *groupRequest) (*none, error) {
	g, err := c.pool.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.user.groups, g.name) {
		c.user.groups = append(c.user.groups, g.name)
	}
	c.touch()
	return &none{}, nil
}

func removeFromGroup(c *caller, in *groupRequest) (*none, error) {
	g, err := c.pool.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	c.user.leave(g.name)
	c.touch()
	return &none{}, nil
}

type listGroupsRequest struct {
	Limit     int
	NextToken string
}

type listGroupsResponse struct {
	Groups    []groupType
	NextToken string `json:",omitempty"`
}

// listGroups lists the groups of a pool, sorted by name.
func listGroups(c *caller, in *listGroupsRequest) (*listGroupsResponse, error) {
	c.pool.mu.RLock()
	names := slices.Collect(maps.Keys(c.pool.groups))
	c.pool.mu.RUnlock()
	return pageOfGroups(c, names, in, "ListGroups "+c.pool.id)
}

func listGroupsForUser(c *caller, in *listGroupsRequest) (*listGroupsResponse, error) {
	return pageOfGroups(c, slices.Clone(c.user.groups), in, "AdminListGroupsForUser "+c.user.sub)
}

func pageOfGroups(
	c *caller, names []string, in *listGroupsRequest, list string,
) (*listGroupsResponse, error) {
	names, next, err := c.page(names, in.Limit, in.NextToken, list)
	if err != nil {
		return nil, err
	}
	out := &listGroupsResponse{Groups: []groupType{}, NextToken: next}
	for _, name := range names {
		if g, err := c.pool.group(name); err == nil { // else it was deleted meanwhile
			out.Groups = append(out.Groups, g.wire(c.pool))
		}
	}
	return out, nil
}

type listUsersInGroupRequest struct {
	GroupName string
	Limit     int
	NextToken string
}

type listUsersInGroupResponse struct {
	Users     []userType
	NextToken string `json:",omitempty"`
}

func listUsersInGroup(c *caller, in *listUsersInGroupRequest) (*listUsersInGroupResponse, error) {
	g, err := c.pool.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	member := func(u *user) bool { return slices.Contains(u.groups, g.name) }
	users, next, err := c.pageOfUsers(in.Limit, in.NextToken,
		"ListUsersInGroup "+c.pool.id+" "+g.name, member)
	if err != nil {
		return nil, err
	}
	return &listUsersInGroupResponse{users, next}, nil
}
