package cognitotest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// pool is a user pool. What stands above mu never changes.
type pool struct {
	id                 string
	created            time.Time
	usernameAttributes []string // sign-in by these; the user name is a UUID then
	aliasAttributes    []string // sign-in by these beside the user name, once verified
	required           []string // attributes that a user must have
	schema             schema   // what else was said of attributes
	caseInsensitive    bool

	mu       sync.RWMutex
	modified time.Time
	set      poolSettings
	mfa      mfaConfig
	names    map[string]*user // by user name
	ghosts   ghosts
	aliases  map[string]*user // by what else a user can be called: e-mail, phone number, preferred name, sub
	order    roll
	groups   map[string]*group
}

// poolSettings is what UpdateUserPool sets. Settings are replaced, never changed.
type poolSettings struct {
	name         string
	autoVerified []string // attributes that are sent a code, at sign-up and when they change
	recovery     []string // attributes that are sent a code for a new password, or recoveryAdmin; none: the service's old rule
	policy       passwordPolicy
	firstFactors []string // that USER_AUTH may begin with
	devices      *deviceConfiguration
}

func (p *pool) settings() poolSettings {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.set
}

// newPool makes a pool without users, in which nothing is set.
func newPool(id string, created time.Time) *pool {
	return &pool{
		id: id, created: created, modified: created,
		names: map[string]*user{}, aliases: map[string]*user{}, groups: map[string]*group{},
	}
}

// mfaConfig is what SetUserPoolMfaConfig sets. A nil part is switched off; the others are given back as they came.
type mfaConfig struct {
	mode                 types.UserPoolMfaType
	totp                 bool
	sms, email, webAuthn json.RawMessage
}

func (p *pool) config() mfaConfig {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.mfa
}

// key is the form of a name under which it is looked up.
func (p *pool) key(name string) string {
	if p.caseInsensitive {
		return strings.ToLower(name)
	}
	return name
}

// lookup finds a user by name, sub, or an alias of the pool; nil if there is none.
func (p *pool) lookup(name string) *user {
	key := p.key(name)
	p.mu.RLock()
	defer p.mu.RUnlock()
	if u := p.names[key]; u != nil {
		return u
	}
	return p.aliases[key]
}

// bySub finds the user that a session or a token was given to. A name cannot pass for a sub here.
func (p *pool) bySub(sub string) *user {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.aliases[p.key(sub)]
}

// aliasesOf lists the attributes under whose values the pool finds a user.
func (p *pool) aliasesOf(a attributes) []string {
	var keys []string
	for _, name := range p.usernameAttributes {
		if value := a.get(name); value != "" {
			keys = append(keys, p.key(value))
		}
	}
	for _, name := range p.aliasAttributes {
		if value := a.get(name); value != "" && (name == "preferred_username" || a.verified(name)) {
			keys = append(keys, p.key(value))
		}
	}
	return keys
}

// add takes in a user that nobody else has seen yet. It fails if the name or an alias belongs to somebody else, unless force says that the
// alias moves to the new user, as ForceAliasCreation does. Groups of the user that there are not are made.
func (p *pool) add(u *user, exists error, force bool) error {
	aliases := p.aliasesOf(u.attributes)
	p.mu.Lock()
	defer p.mu.Unlock()
	if key := p.key(u.name); p.names[key] != nil || p.aliases[key] != nil {
		return exists // a name that is somebody's alias would come before it
	}
	for _, alias := range aliases {
		switch {
		case p.aliases[alias] == nil && p.names[alias] == nil:
		case len(p.usernameAttributes) > 0:
			return exists
		case !force || p.names[alias] != nil:
			return aliasExists(alias)
		}
	}
	p.names[p.key(u.name)] = u
	p.aliases[p.key(u.sub)] = u
	for _, alias := range aliases {
		p.aliases[alias] = u
	}
	p.order.add(u)
	for _, name := range u.groups {
		if p.groups[name] == nil {
			p.groups[name] = &group{name: name, created: u.created, modified: u.created}
		}
	}
	return nil
}

// change sets attributes of a user, whose lock is held, and keeps the aliases in step. An empty value deletes an attribute.
func (p *pool) change(u *user, changed ...attribute) error {
	return p.replace(u, u.attributes.with(changed...), false)
}

// replace gives a user, whose lock is held, other attributes. It fails if they bring an alias that belongs to somebody else, unless force says
// that the alias moves. One that was moved away from the user earlier does not come back by this.
func (p *pool) replace(u *user, next attributes, force bool) error {
	before, after := p.aliasesOf(u.attributes), p.aliasesOf(next)
	p.mu.Lock()
	defer p.mu.Unlock()
	owned := after[:0:0]
	for _, alias := range after {
		other := cmp.Or(p.names[alias], p.aliases[alias], u)
		switch {
		case other == u || force && p.names[alias] == nil:
			owned = append(owned, alias)
		case !slices.Contains(before, alias):
			return aliasExists(alias)
		}
	}
	p.forget(u, before)
	for _, alias := range owned {
		p.aliases[alias] = u
	}
	u.attributes = next
	return nil
}

func aliasExists(alias string) error {
	kind := "preferred_username"
	switch {
	case isAddress("email", alias):
		kind = "email"
	case isAddress("phone_number", alias):
		kind = "phone_number"
	}
	return &apiError{typeAliasExists, "An account with the " + kind + " already exists."}
}

func (p *pool) forget(u *user, aliases []string) {
	for _, alias := range aliases {
		if p.aliases[alias] == u {
			delete(p.aliases, alias)
		}
	}
}

// remove takes a user, whose lock is held, out of the pool.
func (p *pool) remove(u *user) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.names, p.key(u.name))
	p.order.remove(u)
	p.forget(u, append(p.aliasesOf(u.attributes), p.key(u.sub)))
}

// passwordPolicy says what a password must hold, and for how many days one that an administrator set is good.
type passwordPolicy struct {
	MinimumLength                 int
	RequireUppercase              bool
	RequireLowercase              bool
	RequireNumbers                bool
	RequireSymbols                bool
	TemporaryPasswordValidityDays int
}

func defaultPolicy() passwordPolicy {
	return passwordPolicy{8, true, true, true, true, 7}
}

func (p passwordPolicy) check(password string) error {
	has := func(class func(rune) bool) bool { return strings.ContainsFunc(password, class) }
	symbol := func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' ' }
	reason := ""
	switch {
	case utf8.RuneCountInString(password) < p.MinimumLength:
		reason = "Password not long enough"
	case p.RequireUppercase && !has(unicode.IsUpper):
		reason = "Password must have uppercase characters"
	case p.RequireLowercase && !has(unicode.IsLower):
		reason = "Password must have lowercase characters"
	case p.RequireNumbers && !has(isDigit):
		reason = "Password must have numeric characters"
	case p.RequireSymbols && !has(symbol):
		reason = "Password must have symbol characters"
	default:
		return nil
	}
	return &apiError{typeInvalidPassword, "Password did not conform with policy: " + reason}
}

// appClient is an app client of a pool; it never changes.
type appClient struct {
	id, name, secret string
	pool             *pool
	created          time.Time
	modified         time.Time
	flows            []types.ExplicitAuthFlowsType
	reveal           bool // unknown users are told from wrong passwords
	session          time.Duration
	access, idToken  time.Duration
	refresh          time.Duration
	revocation       bool
	rotation         bool
	grace            time.Duration
}

// allows tells whether one of the flows is switched on.
func (c *appClient) allows(flows ...types.ExplicitAuthFlowsType) bool {
	return slices.ContainsFunc(flows, func(f types.ExplicitAuthFlowsType) bool { return slices.Contains(c.flows, f) })
}
