package main

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
)

// flow is a sign-in flow, under its name in -flow.
type flow string

// The flows of the library. Without -flow, the first that the app client allows is used.
const (
	flowPassword flow = "password"
	flowSRP      flow = "srp"
	flowUserAuth flow = "user-auth"
)

var flows = []flow{flowPassword, flowSRP, flowUserAuth}

// constant returns the name of the library's constant.
func (f flow) constant() string {
	return map[flow]string{
		flowPassword: "FlowPassword", flowSRP: "FlowSRP", flowUserAuth: "FlowUserAuth",
	}[f]
}

// inLibrary returns the library's flow, its default for "".
func (f flow) inLibrary() cognitomfa.Flow {
	return map[flow]cognitomfa.Flow{
		flowPassword: cognitomfa.FlowPassword,
		flowSRP:      cognitomfa.FlowSRP,
		flowUserAuth: cognitomfa.FlowUserAuth,
	}[f]
}

// authFlow returns Cognito's name for the flow.
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

// permission returns the member of ExplicitAuthFlows that allows the flow.
func (f flow) permission(public bool) string { return "ALLOW_" + f.authFlow(public) }

// allowedFlows returns the flows that an app client allows, under their current names. App clients
// created before 2020 may have older names; those without names have the API's defaults.
func allowedFlows(client *types.UserPoolClientType) []string {
	var allowed []string
	customOnly, oldNames := false, len(client.ExplicitAuthFlows) == 0
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
			customOnly = true
		}
		oldNames = true
	}
	if oldNames {
		allowed = append(allowed, "ALLOW_CUSTOM_AUTH")
	}
	if oldNames && !rotates(client) {
		allowed = append(allowed, "ALLOW_REFRESH_TOKEN_AUTH") // Rotation excludes it.
	}
	if oldNames && !customOnly {
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

// chooseFlow returns the first of the library's flows that is allowed, "" if none is.
func chooseFlow(client *types.UserPoolClientType, public bool) flow {
	allowed := allowedFlows(client)
	for _, f := range flows {
		if slices.Contains(allowed, f.permission(public)) {
			return f
		}
	}
	return ""
}

// parseFlow parses the value of -flow; "" means the first flow that the app client allows.
func parseFlow(text string) (flow, error) {
	if f := flow(text); text == "" || slices.Contains(flows, f) {
		return f, nil
	}
	return "", usagef("-flow must be password, srp or user-auth, not %s", shown(text))
}
