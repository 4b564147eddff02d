// Package model is Cognito's published interface as data: what operations there are, what members
// their requests have, what a member must be like, and which errors an operation declares.
//
// Two embedded files say it. model.tsv is the service's own model, with a part kept by hand at
// its end; generate.py makes it, except for that part. seen.txt lists where the service was seen
// to differ from its model, with source and date, and wins. Nothing else in the fake repeats what
// they say.
//
// The files are read at the first use, once. All functions may be called concurrently.
package model

import (
	"maps"
	"slices"
	"sync"
)

// Kind is what a value is, as JSON has it.
type Kind string

// The kinds of values, named as the service's model names them.
const (
	Structure Kind = "structure" // an object with the members that the model lists
	Map       Kind = "map"       // an object with any keys
	List      Kind = "list"
	String    Kind = "string"
	Integer   Kind = "integer" // 32 bits
	Long      Kind = "long"    // 64 bits
	Boolean   Kind = "boolean"
	Timestamp Kind = "timestamp" // seconds since 1970, with decimals
	Blob      Kind = "blob"      // bytes, as a string in Base64
	Document  Kind = "document"  // any JSON
)

// Op is an operation.
type Op struct {
	Name   string
	Signed bool     // it is authorized by IAM
	Input  *Shape   // a Structure
	Output *Shape   // a Structure; nil if the response has no body
	Errors []string // the exceptions that it declares, such as "CodeMismatchException", sorted
}

// Shape is what the model says of a value.
type Shape struct {
	Name   string // the model's name for it, such as "UsernameType"
	Kind   Kind
	Secret bool // the service does not repeat the value in its errors

	// Min and Max are limits: of a number its value, of a String the number of characters, of a
	// Blob the number of bytes, of a List or Map the number of entries. Where the model has none
	// they are NoMin and NoMax.
	Min, Max int64

	// Pattern is, of a String, the regular expression in Java's syntax that the whole value
	// satisfies; empty for none. Enum has the values that there are, in the order in which the
	// service lists them; empty for any.
	Pattern string
	Enum    []string

	Members []Member // of a Structure, in the model's order
	Key     *Shape   // of a Map
	Element *Shape   // of a List or Map: what its entries are

	match matcher
}

// Member is a member of a Structure.
type Member struct {
	Name     string // exactly as on the wire
	Required bool
	Shape    *Shape
}

// Member returns the member of that name, in exactly that case. It is nil if there is none.
func (s *Shape) Member(name string) *Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}

// Operation returns an operation by its name, in exactly that case.
func Operation(name string) (*Op, bool) {
	op, known := published().operations[name]
	return op, known
}

// Operations returns the names of all operations, sorted.
func Operations() []string { return slices.Sorted(maps.Keys(published().operations)) }

// Declares reports whether the operation declares an exception, such as "CodeMismatchException".
func (o *Op) Declares(exception string) bool {
	_, declared := slices.BinarySearch(o.Errors, exception)
	return declared
}

// Any stands in a path for each position of a list and each key of a map.
const Any = "*"

// Walk calls visit for each member of the request, at every depth, with the path to it: the names
// of members, and Any for the entries of lists and maps, which are visited too. A visit that
// returns false keeps Walk out of what is inside the member. A shape that contains itself is
// entered once on each path. The path is only valid during the call.
func (o *Op) Walk(visit func(path []string, s *Shape) bool) { walk(o.Input, nil, nil, visit) }

func walk(s *Shape, path []string, above []*Shape, visit func([]string, *Shape) bool) {
	if slices.Contains(above, s) {
		return
	}
	above = append(above, s)
	enter := func(name string, inner *Shape) {
		path := append(path, name)
		if visit(path, inner) {
			walk(inner, path, above, visit)
		}
	}
	for _, member := range s.Members {
		enter(member.Name, member.Shape)
	}
	if s.Element != nil {
		enter(Any, s.Element)
	}
}

// service is the model of a service, read and linked.
type service struct {
	operations map[string]*Op
	shapes     map[string]*Shape
}

// published returns the service's model as the embedded files have it.
var published = sync.OnceValue(func() *service { return read(modelText, seenText) })
