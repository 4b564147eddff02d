// Package endpoint has what depends on the AWS partition: the addresses of Cognito's API, the
// issuers of its tokens, and the partition's name in ARNs.
package endpoint

import "strings"

// partition is an AWS partition, with the domain of its endpoints.
type partition struct{ region, name, domain string }

// partitions lists the AWS partitions by the prefix of their regions, with the domains of Cognito's
// endpoints in the AWS SDK. All other regions are in standard.
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

// Partition returns the name of a region's partition in ARNs.
func Partition(region string) string { return of(region).name }

// URL returns the address of Cognito's API in a region.
func URL(region string) string { return "https://cognito-idp." + region + "." + of(region).domain }

// Issuers returns the issuers of Cognito's tokens in a region, without the trailing "/<pool ID>":
// the usual one, and the one that a pool can be updated to. For partitions other than aws, the
// names are an assumption: they follow the endpoints there.
func Issuers(region string) (usual, updated string) {
	return URL(region), "https://issuer-cognito-idp." + region + "." + of(region).domain
}
