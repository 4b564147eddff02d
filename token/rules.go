package token

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Requirements are what [Verifier.With] requires of a token beyond what its Config does. The fields
// mean what those of [Config] mean; empty and zero require nothing.
type Requirements struct {
	Groups []string
	Scopes []string
	ACR    []string
	MaxAge time.Duration
}

// With returns a Verifier that accepts a token only if v does and the requirements are met as well,
// for routes that need more than others, such as a fresh sign-in with a second factor. It shares
// v's keys, so it needs no fetch of its own. An error means that a requirement is malformed or that
// no token can meet it together with v's.
func (v *Verifier) With(more Requirements) (*Verifier, error) {
	w := &Verifier{issuers: make(map[string]issuer, len(v.issuers)), sets: v.sets}
	for _, p := range v.pools {
		stricter := *p
		var err error
		if stricter.rules, err = p.rules.and(more); err != nil {
			return nil, errors.New("token: with: " + err.Error())
		}
		w.pools = append(w.pools, &stricter)
		for name, iss := range v.issuers {
			if iss.pool == p {
				w.issuers[name] = issuer{pool: &stricter, keys: iss.keys}
			}
		}
	}
	return w, nil
}

// rules are what a genuine token must have to be accepted.
type rules struct {
	groups, scopes [][]string    // of each list at least one
	acr            []string      // one of these; nil: any
	maxAge         time.Duration // zero: any
}

// and returns the rules that require more as well.
func (r rules) and(more Requirements) (rules, error) {
	switch {
	case slices.Contains(slices.Concat(more.Groups, more.Scopes, more.ACR), ""):
		return rules{}, errors.New("an empty string among Groups, Scopes or ACR")
	case slices.ContainsFunc(more.ACR, unquotable):
		return rules{}, errors.New("ACR has a character that a level's name cannot have")
	case more.MaxAge < 0, more.MaxAge%time.Second != 0:
		return rules{}, errors.New("MaxAge is negative or not in whole seconds")
	}
	if len(more.Groups) > 0 {
		r.groups = append(slices.Clip(r.groups), slices.Clone(more.Groups))
	}
	if len(more.Scopes) > 0 {
		r.scopes = append(slices.Clip(r.scopes), slices.Clone(more.Scopes))
	}
	if len(more.ACR) > 0 {
		acr := slices.Clone(more.ACR)
		if r.acr != nil {
			// A token has one acr, so it must be in both lists.
			acr = slices.DeleteFunc(acr, func(s string) bool { return !slices.Contains(r.acr, s) })
		}
		if len(acr) == 0 {
			return rules{}, errors.New("no ACR value is among those required before")
		}
		r.acr = acr
	}
	if more.MaxAge > 0 && (r.maxAge == 0 || more.MaxAge < r.maxAge) {
		r.maxAge = more.MaxAge
	}
	return r, nil
}

// unquotable reports whether s has a character that a level's name cannot have: AcrValue in the API
// reference is [\x21\x23-\x5B\x5D-\x7E]+. Names without one need no escaping in a header, and a
// space can separate them.
func unquotable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x21 || r > 0x7e || r == '"' || r == '\\'
	})
}

// oneOfEach reports whether one of have is in each of the lists.
func oneOfEach(have []string, lists [][]string) bool {
	for _, list := range lists {
		if !slices.ContainsFunc(have, func(s string) bool { return slices.Contains(list, s) }) {
			return false
		}
	}
	return true
}
