package model

import (
	"cmp"
	_ "embed" // the two files
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

//go:embed model.tsv
var modelText string

//go:embed seen.txt
var seenText string

// NoMin and NoMax are the limits of a Shape that has none.
const (
	NoMin = math.MinInt64
	NoMax = math.MaxInt64
)

// read reads the model from the texts of model.tsv and seen.txt. It panics if one is malformed:
// both are part of the program.
func read(model, seen string) *service {
	r := reader{service{make(map[string]*Op, 200), make(map[string]*Shape, 800)}}
	for line := range lines(model) {
		r.line(line)
	}
	for line := range lines(seen) {
		r.correct(line)
	}
	for _, s := range r.shapes {
		if s.Kind == "" {
			panic("model: no line defines " + s.Name)
		}
	}
	return &r.service
}

// lines yields the columns of each line of a file, without comments and empty lines.
func lines(text string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if line != "" && line[0] != '#' && !yield(strings.Split(line, "\t")) {
				return
			}
		}
	}
}

type reader struct{ service }

// shape returns a shape by its name, which may be used before its line defines it.
func (r *reader) shape(name string) *Shape {
	s, known := r.shapes[name]
	if !known {
		s = &Shape{Name: name, Min: NoMin, Max: NoMax}
		r.shapes[name] = s
	}
	return s
}

// line reads a line of model.tsv. The columns are described there.
func (r *reader) line(columns []string) {
	kind, name, rest := columns[0], columns[1], columns[2:]
	switch kind {
	case "operation":
		op := &Op{Name: name, Signed: rest[0] == "iam", Input: r.shape(rest[1])}
		op.Errors = strings.Fields(rest[3])
		if rest[2] != "-" {
			op.Output = r.shape(rest[2])
		}
		r.operations[name] = op
	case "error":
		op := r.operations[name]
		op.Errors = append(slices.Clip(op.Errors), rest...)
		slices.Sort(op.Errors)
	case "member":
		r.addMembers(r.shape(name), rest)
	default:
		s := r.shape(name)
		s.Kind, s.Secret = Kind(kind), rest[0] == "secret"
		s.limit(rest[1])
		rest = rest[2:]
		switch s.Kind {
		case Structure:
			r.addMembers(s, rest)
		case String:
			s.Pattern, s.Enum = rest[0], inHashOrder(strings.Fields(rest[1]))
		case List:
			s.Element = r.shape(rest[0])
		case Map:
			s.Key, s.Element = r.shape(rest[0]), r.shape(rest[1])
		case Integer, Long, Boolean, Timestamp, Blob, Document:
		default:
			panic("model: unknown kind " + kind)
		}
	}
}

// addMembers reads members such as "Username!:UsernameType".
func (r *reader) addMembers(s *Shape, columns []string) {
	s.Members = slices.Grow(s.Members, len(columns))
	for _, column := range columns {
		name, shape, _ := strings.Cut(column, ":")
		name, required := strings.CutSuffix(name, "!")
		s.Members = append(s.Members, Member{Name: name, Required: required, Shape: r.shape(shape)})
	}
}

// limit reads limits such as "1..128", "..256" and "..".
func (s *Shape) limit(text string) {
	low, high, _ := strings.Cut(text, "..")
	if low != "" {
		s.Min = parse(low)
	}
	if high != "" {
		s.Max = parse(high)
	}
}

func parse(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("model: " + err.Error())
	}
	return n
}

// correct reads a line of seen.txt: a shape, a rule, and the value that was seen.
func (r *reader) correct(columns []string) {
	name, rule, value := columns[0], columns[1], columns[2]
	s, known := r.shapes[name]
	if !known {
		panic("model: seen.txt names an unknown shape " + name)
	}
	switch rule {
	case "min":
		s.Min = parse(value)
	case "max":
		s.Max = parse(value)
	case "pattern":
		s.Pattern = value
	default:
		panic(fmt.Sprintf("model: seen.txt has an unknown rule %q", rule))
	}
}

// inHashOrder sorts the values of an enumeration as the service lists them: in the order of a Java
// hash table with 32 buckets, alphabetically within a bucket. All three responses that were seen
// with such a list are in this order:
//
//   - mfaConfiguration: [OPTIONAL, OFF, ON]
//     (https://github.com/rosberglinhares/CloudFormationCognitoCustomResources/issues/1, 2018-07-30)
//   - explicitAuthFlows: [ALLOW_CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH, …]
//     (https://github.com/aws-solutions/media-insights-on-aws/pull/199, 2020-05-31)
//   - allowedOAuthFlows: [implicit, client_credentials, code]
//     (https://github.com/awsdocs/aws-cloudformation-user-guide/issues/563, 2020-01-13)
func inHashOrder(values []string) []string {
	bucket := func(value string) int {
		hash := uint32(0)
		for i := range len(value) {
			hash = 31*hash + uint32(value[i])
		}
		return int(hash % 32)
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(bucket(a)-bucket(b), strings.Compare(a, b))
	})
	return values
}
