// Package endpoint knows where Cognito's API is in each AWS partition, and the issuers of its tokens.
package endpoint

import "strings"

// domains are those of the AWS partitions that are not under amazonaws.com, by how their regions
// begin, as the AWS SDK has them for Cognito's endpoints.
var domains = []struct{ region, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov"},
}

// URL returns the address of Cognito's API in a region.
func URL(region string) string { return "https://cognito-idp." + region + "." + domain(region) }

// Issuers returns the names under which Cognito issues tokens in a region, each without the
// "/<pool ID>" at its end: the usual one, and the one that a pool can be updated to. That issuers
// outside the aws partition are named after the endpoints there is an assumption.
func Issuers(region string) (usual, updated string) {
	return URL(region), "https://issuer-cognito-idp." + region + "." + domain(region)
}

func domain(region string) string {
	for _, d := range domains {
		if strings.HasPrefix(region, d.region) {
			return d.domain
		}
	}
	return "amazonaws.com"
}
