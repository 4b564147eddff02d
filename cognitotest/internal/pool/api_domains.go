package pool

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// domain is the address of a pool's hosted pages: a prefix of the service's own domain, or a custom
// domain with a certificate. It is only a record: nothing listens there. It is replaced, never
// changed.
type domain struct {
	pool    *pool
	created time.Time

	Domain              string
	ManagedLoginVersion int            `json:",omitempty"`
	CustomDomainConfig  map[string]any `json:",omitempty"`
	Routing             map[string]any `json:",omitempty"`
}

func (d *domain) custom() bool { return d.CustomDomainConfig != nil }

// distribution is the host that custom domains would be aliases of.
const distribution = "d111111abcdef8.cloudfront.net"

// domainsOf returns the domains of a pool; empty for none.
func (m *Machine) domainsOf(p *pool) (prefix, custom string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for name, d := range m.domains {
		switch {
		case d.pool != p:
		case d.custom():
			custom = name
		default:
			prefix = name
		}
	}
	return prefix, custom
}

type domainResponse struct {
	ManagedLoginVersion int            `json:",omitempty"`
	CloudFrontDomain    string         `json:",omitempty"`
	Routing             map[string]any `json:",omitempty"`
}

func (d *domain) response() *domainResponse {
	out := &domainResponse{ManagedLoginVersion: d.ManagedLoginVersion, Routing: d.Routing}
	if d.custom() {
		out.CloudFrontDomain = distribution
	}
	return out
}

// reserved returns a word in a prefix that the service does not allow; empty if there is none.
// "aws" is only reserved between hyphens.
func reserved(prefix string) string {
	switch {
	case slices.Contains(strings.Split(prefix, "-"), "aws"):
		return "aws"
	case strings.Contains(prefix, "amazon"):
		return "amazon"
	case strings.Contains(prefix, "cognito"):
		return "cognito"
	}
	return ""
}

// affordable returns an error if the pool's tier does not have the version of the domain's pages.
func (d *domain) affordable(p *pool) error {
	if p.settings().tier != types.UserPoolTierTypeLite || d.ManagedLoginVersion <= 1 {
		return nil
	}
	return &Error{
		notInTier,
		"The following feature is not available for the LITE pricing tier configured: " +
			"Managed Login Version 2",
	}
}

func createDomain(c *caller, in *domain) (*domainResponse, error) {
	dots := strings.Contains(in.Domain, ".")
	switch word := reserved(in.Domain); {
	case !in.custom() && word != "":
		return nil, invalidParameter("Domain cannot contain reserved word: %s", word)
	case in.custom() && !dots:
		return nil, invalidParameter(
			"Custom domain is not a valid subdomain: Was not able to resolve a DNS A record " +
				"for the parent domain or domain parent is a top-level domain.")
	case !in.custom() && dots:
		return nil, invalidParameter(
			"The domain name contains an invalid character. Domain names can only contain " +
				"lower-case letters, numbers, and hyphens. Please enter a different name that " +
				"follows this format: " + `^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	}
	if err := in.affordable(c.pool); err != nil {
		return nil, err
	}
	in.pool, in.created = c.pool, c.Now()
	if in.ManagedLoginVersion == 0 {
		in.ManagedLoginVersion = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.domains[in.Domain] != nil {
		return nil, invalidParameter("Domain already associated with another user pool.")
	}
	for _, other := range c.domains {
		if other.pool == c.pool && other.custom() == in.custom() {
			return nil, invalidParameter("User pool already has a domain configured.")
		}
	}
	c.domains[in.Domain] = in
	return in.response(), nil
}

type describeDomainResponse struct {
	DomainDescription domainDescription
}

type domainDescription struct {
	*domain

	UserPoolID             string `json:"UserPoolId,omitempty"`
	AWSAccountID           string `json:"AWSAccountId,omitempty"`
	S3Bucket               string `json:",omitempty"`
	CloudFrontDistribution string `json:",omitempty"`
	Version                string `json:",omitempty"`
	Status                 string `json:",omitempty"`
}

// describeDomain returns an empty description of an unknown domain.
func describeDomain(c *caller, in *domain) (*describeDomainResponse, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.domains[in.Domain]
	if d == nil {
		return &describeDomainResponse{}, nil
	}
	return &describeDomainResponse{domainDescription{
		domain: d, UserPoolID: d.pool.id, AWSAccountID: account, Status: "ACTIVE",
		CloudFrontDistribution: distribution, S3Bucket: "aws-cognito-prod-" + c.region + "-assets",
		Version: d.created.UTC().Format("20060102150405"),
	}}, nil
}

// updateDomain changes a domain of the pool. Of a prefix, only the version of its pages can change.
func updateDomain(c *caller, in *domain) (*domainResponse, error) {
	if err := in.affordable(c.pool); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.domainOf(in.Domain)
	switch {
	case err != nil:
		return nil, err
	case d.custom() != in.custom():
		return nil, invalidParameter("CustomDomainConfig does not fit the kind of the domain.")
	}
	in.pool, in.created = c.pool, c.Now()
	if in.ManagedLoginVersion == 0 {
		in.ManagedLoginVersion = d.ManagedLoginVersion
	}
	c.domains[in.Domain] = in
	return in.response(), nil
}

func deleteDomain(c *caller, in *domain) (*none, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.domainOf(in.Domain); err != nil {
		return nil, err
	}
	delete(c.domains, in.Domain)
	return &none{}, nil
}

// domainOf finds a domain of the pool; the machine's lock is held.
func (c *caller) domainOf(name string) (*domain, error) {
	if d := c.domains[name]; d != nil && d.pool == c.pool {
		return d, nil
	}
	return nil, &Error{resourceNotFound, "No such domain or user pool exists."}
}
