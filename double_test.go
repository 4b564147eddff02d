package cognitomfa_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
)

// The requests and responses of the operations that a double supports.
type (
	initiateIn   = cip.AdminInitiateAuthInput
	initiateOut  = cip.AdminInitiateAuthOutput
	respondIn    = cip.AdminRespondToAuthChallengeInput
	respondOut   = cip.AdminRespondToAuthChallengeOutput
	associateIn  = cip.AssociateSoftwareTokenInput
	associateOut = cip.AssociateSoftwareTokenOutput
	verifyIn     = cip.VerifySoftwareTokenInput
	verifyOut    = cip.VerifySoftwareTokenOutput
	preferIn     = cip.SetUserMFAPreferenceInput
	preferOut    = cip.SetUserMFAPreferenceOutput
	getUserIn    = cip.GetUserInput
	getUserOut   = cip.GetUserOutput
	refreshIn    = cip.GetTokensFromRefreshTokenInput
	refreshOut   = cip.GetTokensFromRefreshTokenOutput
	listIn       = cip.ListUsersInput
	listOut      = cip.ListUsersOutput

	adminGetUserIn  = cip.AdminGetUserInput
	adminGetUserOut = cip.AdminGetUserOutput

	poolMFAIn  = cip.GetUserPoolMfaConfigInput
	poolMFAOut = cip.GetUserPoolMfaConfigOutput

	callOption = func(*cip.Options)
)

// double implements the operations that a test sets. Any other call panics and fails the test.
type double struct {
	cognitomfa.CognitoAPI

	initiate  func(*initiateIn) (*initiateOut, error)
	respond   func(*respondIn) (*respondOut, error)
	associate func(*associateIn) (*associateOut, error)
	verify    func(*verifyIn) (*verifyOut, error)
	prefer    func(*preferIn) (*preferOut, error)
	getUser   func(*getUserIn) (*getUserOut, error)
	refresh   func(*refreshIn) (*refreshOut, error)
	list      func(*listIn) (*listOut, error)

	adminGetUser func(*adminGetUserIn) (*adminGetUserOut, error)
	poolMFA      func(*poolMFAIn) (*poolMFAOut, error)
}

func (d *double) AdminInitiateAuth(
	_ context.Context, in *initiateIn, _ ...callOption,
) (*initiateOut, error) {
	return d.initiate(in)
}

func (d *double) AdminRespondToAuthChallenge(
	_ context.Context, in *respondIn, _ ...callOption,
) (*respondOut, error) {
	return d.respond(in)
}

func (d *double) AssociateSoftwareToken(
	_ context.Context, in *associateIn, _ ...callOption,
) (*associateOut, error) {
	return d.associate(in)
}

func (d *double) VerifySoftwareToken(
	_ context.Context, in *verifyIn, _ ...callOption,
) (*verifyOut, error) {
	return d.verify(in)
}

func (d *double) SetUserMFAPreference(
	_ context.Context, in *preferIn, _ ...callOption,
) (*preferOut, error) {
	return d.prefer(in)
}

func (d *double) GetUser(
	_ context.Context, in *getUserIn, _ ...callOption,
) (*getUserOut, error) {
	return d.getUser(in)
}

func (d *double) GetTokensFromRefreshToken(
	_ context.Context, in *refreshIn, _ ...callOption,
) (*refreshOut, error) {
	return d.refresh(in)
}

func (d *double) ListUsers(_ context.Context, in *listIn, _ ...callOption) (*listOut, error) {
	return d.list(in)
}

func (d *double) AdminGetUser(
	_ context.Context, in *adminGetUserIn, _ ...callOption,
) (*adminGetUserOut, error) {
	return d.adminGetUser(in)
}

func (d *double) GetUserPoolMfaConfig(
	_ context.Context, in *poolMFAIn, _ ...callOption,
) (*poolMFAOut, error) {
	return d.poolMFA(in)
}

// returns makes a double respond with out to every request.
func returns[In, Out any](out *Out) func(*In) (*Out, error) {
	return func(*In) (*Out, error) { return out, nil }
}

// fails makes a double respond with err to every request.
func fails[In, Out any](err error) func(*In) (*Out, error) {
	return func(*In) (*Out, error) { return nil, err }
}

// accessOnly returns the minimal result of a finished sign-in.
func accessOnly() *types.AuthenticationResultType {
	return &types.AuthenticationResultType{AccessToken: aws.String("access")}
}

// Responses of a double: initiated… to the first call, answered… to an answer.
var (
	initiatedTokens = &initiateOut{AuthenticationResult: accessOnly()}
	initiatedTOTP   = &initiateOut{
		ChallengeName:       types.ChallengeNameTypeSoftwareTokenMfa,
		Session:             aws.String("session"),
		ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": "alice"},
	}
	answeredTokens = &respondOut{AuthenticationResult: accessOnly()}
)
