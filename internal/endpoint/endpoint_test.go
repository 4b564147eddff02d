package endpoint_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
)

// In every partition the addresses are those of the AWS SDK.
func TestURL(t *testing.T) {
	t.Parallel()
	resolver := cognitoidentityprovider.NewDefaultEndpointResolverV2()
	for _, region := range []string{
		"us-east-1", "eu-west-1", "us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1",
		"eusc-de-east-1",
		"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
	} {
		want, err := resolver.ResolveEndpoint(t.Context(), cognitoidentityprovider.EndpointParameters{
			Region: aws.String(region), UseFIPS: aws.Bool(false), UseDualStack: aws.Bool(false),
		})
		require.NoError(t, err)
		assert.Equal(t, want.URI.String(), endpoint.URL(region))
		usual, updated := endpoint.Issuers(region)
		assert.Equal(t, "https://"+want.URI.Host, usual)
		assert.Equal(t, "https://issuer-"+want.URI.Host, updated)
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1":       "aws",
		"eu-west-1":       "aws",
		"us-gov-west-1":   "aws-us-gov",
		"cn-north-1":      "aws-cn",
		"eusc-de-east-1":  "aws-eusc",
		"us-iso-east-1":   "aws-iso",
		"us-isob-east-1":  "aws-iso-b",
		"eu-isoe-west-1":  "aws-iso-e",
		"us-isof-south-1": "aws-iso-f",
	} {
		assert.Equal(t, want, endpoint.Partition(region), region)
	}
}
