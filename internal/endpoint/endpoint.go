// Package endpoint knows the AWS partitions: where Cognito's API is in each, who issues its tokens
// there, and what ARNs call it.
package endpoint

import "strings"

// partition is an AWS partition, with the domain of its endpoints.
type partition struct{ region, name, domain string }

// partitions are the AWS partitions by how their regions begin, with the domains that the AWS SDK
// has for Cognito's endpoints. All other regions are in standard.
var (
	partitions = []partition{
		{"cn-", "aws-cn", "amazonaws.com.cn"},
		{"us-gov-", "aws-us-gov", "amazonaws.com"},
		{"eusc-", "aws-eusc", "amazonaws.eu"},
		{"us-iso-", "aws-iso", "c2s.ic.gov"},
		{"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
		{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
		{"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
	}
	standard = partition{"", "aws", "amazonaws.com"}
)

func of(region string) partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p
		}
	}
	return standard
}

// Partition returns the name that a region's partition has in ARNs.
func Partition(region string) string { return of(region).name }

// URL returns the address of Cognito's API in a region.
func URL(region string) string { return "https://cognito-idp." + region + "." + of(region).domain }

// Issuers returns the names under which Cognito issues tokens in a region, each without the
// "/<pool ID>" at its end: the usual one, and the one that a pool can be updated to. That issuers
// outside the aws partition are named after the endpoints there is an assumption.
func Issuers(region string) (usual, updated string) {
	return URL(region), "https://issuer-cognito-idp." + region + "." + of(region).domain
}
