package model_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Patterns mean the same as in Java, and must match the whole value.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, value string
		fits           bool
	}{
		{pattern: `[0-9]+`, value: "123456", fits: true},
		{pattern: `[0-9]+`, value: "12345x", fits: false},
		{pattern: `[0-9]+`, value: "123456\n", fits: false},
		{pattern: `[0-9]+`, value: "１２３", fits: false},
		{pattern: `[0-9]+`, fits: false},
		{pattern: `[A-Za-z0-9-_=.]+`, value: "a-_=.Z9", fits: true},
		{pattern: `[A-Za-z0-9-_=.]+`, value: "a,b", fits: false},
		{pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, value: "Jürgen😀", fits: true},
		{pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, value: "a b", fits: false},
		{pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, value: "a\u00a0b", fits: false},
		{pattern: `[\S]+`, value: "a\u00a0b", fits: true}, // a space that Java's \s does not have
		{pattern: `[\S]+`, value: "a\vb", fits: false},    // one that Go's does not have
		{pattern: `[\w\s+=,.@-]+`, value: "a\v \tb@x.y", fits: true},
		{pattern: `[\w\s+=,.@-]+`, value: "ä", fits: false},
		{pattern: `[\p{L}\s*]*`, fits: true},
		{pattern: `[\p{L}\s*]*`, value: "a\v*", fits: true},
		{pattern: `^[\S]+.*[\S]+$`, value: "ab", fits: true},
		{pattern: `^[\S]+.*[\S]+$`, value: "a", fits: false},
		{pattern: `^[\S]+.*[\S]+$`, value: "a b", fits: true},
		{pattern: `^[\S]+.*[\S]+$`, value: " ab", fits: false},
		{pattern: `^[\S]+.*[\S]+$`, value: "ab\n", fits: false},
		{pattern: `^[\S]+.*[\S]+$`, value: "a \n b", fits: false},
		{pattern: `.*\{####\}.*`, value: "code {####}", fits: true},
		{pattern: `.*\{####\}.*`, value: "\u2028{####}", fits: false},
		{pattern: `.*\{####\}.*`, value: "\r{####}", fits: false},
		{pattern: `(?s).*`, value: "a\nb", fits: true},
		{pattern: `[\w-]+_[0-9a-zA-Z]+`, value: "us-east-1_Example", fits: true},
		{pattern: `[\w-]+_[0-9a-zA-Z]+`, value: "us-east-1", fits: false},
		{pattern: `^[0-9A-Za-z\.\-_]*(?<!\.)$`, value: "a.b", fits: true},
		{pattern: `^[0-9A-Za-z\.\-_]*(?<!\.)$`, value: "a.", fits: false},
		{pattern: `^[0-9A-Za-z\.\-_]*(?<!\.)$`, fits: true},
	} {
		assert.Equal(t, tc.fits, model.Compile(tc.pattern)(tc.value), "%s: %q", tc.pattern,
			tc.value)
	}
}

// Every pattern of the model compiles, and matches the same values as its regular expression.
func TestAllPatterns(t *testing.T) {
	t.Parallel()
	alphabet := []rune("aZ09_-+=/.,@: {}#*\\\"\x00é界😀\u0301\u00a0\u2029\ufffd")
	random := rand.New(rand.NewPCG(1, 2))
	patterns := 0
	for _, row := range rows(t, "model.tsv") {
		if row[0] != "string" || row[4] == "" {
			continue
		}
		patterns++
		match := model.Compile(row[4])
		if strings.Contains(row[4], "(?<!") {
			continue // Go's cannot say it
		}
		plain := regexp.MustCompile(`\A(?:` + row[4] + `)\z`)
		for range 300 {
			text := make([]rune, random.IntN(6))
			for i := range text {
				text[i] = alphabet[random.IntN(len(alphabet))]
			}
			if strings.Contains(row[4], "*") && strings.ContainsRune(string(text), '\u2029') {
				continue // where a dot may mean something else
			}
			fits := plain.MatchString(string(text))
			assert.Equal(t, fits, match(string(text)), "%s: %q", row[4], string(text))
		}
	}
	assert.Greater(t, patterns, 40)
}
