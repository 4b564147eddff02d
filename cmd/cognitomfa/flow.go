package main

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
)

// flow is a way of signing in with a password, as -flow names it.
type flow string

// The flows of the library. The first that an app client allows is chosen if none is named.
const (
	flowPassword flow = "password"
	flowSRP      flow = "srp"
	flowUserAuth flow = "user-auth"
)

var flows = []flow{flowPassword, flowSRP, flowUserAuth}

// constant is what the library calls the flow.
func (f flow) constant() string {
	return map[flow]string{
		flowPassword: "FlowPassword", flowSRP: "FlowSRP", flowUserAuth: "FlowUserAuth",
	}[f]
}

// inLibrary is the flow as the library knows it; its default for "".
func (f flow) inLibrary() cognitomfa.Flow {
	return map[flow]cognitomfa.Flow{
		flowPassword: cognitomfa.FlowPassword,
		flowSRP:      cognitomfa.FlowSRP,
		flowUserAuth: cognitomfa.FlowUserAuth,
	}[f]
}

// authFlow is what Cognito calls the flow.
func (f flow) authFlow(public bool) string {
	switch {
	case f == flowSRP:
		return "USER_SRP_AUTH"
	case f == flowUserAuth:
		return "USER_AUTH"
	case public:
		return "USER_PASSWORD_AUTH"
	}
	return "ADMIN_USER_PASSWORD_AUTH"
}

// permission is the member of ExplicitAuthFlows that allows the flow.
func (f flow) permission(public bool) string { return "ALLOW_" + f.authFlow(public) }

// allowedFlows are the flows that an app client allows, under their names of today. Clients that
// were made before 2020 may have the names from then, and those that name none have the API's
// defaults.
func allowedFlows(client *types.UserPoolClientType) []string {
	var allowed []string
	only, old := false, len(client.ExplicitAuthFlows) == 0
	for _, f := range client.ExplicitAuthFlows {
		switch {
		case strings.HasPrefix(string(f), "ALLOW_"):
			allowed = append(allowed, string(f))
			continue
		case f == types.ExplicitAuthFlowsTypeAdminNoSrpAuth:
			allowed = append(allowed, "ALLOW_ADMIN_USER_PASSWORD_AUTH")
		case f == types.ExplicitAuthFlowsTypeUserPasswordAuth:
			allowed = append(allowed, "ALLOW_USER_PASSWORD_AUTH")
		case f == types.ExplicitAuthFlowsTypeCustomAuthFlowOnly:
			only = true
		}
		old = true
	}
	if old {
		allowed = append(allowed, "ALLOW_CUSTOM_AUTH")
	}
	if old && !rotates(client) {
		allowed = append(allowed, "ALLOW_REFRESH_TOKEN_AUTH") // The two exclude each other.
	}
	if old && !only {
		allowed = append(allowed, "ALLOW_USER_SRP_AUTH")
	}
	slices.Sort(allowed)
	return slices.Compact(allowed)
}

// rotates reports whether refresh tokens rotate.
func rotates(client *types.UserPoolClientType) bool {
	return client.RefreshTokenRotation != nil &&
		client.RefreshTokenRotation.Feature == types.FeatureTypeEnabled
}

// chooseFlow returns the first of the library's flows that is allowed; "" if none is.
func chooseFlow(client *types.UserPoolClientType, public bool) flow {
	allowed := allowedFlows(client)
	for _, f := range flows {
		if slices.Contains(allowed, f.permission(public)) {
			return f
		}
	}
	return ""
}

// parseFlow reads the value of -flow; "" stands for the one that the app client allows.
func parseFlow(text string) (flow, error) {
	if f := flow(text); text == "" || slices.Contains(flows, f) {
		return f, nil
	}
	return "", usagef("-flow is password, srp or user-auth, not %s", shown(text))
}
