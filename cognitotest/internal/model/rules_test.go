package model_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

type object = map[string]any

// TestEachRuleBroken breaks each rule of the model once, at each place in each operation. Check
// must find that violation, and only those that follow from it.
func TestEachRuleBroken(t *testing.T) {
	t.Parallel()
	broken := 0
	for _, name := range model.Operations() {
		op := operation(t, name)
		members := sample(t, op.Input, nil).(object)
		before := marshal(t, members)

		require.Empty(t, op.Check(members), name)
		message, ok := op.Type(members)
		require.True(t, ok, "%s: %s", name, message)
		_, changed := op.Prune(members)
		require.False(t, changed, name)

		b := breaker{T: t, op: op, members: members}
		b.structure(op.Input, members, nil, false)
		assert.Equal(t, before, marshal(t, members), "the sample is whole again")
		broken += b.broken
	}
	assert.Greater(t, broken, 3000, "the walk meets the rules")
	t.Logf("%d rules broken in %d operations", broken, len(model.Operations()))
}

// breaker breaks the rules of one request.
type breaker struct {
	*testing.T
	op      *model.Op
	members object // the whole request
	broken  int
}

// finds asserts the message for a broken rule.
func (b *breaker) finds(at []string, shown, rule string) {
	b.Helper()
	b.broken++
	sentence := "Value" + shown + " at '" + strings.Join(at, ".") + "'" + failed + rule
	violations := b.op.Check(b.members)
	require.Contains(b, violations, sentence, b.op.Name)
	for _, violation := range violations {
		_, place, _ := strings.Cut(violation, " at '")
		require.True(b, strings.HasPrefix(place, strings.Join(at, ".")), "only there: %s",
			violation)
	}
}

func (b *breaker) structure(s *model.Shape, members object, at []string, secret bool) {
	secret = secret || s.Secret
	for _, member := range s.Members {
		at := append(slices.Clone(at), strings.ToLower(member.Name[:1])+member.Name[1:])
		good := members[member.Name]
		set := func(value any) { members[member.Name] = value }

		for _, other := range []string{strings.ToLower(member.Name), strings.ToUpper(member.Name)} {
			if other == member.Name {
				continue
			}
			delete(members, member.Name)
			members[other] = good
			pruned, changed := b.op.Prune(b.members)
			require.True(b, changed, "%s: %s", b.op.Name, other)
			require.NotContains(b, marshal(b, pruned), strconv.Quote(other)+":", b.op.Name)
			if member.Required {
				b.finds(at, null(secret || member.Shape.Secret), "Member must not be null")
			}
			delete(members, other)
		}
		if member.Required {
			b.finds(at, null(secret || member.Shape.Secret), "Member must not be null")
			set(nil)
			b.finds(at, null(secret || member.Shape.Secret), "Member must not be null")
		} else {
			require.Empty(b, b.op.Check(b.members), "%s: %s may miss", b.op.Name, member.Name)
			set(nil)
			require.Empty(b, b.op.Check(b.members), "%s: null is absent", b.op.Name)
		}
		set(good)
		b.value(member.Shape, good, set, at, secret)
		set(good)
	}
	members["NoSuchMember"] = 1
	_, changed := b.op.Prune(b.members)
	require.True(b, changed, b.op.Name)
	delete(members, "NoSuchMember")
}

// value breaks the rules of a value, which set replaces.
func (b *breaker) value(s *model.Shape, good any, set func(any), at []string, secret bool) {
	for _, wrong := range []any{"text", true, false, 1.5, object{}, []any{}} {
		if !right(s, wrong) {
			set(wrong)
			message, ok := b.op.Type(b.members)
			require.False(b, ok, "%s: %v for %s", b.op.Name, wrong, s.Name)
			require.NotRegexp(b, `int32|float|bool\b|string|slice|struct\b|interface`, message)
			b.op.Check(b.members)
			b.broken++
		}
	}
	secret = secret || s.Secret
	for _, fault := range faults(b, s, good) {
		set(fault.value)
		b.finds(at, fault.shown(secret || holdsSecret(s)), fault.rule)
	}
	switch s.Kind {
	case model.Structure:
		set(good)
		b.structure(s, good.(object), at, secret)
	case model.List:
		for _, fault := range faults(b, s.Element, sample(b, s.Element, nil)) {
			set([]any{fault.value})
			fault.value = []any{fault.value}
			rule := "Member must satisfy constraint: [" + all(s.Element) + "]"
			b.finds(at, fault.shown(secret || holdsSecret(s)), rule)
		}
		if s.Element.Kind == model.Structure {
			second := append(slices.Clone(at), "2", "member")
			list := []any{sample(b, s.Element, nil), nil}
			set(list)
			b.finds(second, null(secret), "Member must not be null")
			list[1] = sample(b, s.Element, nil)
			b.structure(s.Element, list[1].(object), second, secret)
		}
	case model.Map:
		b.entries(s, set, at, secret)
	}
}

func (b *breaker) entries(s *model.Shape, set func(any), at []string, secret bool) {
	key := sample(b, s.Key, nil).(string)
	for _, fault := range faults(b, s.Key, key) {
		value := sample(b, s.Element, nil)
		set(object{fault.value.(string): value})
		shown := ""
		if !secret && s.Element.Kind == model.String {
			shown = " '{" + fault.value.(string) + "=" + value.(string) + "}'"
		}
		b.finds(at, shown, "Map keys must satisfy constraint: ["+all(s.Key)+"]")
	}
	if s.Element.Kind == model.Structure {
		entry := sample(b, s.Element, nil).(object)
		set(object{key: entry})
		b.structure(s.Element, entry, append(slices.Clone(at), key, "member"), secret)
		return
	}
	for _, fault := range faults(b, s.Element, sample(b, s.Element, nil)) {
		set(object{key: fault.value})
		shown := ""
		if !secret {
			shown = " '{" + key + "=" + fault.value.(string) + "}'"
		}
		b.finds(at, shown, "Map value must satisfy constraint: ["+all(s.Element)+"]")
	}
}

// fault is a value that breaks a rule, with that rule.
type fault struct {
	value any
	rule  string
}

// shown returns the value as it appears in a message.
func (f fault) shown(secret bool) string {
	if secret {
		return ""
	}
	return " '" + show(f.value) + "'"
}

func show(value any) string {
	switch value := value.(type) {
	case []any:
		texts := make([]string, len(value))
		for i := range value {
			texts[i] = show(value[i])
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return value.(string)
}

func null(secret bool) string {
	if secret {
		return ""
	}
	return " null"
}

// holdsSecret reports whether a list is not shown because of its elements.
func holdsSecret(s *model.Shape) bool {
	return s.Element != nil && (s.Element.Secret || s.Element.Kind == model.Structure)
}

// faults returns values that break each rule of a shape, except for the rules of values inside it.
func faults(tb testing.TB, s *model.Shape, good any) (out []fault) {
	tb.Helper()
	add := func(value any, rule string) { out = append(out, fault{value, rule}) }
	switch s.Kind {
	case model.String:
		if s.Min > 0 {
			add(string([]rune(good.(string))[:s.Min-1]), minLength(s))
		}
		if s.Max != model.NoMax {
			add(strings.Repeat("é", int(s.Max)+1), maxLength(s))
		}
		if s.Pattern != "" && s.Pattern != "(?s).*" { // which is any text
			add(mismatch(tb, s), "Member must satisfy regular expression pattern: "+s.Pattern)
		}
		if len(s.Enum) > 0 {
			set := "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
			add("NO_SUCH_VALUE", set)
			add(strings.ToLower(s.Enum[0])+" ", set)
		}
	case model.Integer, model.Long:
		if s.Min != model.NoMin {
			add(float64(s.Min-1), strings.Replace(minLength(s), "length", "value", 1))
		}
		if s.Max != model.NoMax {
			add(float64(s.Max+1), strings.Replace(maxLength(s), "length", "value", 1))
		}
	case model.List:
		if s.Min > 0 {
			add(slices.Repeat([]any{good.([]any)[0]}, int(s.Min-1)), minLength(s))
		}
		if s.Max != model.NoMax {
			add(slices.Repeat([]any{good.([]any)[0]}, int(s.Max+1)), maxLength(s))
		}
	case model.Blob:
		if s.Max != model.NoMax {
			add(base64.StdEncoding.EncodeToString(make([]byte, s.Max+1)), maxLength(s))
		}
	}
	return out
}

func minLength(s *model.Shape) string {
	return "Member must have length greater than or equal to " + strconv.FormatInt(s.Min, 10)
}

func maxLength(s *model.Shape) string {
	return "Member must have length less than or equal to " + strconv.FormatInt(s.Max, 10)
}

// all returns the rules in the message about a string in a list or map.
func all(s *model.Shape) string {
	var rules []string
	if s.Max != model.NoMax {
		rules = append(rules, maxLength(s))
	}
	if s.Min != model.NoMin {
		rules = append(rules, minLength(s))
	}
	if s.Pattern != "" {
		rules = append(rules, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 {
		rules = append(rules,
			"Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return strings.Join(rules, ", ")
}

// right reports whether a value has a shape's JSON type.
func right(s *model.Shape, value any) bool {
	switch value.(type) {
	case string:
		return s.Kind == model.String || s.Kind == model.Blob || s.Kind == model.Document
	case bool:
		return s.Kind == model.Boolean || s.Kind == model.Document
	case float64:
		return s.Kind == model.Timestamp || s.Kind == model.Document
	case []any:
		return s.Kind == model.List || s.Kind == model.Document
	}
	return s.Kind == model.Structure || s.Kind == model.Map || s.Kind == model.Document
}

func atLeast(s *model.Shape) int { return int(max(s.Min, 1)) }

// sample returns a value with all members that satisfies all rules.
func sample(tb testing.TB, s *model.Shape, above []*model.Shape) any {
	tb.Helper()
	if slices.Contains(above, s) {
		return nil
	}
	above = append(above, s)
	switch s.Kind {
	case model.Structure:
		members := object{}
		for _, member := range s.Members {
			members[member.Name] = sample(tb, member.Shape, above)
		}
		return members
	case model.Map:
		return object{sample(tb, s.Key, above).(string): sample(tb, s.Element, above)}
	case model.List:
		return slices.Repeat([]any{sample(tb, s.Element, above)}, atLeast(s))
	case model.String:
		return match(tb, s)
	case model.Integer, model.Long:
		return float64(max(s.Min, min(s.Max, 7)))
	case model.Boolean:
		return true
	case model.Timestamp:
		return 1.7e9
	case model.Blob:
		return "QUJD"
	}
	return object{"any": []any{"thing", 1.5, nil}}
}

// match returns a string that satisfies a shape, by Go's regular expressions, not by the package's
// code.
func match(tb testing.TB, s *model.Shape) string {
	tb.Helper()
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	for _, text := range []string{
		"123456", "x", "us-east-1", "us-east-1_Example", "cognito:default", "terms-of-use",
		"Level1",
		"arn:aws:iam::123456789012:role/example", "arn:aws:s3:::example", "somebody@example.com",
		"Your code is {####}.", "Here: {##this##}.", "import-x1", "0123456789abcdef01234567",
		"01234567-89ab-4def-8123-456789abcdef", "us-east-1_01234567-89ab-4def-8123-456789abcdef",
	} {
		if regular(s).MatchString(text) && fits(s, text) {
			return text
		}
	}
	tb.Fatalf("no sample for %s: %s", s.Name, s.Pattern)
	return ""
}

func mismatch(tb testing.TB, s *model.Shape) string {
	tb.Helper()
	for _, text := range []string{" ", "x\x00x", "*", "_", "\n"} {
		if !regular(s).MatchString(text) {
			return text
		}
	}
	tb.Fatalf("no mismatch for %s: %s", s.Name, s.Pattern)
	return ""
}

func regular(s *model.Shape) *regexp.Regexp {
	if s.Pattern == "" {
		return regexp.MustCompile("")
	}
	return regexp.MustCompile(`\A(?:` + s.Pattern + `)\z`)
}

func fits(s *model.Shape, text string) bool {
	n := int64(utf8.RuneCountInString(text))
	return s.Min <= n && n <= s.Max
}

func marshal(tb testing.TB, value any) string {
	tb.Helper()
	text, err := json.Marshal(value)
	require.NoError(tb, err)
	return string(text)
}
