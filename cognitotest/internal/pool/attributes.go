package pool

import (
	"slices"
	"strings"
)

// attribute is an item of a list of attributes, in requests and responses.
type attribute struct {
	Name  string
	Value string
}

// attributes keeps the order of the request.
type attributes []attribute

func (a attributes) get(name string) string {
	for _, item := range a {
		if item.Name == name {
			return item.Value
		}
	}
	return ""
}

// verified reports whether an address attribute is verified. The service accepts any case of true.
func (a attributes) verified(name string) bool { return isTrue(a.get(name + "_verified")) }

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

func (a *attributes) set(name, value string) {
	for i := range *a {
		if (*a)[i].Name == name {
			(*a)[i].Value = value
			return
		}
	}
	*a = append(*a, attribute{name, value})
}

// with returns a copy with some attributes set, and those with an empty value deleted. An address
// that changes is not verified, unless the call sets that, too.
func (a attributes) with(changed ...attribute) attributes {
	next, given := slices.Clone(a), attributes(changed)
	for _, c := range changed {
		flag := c.Name + "_verified"
		switch {
		case c.Value == "":
			next = slices.DeleteFunc(next, func(item attribute) bool {
				return item.Name == c.Name || item.Name == flag
			})
			continue
		case isAddressAttribute(c.Name) && c.Value != a.get(c.Name) && given.get(flag) == "":
			next.set(c.Name, c.Value)
			next.set(flag, "false")
		}
		next.set(c.Name, c.Value)
	}
	return next
}

// only returns the named attributes, or all if no names are given. As in the service, it is an
// error if the user lacks one of them.
func (a attributes) only(names []string) (attributes, error) {
	if len(names) == 0 {
		return a, nil
	}
	for _, name := range names {
		if a.get(name) == "" {
			return nil, invalidParameter("Input fails to satisfy the constraints.")
		}
	}
	return slices.DeleteFunc(a,
		func(item attribute) bool { return !slices.Contains(names, item.Name) }), nil
}

// members returns the attributes as members of a decoded request.
func (a attributes) members() []any {
	list := make([]any, len(a))
	for i, item := range a {
		list[i] = map[string]any{"Name": item.Name, "Value": item.Value}
	}
	return list
}

func isAddressAttribute(name string) bool { return name == "email" || name == "phone_number" }

var errSubFixed = invalidParameter("Cannot modify the non-mutable attribute sub")

// check checks the rules of the service that do not depend on the pool.
func (a attributes) check() error {
	for _, item := range a {
		switch {
		case item.Name == "sub":
			return errSubFixed
		case item.Name == "email" && !isAddress("email", item.Value):
			return errEmailFormat
		case item.Name == "phone_number" && !isAddress("phone_number", item.Value):
			return invalidParameter("Invalid phone number format.")
		}
	}
	return nil
}
