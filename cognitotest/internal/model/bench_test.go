package model_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		model.Load()
	}
}

// The cost of the three checks of every request.
func BenchmarkRequest(b *testing.B) {
	for _, name := range []string{
		"GetUser", "AdminInitiateAuth", "RespondToAuthChallenge", "VerifySoftwareToken",
		"CreateUserPool",
	} {
		op := operation(b, name)
		members := sample(b, op.Input, nil).(object)
		if members["AccessToken"] != nil {
			members["AccessToken"] = token
		}
		require.Empty(b, op.Check(members))
		for question, ask := range map[string]func(){
			"Check": func() { op.Check(members) },
			"Prune": func() { op.Prune(members) },
			"Type":  func() { op.Type(members) },
		} {
			b.Run(name+"/"+question, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					ask()
				}
			})
		}
	}
}

// token has the length of an access token.
var token = strings.Repeat("abcXYZ019-_.", 84)
