package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
)

type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect   string
	Action   []string
	Resource string
}

// The IAM actions for each use: the calls that the library's comments name, and those of doctor.
var (
	rightsForSignIn = []string{
		"AdminInitiateAuth",
		"AdminRespondToAuthChallenge",
		"GetUserPoolMfaConfig",
	}
	rightsForSupport = []string{
		"AdminDeleteSoftwareToken",
		"AdminGetUser",
		"AdminUserGlobalSignOut",
		"ListUsers",
	}
	rightsForDoctor = []string{
		"DescribeRiskConfiguration", "DescribeUserPool", "DescribeUserPoolClient",
		"GetUserPoolMfaConfig", "ListUserPoolClientSecrets", "ListUserPoolClients",
	}
)

// newPolicy returns the policy that allows actions on one user pool. It leaves out the account,
// because pool IDs are unique.
func newPolicy(actions []string, region, pool string) *policy {
	var named []string
	for _, a := range slices.Compact(slices.Sorted(slices.Values(actions))) {
		named = append(named, "cognito-idp:"+a)
	}
	resource := fmt.Sprintf("arn:%s:cognito-idp:%s:*:userpool/%s",
		endpoint.Partition(region), region, pool)
	allowed := statement{Effect: "Allow", Action: named, Resource: resource}
	return &policy{Version: "2012-10-17", Statement: []statement{allowed}}
}

// indented returns the policy document.
func (p *policy) indented() string {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(err) // Strings and lists of strings always encode.
	}
	return string(text)
}
