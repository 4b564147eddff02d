package cognitotest

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// roll is the users of a pool in the order in which they were added, so that a list can go on where its last page ended, at no cost that grows
// with what lies before, and whoever is added or removed meanwhile moves nobody to another page.
type roll struct {
	last    uint64
	entries []rollEntry
	gaps    int
}

type rollEntry struct {
	number uint64
	user   *user // nil if removed
}

func (r *roll) add(u *user) {
	r.last++
	u.number = r.last
	r.entries = append(r.entries, rollEntry{u.number, u})
}

// remove leaves a gap, and closes the gaps once they are the larger part.
func (r *roll) remove(u *user) {
	i := r.after(u.number - 1)
	r.entries[i].user = nil
	r.gaps++
	if 2*r.gaps > len(r.entries) {
		r.entries = slices.DeleteFunc(r.entries, func(e rollEntry) bool { return e.user == nil })
		r.gaps = 0
	}
}

// after is the place of the first entry with a number above another.
func (r *roll) after(number uint64) int {
	i, found := slices.BinarySearchFunc(r.entries, number, func(e rollEntry, number uint64) int { return cmp.Compare(e.number, number) })
	if found {
		i++
	}
	return i
}

// users goes through the users that were added after the one with a number. Nothing is locked while it waits for its caller.
func (p *pool) users(after uint64) iter.Seq[*user] {
	return func(yield func(*user) bool) {
		for {
			const some = 128
			p.mu.RLock()
			rest := p.order.entries[p.order.after(after):]
			part := slices.Clone(rest[:min(some, len(rest))])
			p.mu.RUnlock()
			if len(part) == 0 {
				return
			}
			for _, e := range part {
				if after = e.number; e.user != nil && !yield(e.user) {
					return
				}
			}
		}
	}
}

// pageSize is how many items a list has at most, and by default.
const pageSize = 60

// page cuts a page out of a list of names, which it sorts, and tells where the next one begins; empty if there is none.
func (b *backend) page(names []string, limit int, token, list string) (page []string, next string, err error) {
	after, err := b.position(token, list)
	if err != nil {
		return nil, "", err
	}
	slices.Sort(names)
	from, found := slices.BinarySearch(names, after)
	if found {
		from++
	}
	limit = min(cmp.Or(limit, pageSize), len(names)-from)
	page = names[from : from+limit]
	if from+limit < len(names) {
		next = b.sealer.sealPage(page[limit-1], list)
	}
	return page, next, nil
}

// position reads a pagination token, which is good for the list that it was made for. Without one it is empty: before everything.
func (b *backend) position(token, list string) (string, error) {
	if token == "" {
		return "", nil
	}
	if position, genuine := b.sealer.openPage(token, list); genuine {
		return position, nil
	}
	return "", errPage
}

// pageOfUsers lists the users of whom match, called with the user's lock held, says yes.
func (b *backend) pageOfUsers(p *pool, limit int, token, list string, match func(*user) bool) (page []userType, next string, err error) {
	position, err := b.position(token, list)
	if err != nil {
		return nil, "", err
	}
	var last uint64
	if position != "" {
		if last, err = strconv.ParseUint(position, 10, 64); err != nil {
			return nil, "", errPage
		}
	}
	limit = cmp.Or(limit, pageSize)
	page = []userType{}
	for u := range p.users(last) {
		if u.lock() != nil {
			continue
		}
		matches := match(u)
		if matches && len(page) < limit {
			page = append(page, u.wire())
			last = u.number
			matches = false
		}
		u.mu.Unlock()
		if matches { // one more than the page holds
			return page, b.sealer.sealPage(strconv.FormatUint(last, 10), list), nil
		}
	}
	return page, "", nil
}

type listUsersRequest struct {
	UserPoolID      string `json:"UserPoolId"`
	AttributesToGet []string
	Filter          string
	Limit           int
	PaginationToken string
}

type listUsersResponse struct {
	Users           []userType
	PaginationToken string `json:",omitempty"`
}

func (b *backend) listUsers(in *listUsersRequest) (*listUsersResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	f, err := parseFilter(in.Filter)
	if err != nil {
		return nil, err
	}
	page, next, err := b.pageOfUsers(p, in.Limit, in.PaginationToken, "ListUsers "+p.id+" "+in.Filter, f.match)
	if err != nil {
		return nil, err
	}
	for i := range page {
		if page[i].Attributes, err = page[i].Attributes.only(in.AttributesToGet); err != nil {
			return nil, err
		}
	}
	return &listUsersResponse{page, next}, nil
}

// only leaves some of the attributes, or all if none are named. As in the service every user has to have them.
func (a attributes) only(names []string) (attributes, error) {
	if len(names) == 0 {
		return a, nil
	}
	for _, name := range names {
		if a.get(name) == "" {
			return nil, errNotEverybodys
		}
	}
	return slices.DeleteFunc(a, func(item attribute) bool { return !slices.Contains(names, item.Name) }), nil
}

// filter is a condition on one attribute: "attribute = \"value\"", or with ^= for values that begin so. The zero filter lets everybody pass.
type filter struct {
	attribute, value string
	prefix           bool
}

func parseFilter(text string) (filter, error) {
	if strings.TrimSpace(text) == "" {
		return filter{}, nil
	}
	attribute, quoted, found := strings.Cut(text, "=")
	if !found {
		return filter{}, errFilter
	}
	var f filter
	attribute, f.prefix = strings.CutSuffix(attribute, "^")
	f.attribute = strings.TrimSpace(attribute)
	var complete bool
	if f.value, complete = unquote(strings.TrimSpace(quoted)); !complete {
		return filter{}, errFilter
	}
	switch f.attribute {
	case "username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status", "sub":
		return f, nil
	default:
		return filter{}, invalidParameter("Invalid search attribute: %s", clip(f.attribute))
	}
}

// unquote reads a text in quotation marks, in which a backslash goes before quotation marks and backslashes.
func unquote(quoted string) (text string, complete bool) {
	rest, found := strings.CutPrefix(quoted, `"`)
	if !found {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return b.String(), i == len(rest)-1
		case '\\':
			if i++; i == len(rest) {
				return "", false
			}
		}
		b.WriteByte(rest[i])
	}
	return "", false
}

// match tells whether the user, whose lock is held, passes.
func (f filter) match(u *user) bool {
	value, wanted := "", f.value
	switch f.attribute {
	case "":
		return true
	case "username":
		value = u.name
	case "sub":
		value = u.sub
	case "status":
		value = "Enabled"
		if u.disabled {
			value = "Disabled"
		}
	case "cognito:user_status":
		value, wanted = string(u.status), strings.ToUpper(wanted)
	default:
		if value = u.attributes.get(f.attribute); value == "" {
			return false
		}
	}
	if f.prefix {
		return strings.HasPrefix(value, wanted)
	}
	return value == wanted
}

type listPoolsRequest struct {
	UserPoolID string `json:"UserPoolId"`
	MaxResults int
	NextToken  string
}

type poolDescription struct {
	ID               string `json:"Id"`
	Name             string
	LambdaConfig     empty
	LastModifiedDate timestamp
	CreationDate     timestamp
}

type listPoolsResponse struct {
	UserPools []poolDescription
	NextToken string `json:",omitempty"`
}

// listUserPools lists the pools by ID.
func (b *backend) listUserPools(in *listPoolsRequest) (*listPoolsResponse, error) {
	b.mu.RLock()
	pools := maps.Clone(b.pools)
	b.mu.RUnlock()
	ids, next, err := b.page(slices.Collect(maps.Keys(pools)), in.MaxResults, in.NextToken, "ListUserPools")
	if err != nil {
		return nil, err
	}
	out := &listPoolsResponse{UserPools: []poolDescription{}, NextToken: next}
	for _, id := range ids {
		p := pools[id]
		p.mu.RLock()
		out.UserPools = append(out.UserPools, poolDescription{ID: id, Name: p.set.name, LastModifiedDate: timestamp(p.modified), CreationDate: timestamp(p.created)})
		p.mu.RUnlock()
	}
	return out, nil
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

// listUserPoolClients lists the app clients of a pool by ID.
func (b *backend) listUserPoolClients(in *listPoolsRequest) (*listClientsResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	b.mu.RLock()
	clients := maps.Clone(b.clients)
	b.mu.RUnlock()
	maps.DeleteFunc(clients, func(_ string, c *appClient) bool { return c.pool != p })
	ids, next, err := b.page(slices.Collect(maps.Keys(clients)), in.MaxResults, in.NextToken, "ListUserPoolClients "+p.id)
	if err != nil {
		return nil, err
	}
	out := &listClientsResponse{UserPoolClients: []clientDescription{}, NextToken: next}
	for _, id := range ids {
		out.UserPoolClients = append(out.UserPoolClients, clientDescription{id, p.id, clients[id].name})
	}
	return out, nil
}
