package cognitotest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Resource servers are only records.
func TestResourceServers(t *testing.T) {
	t.Parallel()
	srv := start(t).other(nil, nil)
	pool := kv{"UserPoolId": srv.UserPoolID}
	api := with(with(pool, "Identifier", "api"), "Name", "The API")
	full := with(api, "Scopes", []any{kv{"ScopeName": "read", "ScopeDescription": "x"}})
	assert.Equal(t, full, srv.must("CreateResourceServer", full).body["ResourceServer"])
	assert.Equal(t, "InvalidParameter: api already exists in user pool "+srv.UserPoolID+".",
		srv.call("CreateResourceServer", api).failure())
	assert.Equal(t, full, srv.must("DescribeResourceServer", api).body["ResourceServer"])
	renamed := with(api, "Name", "renamed")
	assert.Equal(t, renamed, srv.must("UpdateResourceServer", renamed).body["ResourceServer"],
		"what is left out is gone")
	srv.must("CreateResourceServer", with(api, "Identifier", "zoo"))
	page := srv.must("ListResourceServers", with(pool, "MaxResults", 1))
	assert.Equal(t, []any{renamed}, page.body["ResourceServers"])
	page = srv.must("ListResourceServers", with(pool, "NextToken", page.text("NextToken")))
	assert.Equal(t, []any{with(api, "Identifier", "zoo")}, page.body["ResourceServers"])
	assert.Empty(t, page.text("NextToken"))
	srv.must("DeleteResourceServer", api)
	for _, operation := range []string{
		"DescribeResourceServer", "UpdateResourceServer", "DeleteResourceServer",
	} {
		assert.Equal(t, "ResourceNotFound: Resource server api does not exist.",
			srv.call(operation, api).failure(), operation)
	}
}

// Domains are only records, but a pool that has one cannot be deleted.
func TestDomains(t *testing.T) {
	t.Parallel()
	host := start(t)
	srv, another := host.other(nil, nil), host.other(nil, nil)
	pool := kv{"UserPoolId": srv.UserPoolID}
	prefix, custom := with(pool, "Domain", "application"), with(pool, "Domain", "auth.example.com")
	assert.Equal(t, kv{"ManagedLoginVersion": 1.0}, srv.must("CreateUserPoolDomain", prefix).body)
	certificate := kv{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}
	made := srv.must("CreateUserPoolDomain",
		with(with(custom, "CustomDomainConfig", certificate), "ManagedLoginVersion", 2))
	assert.Equal(t,
		kv{"ManagedLoginVersion": 2.0, "CloudFrontDomain": "d111111abcdef8.cloudfront.net"},
		made.body)
	assert.Equal(t, []any{"application", "auth.example.com"},
		[]any{srv.described()["Domain"], srv.described()["CustomDomain"]})

	description := srv.must("DescribeUserPoolDomain", custom).body["DomainDescription"].(kv)
	for member, want := range map[string]any{
		"Domain": "auth.example.com", "UserPoolId": srv.UserPoolID, "Status": "ACTIVE",
		"CustomDomainConfig": certificate, "ManagedLoginVersion": 2.0,
		"AWSAccountId": "123456789012",
	} {
		assert.Equal(t, want, description[member], member)
	}
	assert.Regexp(t, `^20\d{12}$`, description["Version"])
	assert.Equal(t, kv{},
		srv.must("DescribeUserPoolDomain", kv{"Domain": "nobody"}).body["DomainDescription"])

	elsewhere := with(prefix, "UserPoolId", another.UserPoolID)
	create := func(domain kv) string { return srv.call("CreateUserPoolDomain", domain).failure() }
	assert.Equal(t, "InvalidParameter: Domain already associated with another user pool.",
		create(elsewhere))
	for domain, failure := range map[string]string{
		"second":     "User pool already has a domain configured.",
		"my-cognito": "Domain cannot contain reserved word: cognito",
		"my-aws":     "Domain cannot contain reserved word: aws",
		"newcognito": "Domain cannot contain reserved word: cognito",
		"a.example.com": "The domain name contains an invalid character. Domain names can only contain " +
			"lower-case letters, numbers, and hyphens. Please enter a different name that follows this format: " +
			`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`,
	} {
		assert.Equal(t, "InvalidParameter: "+failure, create(with(pool, "Domain", domain)))
	}
	assert.Contains(t,
		create(with(with(pool, "Domain", "auth"), "CustomDomainConfig", certificate)),
		"InvalidParameter: Custom domain is not a valid subdomain: ")
	lite := host.other(kv{"UserPoolTier": "LITE"}, nil)
	request := kv{"UserPoolId": lite.UserPoolID, "Domain": "awsome"}
	const unavailable = "FeatureUnavailableInTier: The following feature is not available for the LITE " +
		"pricing tier configured: Managed Login Version 2"
	newer := with(request, "ManagedLoginVersion", 2)
	assert.Equal(t, unavailable, create(newer))
	assert.Empty(t, create(request))
	assert.Equal(t, unavailable, srv.call("UpdateUserPoolDomain", newer).failure())
	assert.Equal(t, "InvalidParameter: CustomDomainConfig does not fit the kind of the domain.",
		srv.call("UpdateUserPoolDomain", custom).failure())
	assert.Equal(t, "ResourceNotFound: No such domain or user pool exists.",
		srv.call("DeleteUserPoolDomain", elsewhere).failure())
	assert.Equal(t, "InvalidParameter: User pool cannot be deleted. "+
		"It has a domain configured that should be deleted first.",
		srv.call("DeleteUserPool", pool).failure())
	assert.Equal(t, kv{"ManagedLoginVersion": 1.0}, srv.must("UpdateUserPoolDomain", prefix).body)
	srv.must("DeleteUserPoolDomain", prefix)
	srv.must("DeleteUserPoolDomain", custom)
	assert.NotContains(t, srv.described(), "Domain")
	srv.must("DeleteUserPool", pool)
}
