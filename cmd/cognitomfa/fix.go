package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// shell builds AWS CLI commands.
type shell struct {
	target   *target
	clientID string
}

func (s shell) aws(command string, arguments ...string) string {
	words := []string{"aws", "cognito-idp", command, "--region", quote(s.target.region)}
	if s.target.profile != "" {
		words = append(words, "--profile", quote(s.target.profile))
	}
	if s.target.endpoint != "" {
		words = append(words, "--endpoint-url", quote(s.target.endpoint))
	}
	return strings.Join(append(words, arguments...), " ")
}

// rewrite returns a command that reads settings, changes them with a jq filter and writes them all
// back, since calls that change a pool or an app client reset what they leave out. An AWS CLI that
// is older than a setting would silently leave it out, so the filter fails if one of set is missing.
func rewrite(write, read string, set []string, filter string) string {
	if len(set) > 0 {
		filter = "if " + strings.Join(set, " and ") + " then .\n" +
			"    else error(\"this AWS CLI is too old, and would reset settings\") end |\n    " + filter
	}
	return fmt.Sprintf("%s --cli-input-json \"$(\n  %s --output json |\n  jq %s)\"",
		write, read, quote(filter))
}

// changeClient returns a command that changes settings of the app client.
func (s *subject) changeClient(filter string) string {
	read := s.aws("describe-user-pool-client", "--user-pool-id", quote(s.target.pool),
		"--client-id", quote(s.clientID), "--query UserPoolClient")
	// The response contains the app client's secret, which must not be shown.
	write := s.aws("update-user-pool-client", "--output text --query "+
		"UserPoolClient.LastModifiedDate")
	var set settingList
	set.add(s.client.RefreshTokenRotation != nil, ".RefreshTokenRotation")
	return rewrite(write, read, set,
		"del(.ClientSecret, .CreationDate, .LastModifiedDate) | "+filter)
}

// changePool returns a command that changes settings of the user pool. It leaves out what cannot be
// changed.
func (s *subject) changePool(filter string) string {
	read := s.aws("describe-user-pool", "--user-pool-id", quote(s.target.pool), "--query UserPool")
	return rewrite(s.aws("update-user-pool"), read, newerSettings(s.pool), `{UserPoolId: .Id} +
    del(.Id, .Name, .Arn, .Status, .CreationDate, .LastModifiedDate, .EstimatedNumberOfUsers,
      .SchemaAttributes, .AliasAttributes, .UsernameAttributes, .UsernameConfiguration,
      .Domain, .CustomDomain, .SmsConfigurationFailure, .EmailConfigurationFailure,
      .AdminCreateUserConfig.UnusedAccountValidityDays) |
    `+filter)
}

// changeMFA returns a command that changes the MFA settings of the user pool.
func (s *subject) changeMFA(filter string) string {
	read := s.aws("get-user-pool-mfa-config", "--user-pool-id", quote(s.target.pool))
	var set settingList
	set.add(s.mfa.EmailMfaConfiguration != nil, ".EmailMfaConfiguration")
	set.add(s.mfa.WebAuthnConfiguration != nil, ".WebAuthnConfiguration")
	return rewrite(s.aws("set-user-pool-mfa-config"), read, set,
		fmt.Sprintf(`{UserPoolId: "%s"} + . | %s`, s.target.pool, filter))
}

// settingList is a list of settings as jq paths.
type settingList []string

func (l *settingList) add(isSet bool, name string) {
	if isSet {
		*l = append(*l, name)
	}
}

// newerSettings returns the settings of a pool that an AWS CLI from before 2024 does not know.
func newerSettings(pool *types.UserPoolType) []string {
	var set settingList
	set.add(pool.UserPoolTier != "", ".UserPoolTier")
	set.add(pool.IssuerConfiguration != nil, ".IssuerConfiguration")
	set.add(pool.KeyConfiguration != nil, ".KeyConfiguration")
	if p := pool.Policies; p != nil {
		set.add(p.SignInPolicy != nil, ".Policies.SignInPolicy")
		set.add(p.PasswordPolicy != nil && aws.ToInt32(p.PasswordPolicy.PasswordHistorySize) > 0,
			".Policies.PasswordPolicy.PasswordHistorySize")
	}
	if l := pool.LambdaConfig; l != nil {
		set.add(l.PreTokenGenerationConfig != nil, ".LambdaConfig.PreTokenGenerationConfig")
		set.add(l.InboundFederation != nil, ".LambdaConfig.InboundFederation")
	}
	if a := pool.UserPoolAddOns; a != nil {
		set.add(a.AdvancedSecurityAdditionalFlows != nil,
			".UserPoolAddOns.AdvancedSecurityAdditionalFlows")
	}
	return set
}

func jqList(words []string) string { return `["` + strings.Join(words, `", "`) + `"]` }

// quote quotes a word for a POSIX shell.
func quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, unsafeInShell) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func unsafeInShell(r rune) bool {
	return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) &&
		!strings.ContainsRune("-_./:=,@%+", r)
}
