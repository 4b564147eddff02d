package model_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Patterns mean what they mean in Java, and have to fit the whole value.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, value string
		fits           bool
	}{
		{`[0-9]+`, "123456", true},
		{`[0-9]+`, "12345x", false},
		{`[0-9]+`, "123456\n", false},
		{`[0-9]+`, "１２３", false},
		{`[0-9]+`, "", false},
		{`[A-Za-z0-9-_=.]+`, "a-_=.Z9", true},
		{`[A-Za-z0-9-_=.]+`, "a,b", false},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "Jürgen😀", true},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "a b", false},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "a\u00a0b", false},
		{`[\S]+`, "a\u00a0b", true}, // a space that Java's \s does not have
		{`[\S]+`, "a\vb", false},    // one that Go's does not have
		{`[\w\s+=,.@-]+`, "a\v \tb@x.y", true},
		{`[\w\s+=,.@-]+`, "ä", false},
		{`[\p{L}\s*]*`, "", true},
		{`[\p{L}\s*]*`, "a\v*", true},
		{`^[\S]+.*[\S]+$`, "ab", true},
		{`^[\S]+.*[\S]+$`, "a", false},
		{`^[\S]+.*[\S]+$`, "a b", true},
		{`^[\S]+.*[\S]+$`, " ab", false},
		{`^[\S]+.*[\S]+$`, "ab\n", false},
		{`^[\S]+.*[\S]+$`, "a \n b", false},
		{`.*\{####\}.*`, "code {####}", true},
		{`.*\{####\}.*`, "\u2028{####}", false},
		{`.*\{####\}.*`, "\r{####}", false},
		{`(?s).*`, "a\nb", true},
		{`[\w-]+_[0-9a-zA-Z]+`, "us-east-1_Example", true},
		{`[\w-]+_[0-9a-zA-Z]+`, "us-east-1", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "a.b", true},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "a.", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "", true},
	} {
		assert.Equal(t, tc.fits, model.Compile(tc.pattern)(tc.value), "%s: %q", tc.pattern, tc.value)
	}
}

// Every pattern of the model works, those of responses too, and means the same as the regular
// expression that it is.
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
