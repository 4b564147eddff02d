package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// facts are the settings that doctor read. Those that it could not read are nil.
type facts struct {
	pool    *types.UserPoolType
	client  *types.UserPoolClientType
	mfa     *cip.GetUserPoolMfaConfigOutput
	risk    *types.RiskConfigurationType // only if threat protection is on
	secrets *int                         // their number; read only if the given secret differs
	unread  []*unreadError
}

// unreadError says why something could not be read.
type unreadError struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Right string `json:"right,omitempty"` // the IAM action that is missing
	fatal bool   // nothing else can be read either
	cause error
}

func (e *unreadError) Error() string {
	return fmt.Sprintf("%s could not be read: %s", e.What, e.Why)
}

func (e *unreadError) Unwrap() error { return e.cause }

// unread turns the error of a reading call into an unreadError, or after Ctrl-C errStopped; nil
// stays nil.
func unread(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return errStopped
	}
	e := &unreadError{What: what, cause: err}
	operation := "the call"
	var op *smithy.OperationError
	if errors.As(err, &op) {
		operation = op.OperationName
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		e.fatal = true
		e.Why = "no response from Cognito: " + shown(err.Error())
		var send *smithyhttp.RequestSendError
		if errors.As(err, &send) {
			e.Why = "no response from Cognito: " + shown(send.Err.Error())
		}
		return e
	}
	says := apiMessage(err)
	if isDenied(api) {
		e.Right = "cognito-idp:" + operation
		e.Why = "the AWS credentials lack the IAM permission " + e.Right + ": " + says
		return e
	}
	switch api.ErrorCode() {
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
		"ExpiredTokenException", "ExpiredToken", "IncompleteSignature",
		"MissingAuthenticationTokenException":
		e.fatal = true
		e.Why = "AWS rejects the credentials: check the access key, its expiration and the " +
			"clock: " + says
	default:
		e.Why = fmt.Sprintf("%s: %s", shown(api.ErrorCode()), says)
	}
	return e
}

// isNotFound reports whether the pool or app client does not exist.
func isNotFound(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

// gather reads the settings. It fails if there is no such pool or app client, or if an error keeps
// it from reading anything else.
func gather(
	ctx context.Context, api *cip.Client, t *target, a *appClient, secret string,
) (*facts, error) {
	f := &facts{}
	pool, err := api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &t.pool})
	if isNotFound(err) {
		return nil, t.noPool()
	}
	if err := f.note(unread(ctx, "the user pool", err)); err != nil {
		return nil, err
	}
	if err == nil {
		f.pool = pool.UserPool
	}
	mfa, err := api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &t.pool})
	if err := f.note(unread(ctx, "the MFA settings", err)); err != nil {
		return nil, err
	}
	if err == nil {
		f.mfa = mfa
	}
	client, err := describeClient(ctx, api, t, a)
	if err := f.note(err); err != nil {
		return nil, err
	}
	f.client = client
	if err := f.note(f.readRisk(ctx, api, t, a)); err != nil {
		return nil, err
	}
	if client != nil && secret != "" && secret != aws.ToString(client.ClientSecret) {
		// The app client may have a second secret, which no call returns.
		out, err := api.ListUserPoolClientSecrets(ctx, &cip.ListUserPoolClientSecretsInput{
			UserPoolId: &t.pool, ClientId: &a.id,
		})
		if err := f.note(unread(ctx, "the list of the app client's secrets", err)); err != nil {
			return nil, err
		}
		if err == nil {
			f.secrets = aws.Int(len(out.ClientSecrets))
		}
	}
	return f, nil
}

// note records an unreadError, unless it is fatal. It returns every other error.
func (f *facts) note(err error) error {
	var e *unreadError
	if errors.As(err, &e) && !e.fatal {
		f.unread = append(f.unread, e)
		return nil
	}
	return err
}

// noPool returns the error for a pool that is not in the Region.
func (t *target) noPool() error {
	text := fmt.Sprintf("there is no user pool %s in %s", t.pool, t.region)
	if own := regionOf(t.pool); own != t.region {
		text += fmt.Sprintf("; its ID begins with another Region: pass -region %s", own)
	}
	return errors.New(text)
}

func describeClient(
	ctx context.Context, api *cip.Client, t *target, a *appClient,
) (*types.UserPoolClientType, error) {
	out, err := api.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{
		UserPoolId: &t.pool, ClientId: &a.id,
	})
	if isNotFound(err) {
		return nil, fmt.Errorf("there is no app client %s in the user pool %s in %s",
			shown(a.id), t.pool, t.region)
	}
	if err := unread(ctx, "the app client", err); err != nil {
		return nil, err
	}
	if out.UserPoolClient == nil {
		return nil, errors.New("the response contains no app client")
	}
	return out.UserPoolClient, nil
}

// readRisk reads the threat protection settings of the app client, or else of the pool.
func (f *facts) readRisk(ctx context.Context, api *cip.Client, t *target, a *appClient) error {
	if threatProtection(f.pool) == types.AdvancedSecurityModeTypeOff {
		return nil
	}
	for _, client := range []*string{&a.id, nil} {
		out, err := api.DescribeRiskConfiguration(ctx, &cip.DescribeRiskConfigurationInput{
			UserPoolId: &t.pool, ClientId: client,
		})
		switch {
		case isNotFound(err):
			continue
		case err != nil:
			return unread(ctx, "the threat protection settings", err)
		}
		f.risk = out.RiskConfiguration
		if f.risk != nil && (f.risk.AccountTakeoverRiskConfiguration != nil ||
			f.risk.CompromisedCredentialsRiskConfiguration != nil) {
			return nil
		}
	}
	return nil
}

// threatProtection returns the mode of threat protection, formerly called advanced security.
func threatProtection(pool *types.UserPoolType) types.AdvancedSecurityModeType {
	if pool == nil || pool.UserPoolAddOns == nil || pool.UserPoolAddOns.AdvancedSecurityMode == "" {
		return types.AdvancedSecurityModeTypeOff
	}
	return pool.UserPoolAddOns.AdvancedSecurityMode
}
