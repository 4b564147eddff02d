package cognitotest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// group is a group of a pool. It is replaced, never changed. Who is in it is written at the users.
type group struct {
	name, description, role string
	precedence              *int32 // nil comes after every number
	created, modified       time.Time
}

func (g *group) rank() int64 {
	if g.precedence == nil {
		return math.MaxInt64
	}
	return int64(*g.precedence)
}

// roles are the IAM roles of some groups, the one that takes precedence first. That one is preferred, unless groups of the same precedence
// disagree.
func (p *pool) roles(names []string) (roles []string, preferred string) {
	if len(names) == 0 {
		return nil, ""
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	var groups []*group
	for _, name := range names {
		if g := p.groups[name]; g != nil && g.role != "" {
			groups = append(groups, g)
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.rank(), b.rank()) })
	for i, g := range groups {
		if !slices.Contains(roles, g.role) {
			roles = append(roles, g.role)
		}
		switch {
		case i == 0:
			preferred = g.role
		case g.rank() == groups[0].rank() && g.role != groups[0].role:
			preferred = ""
		}
	}
	return roles, preferred
}

// group finds a group for an administrator.
func (b *backend) group(poolID, name string) (*pool, *group, error) {
	p, err := b.pool(poolID)
	if err != nil {
		return nil, nil, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if g := p.groups[name]; g != nil {
		return p, g, nil
	}
	return nil, nil, errNoGroup
}

type groupRequest struct {
	UserPoolID  string `json:"UserPoolId"`
	GroupName   string
	Description *string
	Precedence  *int32
	RoleArn     *string
}

// apply takes over what is given, and leaves the rest as it is.
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
	return groupType{g.name, p.id, g.description, g.role, g.precedence, timestamp(g.modified), timestamp(g.created)}
}

type groupResponse struct {
	Group groupType
}

func (b *backend) createGroup(in *groupRequest) (*groupResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	now := b.time()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups[in.GroupName] != nil {
		return nil, errGroupExists
	}
	g := in.apply(group{name: in.GroupName, created: now}, now)
	p.groups[g.name] = g
	return &groupResponse{g.wire(p)}, nil
}

func (b *backend) getGroup(in *groupRequest) (*groupResponse, error) {
	p, g, err := b.group(in.UserPoolID, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &groupResponse{g.wire(p)}, nil
}

func (b *backend) updateGroup(in *groupRequest) (*groupResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	now := b.time()
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

// deleteGroup takes the group away first and its members out of it then: who is added meanwhile either finds no group or is taken out, too.
func (b *backend) deleteGroup(in *groupRequest) (*empty, error) {
	p, g, err := b.group(in.UserPoolID, in.GroupName)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	delete(p.groups, g.name)
	p.mu.Unlock()
	for u := range p.users(0) {
		u.mu.Lock()
		u.leave(g.name)
		u.mu.Unlock()
	}
	return &empty{}, nil
}

func (u *user) leave(group string) {
	u.groups = slices.DeleteFunc(u.groups, func(name string) bool { return name == group })
}

type membershipRequest struct {
	UserPoolID string `json:"UserPoolId"`
	Username   string
	GroupName  string
}

// member changes what groups a user is in.
func (b *backend) member(in *membershipRequest, change func(*user)) (*empty, error) {
	return b.administer(&userRequest{in.UserPoolID, in.Username}, func(u *user, _ time.Time) error {
		if _, _, err := b.group(in.UserPoolID, in.GroupName); err != nil {
			return err
		}
		change(u)
		return nil
	})
}

func (b *backend) adminAddUserToGroup(in *membershipRequest) (*empty, error) {
	return b.member(in, func(u *user) {
		if !slices.Contains(u.groups, in.GroupName) {
			u.groups = append(u.groups, in.GroupName)
		}
	})
}

func (b *backend) adminRemoveUserFromGroup(in *membershipRequest) (*empty, error) {
	return b.member(in, func(u *user) { u.leave(in.GroupName) })
}

type listGroupsRequest struct {
	UserPoolID string `json:"UserPoolId"`
	Username   string
	Limit      int
	NextToken  string
}

type listGroupsResponse struct {
	Groups    []groupType
	NextToken string `json:",omitempty"`
}

// listGroups lists the groups of a pool by name.
func (b *backend) listGroups(in *listGroupsRequest) (*listGroupsResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	p.mu.RLock()
	names := slices.Collect(maps.Keys(p.groups))
	p.mu.RUnlock()
	return b.pageOfGroups(p, names, in, "ListGroups "+p.id)
}

func (b *backend) adminListGroupsForUser(in *listGroupsRequest) (*listGroupsResponse, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(u.groups)
	u.mu.Unlock()
	return b.pageOfGroups(u.pool, names, in, "AdminListGroupsForUser "+u.sub)
}

func (b *backend) pageOfGroups(p *pool, names []string, in *listGroupsRequest, list string) (*listGroupsResponse, error) {
	names, next, err := b.page(names, in.Limit, in.NextToken, list)
	if err != nil {
		return nil, err
	}
	out := &listGroupsResponse{Groups: []groupType{}, NextToken: next}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, name := range names {
		if g := p.groups[name]; g != nil {
			out.Groups = append(out.Groups, g.wire(p))
		}
	}
	return out, nil
}

type listUsersInGroupRequest struct {
	UserPoolID string `json:"UserPoolId"`
	GroupName  string
	Limit      int
	NextToken  string
}

type listUsersInGroupResponse struct {
	Users     []userType
	NextToken string `json:",omitempty"`
}

func (b *backend) listUsersInGroup(in *listUsersInGroupRequest) (*listUsersInGroupResponse, error) {
	p, g, err := b.group(in.UserPoolID, in.GroupName)
	if err != nil {
		return nil, err
	}
	users, next, err := b.pageOfUsers(p, in.Limit, in.NextToken, "ListUsersInGroup "+p.id+" "+g.name, func(u *user) bool { return slices.Contains(u.groups, g.name) })
	if err != nil {
		return nil, err
	}
	return &listUsersInGroupResponse{users, next}, nil
}
