package pool

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// pageSize is the default and the maximum number of items on a page.
const pageSize = 60

// page sorts a list of names and returns the page at a pagination token, and the token of the next
// page; empty if there is none. A token is valid only for the list that it was made for.
func (m *Machine) page(
	names []string, limit int, token, list string,
) (page []string, next string, err error) {
	after, err := m.position(token, list)
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
		next = m.sealer.sealPage(page[limit-1], list)
	}
	return page, next, nil
}

var errPage = invalidParameter("Invalid pagination token.")

// position reads a pagination token. Without one, the position is before the first name.
func (m *Machine) position(token, list string) (string, error) {
	if token == "" {
		return "", nil
	}
	if position, genuine := m.sealer.openPage(token, list); genuine {
		return position, nil
	}
	return "", errPage
}

// pageOfUsers lists the users of the pool that match, which is called with the user locked.
func (c *caller) pageOfUsers(
	limit int, token, list string, match func(*user) bool,
) ([]userType, string, error) {
	position, err := c.position(token, list)
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
	page, more := []userType{}, false
	c.pool.each(last, func(u *user) (enough bool) {
		switch {
		case !match(u):
		case len(page) == limit:
			more = true
		default:
			page = append(page, u.wire())
			last = u.number
		}
		return more
	})
	if !more {
		return page, "", nil
	}
	return page, c.sealer.sealPage(strconv.FormatUint(last, 10), list), nil
}

// filter is a condition on one attribute: "attribute = \"value\"", or ^= for a prefix. The zero
// filter matches every user.
type filter struct {
	attribute, value string
	prefix           bool
}

var errFilter = invalidParameter("Error while parsing filter.")

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
	case "username", "email", "phone_number", "name", "given_name", "family_name",
		"preferred_username",
		"cognito:user_status", "status", "sub":
		return f, nil
	default:
		return filter{}, invalidParameter("Invalid search attribute: %s", f.attribute)
	}
}

// unquote reads a text in quotation marks, with backslashes before quotation marks and backslashes.
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

// match reports whether the filter matches a user, whose lock is held.
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
