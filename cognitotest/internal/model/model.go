// Package model is Cognito's published interface as data: its operations, the members of their
// requests with the rules for each, and the errors that an operation declares.
//
// The data comes from two embedded files. model.tsv is the service's own model, with a part at its
// end that is kept by hand; generate.py makes the rest. seen.txt lists where the service was seen
// to differ from its model, with source and date, and takes precedence. Nothing else in the fake
// repeats what they say.
//
// The files are read once, at the first use. All functions may be called concurrently.
package model

import (
	"maps"
	"slices"
	"sync"
)

// Kind is the kind of a value in JSON.
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
	Signed bool     // authorized by IAM, with a signature
	Input  *Shape   // a Structure
	Output *Shape   // a Structure; nil if the response has no body
	Errors []string // the declared exceptions, such as "CodeMismatchException", sorted
}

// Shape describes a kind of value and its rules.
type Shape struct {
	Name   string // in the model, such as "UsernameType"
	Kind   Kind
	Secret bool // the service does not repeat the value in its errors

	// Min and Max limit the value of a number, the characters of a String, the bytes of a Blob, and
	// the entries of a List or Map. NoMin and NoMax mean no limit.
	Min, Max int64

	// Pattern, of a String, is a regular expression in Java's syntax that matches the whole value;
	// empty for none. Enum lists the allowed values, in the service's order; empty for any.
	Pattern string
	Enum    []string

	Members []Member // of a Structure, in the model's order
	Key     *Shape   // of a Map
	Element *Shape   // of the entries of a List or Map

	match matcher
}

// Member is a member of a Structure.
type Member struct {
	Name     string // exactly as on the wire
	Required bool
	Shape    *Shape
}

// Member returns the member of that name; the case matters. It is nil if there is none.
func (s *Shape) Member(name string) *Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}

// Operation returns an operation by its name; the case matters.
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

// Walk calls visit for each member of the request, at every depth, with the path to it: names of
// members, and Any for the entries of lists and maps, which are visited too. If visit returns
// false, Walk skips what is inside the member. A shape that contains itself is entered once on each
// path. The path is only valid during the call.
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

// service is the model of a service, in memory.
type service struct {
	operations map[string]*Op
	shapes     map[string]*Shape
}

// published returns the service's model as the embedded files have it.
var published = sync.OnceValue(func() *service { return read(modelText, seenText) })
