package model_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// FuzzRequest passes any JSON to all checks: nothing panics, the arguments do not change, and Prune
// leaves only what the model knows.
func FuzzRequest(f *testing.F) {
	for i, name := range model.Operations() {
		op := operation(f, name)
		f.Add(uint(i), []byte(marshal(f, sample(f, op.Input, nil))))
	}
	f.Add(uint(3), []byte(`{"UserPoolId":["x",{}],"username":{"a":1e999},"Username":-0.0,"":null}`))
	f.Add(uint(4),
		[]byte(`{"UserAttributes":[[],{"Name":[],"Value":{}},null,7],"ClientMetadata":{"":null}}`))
	f.Fuzz(func(t *testing.T, which uint, body []byte) {
		names := model.Operations()
		op := operation(t, names[which%uint(len(names))])
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var exact, members object
		if json.Unmarshal(body, &members) != nil || members == nil ||
			decoder.Decode(&exact) != nil {
			return
		}
		before := marshal(t, members)
		for _, members := range []object{members, exact} {
			pruned, changed := op.Prune(members)
			assert.Equal(t, op.Check(members), op.Check(pruned), "what is unknown is passed over")
			wrong, _ := op.Type(members)
			stillWrong, ok := op.Type(pruned)
			assert.Equal(t, wrong, stillWrong)
			assert.Equal(t, stillWrong == "", ok)
			again, changedAgain := op.Prune(pruned)
			assert.False(t, changedAgain)
			assert.Equal(t, pruned, again)
			if !changed {
				assert.Equal(t, members, pruned)
			}
			known(t, op.Input, pruned)
			secrets(op, members, nil)
		}
		require.Equal(t, before, marshal(t, members))
	})
}

// known asserts that the model knows every member of an object.
func known(tb testing.TB, s *model.Shape, value any) {
	tb.Helper()
	switch value := value.(type) {
	case object:
		for name, inner := range value {
			switch s.Kind {
			case model.Structure:
				member := s.Member(name)
				require.NotNil(tb, member, name)
				known(tb, member.Shape, inner)
			case model.Map:
				known(tb, s.Element, inner)
			}
		}
	case []any:
		if s.Kind == model.List {
			for _, inner := range value {
				known(tb, s.Element, inner)
			}
		}
	}
}

// secrets calls Secret for each value.
func secrets(op *model.Op, value any, path []string) {
	switch value := value.(type) {
	case object:
		for name, inner := range value {
			secrets(op, inner, append(path, name))
		}
	case []any:
		for _, inner := range value {
			secrets(op, inner, append(path, model.Any))
		}
	default:
		op.Secret(path...)
	}
}
