package model_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// operation returns an operation, which must exist.
func operation(tb testing.TB, name string) *model.Op {
	tb.Helper()
	op, known := model.Operation(name)
	require.True(tb, known, name)
	return op
}

// rows returns the columns of each line of one of the package's files.
func rows(tb testing.TB, name string) (rows [][]string) {
	tb.Helper()
	text, err := os.ReadFile(name)
	require.NoError(tb, err)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}

// requestShapes returns the shapes in the requests of all operations.
func requestShapes(tb testing.TB) map[string]*model.Shape {
	tb.Helper()
	shapes := map[string]*model.Shape{}
	for _, name := range model.Operations() {
		op := operation(tb, name)
		shapes[op.Input.Name] = op.Input
		op.Walk(func(_ []string, s *model.Shape) bool {
			shapes[s.Name] = s
			return true
		})
	}
	return shapes
}

func TestOperation(t *testing.T) {
	t.Parallel()
	op := operation(t, "AdminDeleteSoftwareToken")
	assert.Equal(t, "AdminDeleteSoftwareToken", op.Name)
	assert.True(t, op.Signed)
	assert.Equal(t, "AdminDeleteSoftwareTokenRequest", op.Input.Name)
	assert.True(t, op.Declares("UserNotConfirmedException"))
	assert.False(t, op.Declares("SoftwareTokenMFANotFoundException"))

	op = operation(t, "InitiateAuth")
	assert.False(t, op.Signed)
	assert.True(t, op.Declares("FeatureUnavailableInTierException"))
	assert.True(t, slices.IsSorted(op.Errors))
	assert.NotNil(t, op.Output.Member("AvailableChallenges"))
	assert.Nil(t, op.Output.Member("availableChallenges"))

	assert.Nil(t, operation(t, "DeleteUser").Output, "its response has no body")
	for _, name := range []string{"", "getUser", "GetUser ", "GetEverything"} {
		_, known := model.Operation(name)
		assert.False(t, known, name)
	}
	assert.True(t, slices.IsSorted(model.Operations()))
	assert.Contains(t, model.Operations(), "VerifySoftwareToken")
}

// The rules of model.tsv for strings, numbers and lists in requests are loaded, except where
// seen.txt differs.
func TestModelIsRead(t *testing.T) {
	t.Parallel()
	shapes := requestShapes(t)
	differs := map[string]bool{}
	for _, row := range rows(t, "seen.txt") {
		differs[row[0]+" "+row[1]] = true
	}
	found, operations := 0, 0
	for _, row := range rows(t, "model.tsv") {
		if row[0] == "operation" {
			operations++
			op := operation(t, row[1])
			assert.Equal(t, row[2] == "iam", op.Signed, op.Name)
			assert.Equal(t, row[3], op.Input.Name)
			assert.Subset(t, op.Errors, strings.Fields(row[5]), op.Name)
		}
		s, inRequest := shapes[row[1]]
		if !inRequest || row[0] == "member" {
			continue
		}
		found++
		assert.Equal(t, row[0], string(s.Kind), s.Name)
		assert.Equal(t, row[2] == "secret", s.Secret, s.Name)
		low, high, _ := strings.Cut(row[3], "..")
		assert.Equal(t, low == "", s.Min == model.NoMin, s.Name)
		assert.Equal(t, high == "", s.Max == model.NoMax, s.Name)
		switch row[0] {
		case "string":
			assert.True(t, s.Pattern == row[4] || differs[s.Name+" pattern"], s.Name)
			assert.ElementsMatch(t, strings.Fields(row[5]), s.Enum, s.Name)
		case "structure":
			for i, column := range row[4:] {
				name, shape, _ := strings.Cut(column, ":")
				assert.Equal(t, strings.TrimSuffix(name, "!"), s.Members[i].Name)
				assert.Equal(t, strings.HasSuffix(name, "!"), s.Members[i].Required, name)
				assert.Equal(t, shape, s.Members[i].Shape.Name)
			}
		}
	}
	assert.Len(t, shapes, found)
	assert.Len(t, model.Operations(), operations)
}

// Each line of seen.txt names its source, contradicts the model, and takes precedence.
func TestSeenTakesPrecedence(t *testing.T) {
	t.Parallel()
	shapes := requestShapes(t)
	published := map[string][]string{}
	for _, row := range rows(t, "model.tsv") {
		published[row[1]] = row
	}
	seen := rows(t, "seen.txt")
	require.NotEmpty(t, seen)
	for _, row := range seen {
		require.Len(t, row, 5, row[0])
		assert.Regexp(t, `^20\d\d-\d\d-\d\d$`, row[3], row[0])
		assert.Regexp(t, `^https://\S+$`, row[4], row[0])
		s := shapes[row[0]]
		require.NotNil(t, s, row[0])
		low, high, _ := strings.Cut(published[row[0]][3], "..")
		switch row[1] {
		case "min":
			assert.NotEqual(t, row[2], low)
			assert.Contains(t, ruleOf(t, s, minLength(s)), row[2])
		case "max":
			assert.NotEqual(t, row[2], high)
			assert.Contains(t, ruleOf(t, s, maxLength(s)), row[2])
		case "pattern":
			assert.NotEqual(t, row[2], published[row[0]][4])
			rule := "Member must satisfy regular expression pattern: " + s.Pattern
			assert.Contains(t, ruleOf(t, s, rule), row[2])
		default:
			assert.Fail(t, "unknown rule", row[1])
		}
	}
}

// ruleOf returns a rule of a shape. A value must be able to break it.
func ruleOf(tb testing.TB, s *model.Shape, rule string) string {
	tb.Helper()
	for _, fault := range faults(tb, s, sample(tb, s, nil)) {
		if fault.rule == rule {
			return rule
		}
	}
	assert.Fail(tb, "nothing breaks it", "%s: %s", s.Name, rule)
	return ""
}

func TestWalk(t *testing.T) {
	t.Parallel()
	var paths []string
	operation(t, "AdminRespondToAuthChallenge").Walk(func(path []string, s *model.Shape) bool {
		paths = append(paths, strings.Join(path, ".")+" "+s.Name)
		return s.Name != "ClientMetadataType"
	})
	assert.Equal(t, []string{
		"UserPoolId UserPoolIdType", "ClientId ClientIdType", "ChallengeName ChallengeNameType",
		"ChallengeResponses ChallengeResponsesType", "ChallengeResponses.* StringType",
		"Session SessionType",
		"AnalyticsMetadata AnalyticsMetadataType",
		"AnalyticsMetadata.AnalyticsEndpointId StringType",
		"ContextData ContextDataType", "ContextData.IpAddress StringType",
		"ContextData.ServerName StringType",
		"ContextData.ServerPath StringType", "ContextData.HttpHeaders HttpHeaderList",
		"ContextData.HttpHeaders.* HttpHeader", "ContextData.HttpHeaders.*.headerName StringType",
		"ContextData.HttpHeaders.*.headerValue StringType", "ContextData.EncodedData StringType",
		"ClientMetadata ClientMetadataType",
	}, paths)
}

// Walk ends even if a shape contains itself, which none in the model does today.
func TestRecursiveShape(t *testing.T) {
	t.Parallel()
	name := &model.Shape{Name: "Name", Kind: model.String, Min: 2, Max: 3}
	tree := &model.Shape{Name: "Tree", Kind: model.Structure}
	forest := &model.Shape{Name: "Forest", Kind: model.List, Max: model.NoMax, Element: tree}
	tree.Members = []model.Member{
		{Name: "Name", Required: true, Shape: name},
		{Name: "Trees", Shape: forest},
	}
	op := &model.Op{Name: "Plant", Input: tree}

	var paths []string
	op.Walk(func(path []string, _ *model.Shape) bool {
		paths = append(paths, strings.Join(path, "."))
		return true
	})
	assert.Equal(t, []string{"Name", "Trees", "Trees.*"}, paths)

	members := object{"Name": "oak", "Trees": []any{
		object{"Name": "x", "name": "y", "Trees": []any{object{}}},
	}}
	_, ok := op.Type(members)
	assert.True(t, ok)
	assert.Equal(t, []string{
		"Value 'x' at 'trees.1.member.name'" + failed + minLength(name),
		"Value null at 'trees.1.member.trees.1.member.name'" + failed + "Member must not be null",
	}, op.Check(members))
	pruned, changed := op.Prune(members)
	assert.True(t, changed)
	assert.Equal(t, object{"Name": "oak", "Trees": []any{
		object{"Name": "x", "Trees": []any{object{}}},
	}}, pruned)
	assert.Contains(t, marshal(t, members), `"name"`, "what was given is as it was")
}
