package pool

import (
	"slices"
	"strings"
)

// attribute is an item of a list of attributes, in requests and responses alike.
type attribute struct {
	Name  string
	Value string
}

// attributes keeps the order in which they were given.
type attributes []attribute

func (a attributes) get(name string) string {
	for _, item := range a {
		if item.Name == name {
			return item.Value
		}
	}
	return ""
}

// verified tells whether an address is. The service takes any case of true.
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

// with is a copy with some attributes set, and without those that are set to nothing. An address
// that is another one now is not verified, unless the call says that it is.
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

// only leaves some of the attributes, or all if none are named. As in the service every user has to
// have them.
func (a attributes) only(names []string) (attributes, error) {
	if len(names) == 0 {
		return a, nil
	}
	for _, name := range names {
		if a.get(name) == "" {
			return nil, invalidParameter("Input fails to satisfy the constraints.")
		}
	}
	return slices.DeleteFunc(a, func(item attribute) bool { return !slices.Contains(names, item.Name) }), nil
}

// members are the attributes as a decoded request has them.
func (a attributes) members() []any {
	list := make([]any, len(a))
	for i, item := range a {
		list[i] = map[string]any{"Name": item.Name, "Value": item.Value}
	}
	return list
}

func isAddressAttribute(name string) bool { return name == "email" || name == "phone_number" }

var errSubFixed = invalidParameter("Cannot modify the non-mutable attribute sub")

// check holds attributes against the rules of the service that do not depend on the pool.
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
