package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

const password = "Passw0rd!"

// pool is a user pool created through the API of an emulator.
type pool struct {
	api          *cognito.Client
	id, clientID *string
}

func newPool(ctx context.Context, url string) (pool, error) {
	api := cognito.New(cognito.Options{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDBENCH", SecretAccessKey: "bench"}, nil
		}),
	})
	made, err := api.CreateUserPool(ctx, &cognito.CreateUserPoolInput{
		PoolName: aws.String("bench"), MfaConfiguration: types.UserPoolMfaTypeOff,
	})
	if err != nil {
		return pool{}, err
	}
	id := made.UserPool.Id
	_, err = api.SetUserPoolMfaConfig(ctx, &cognito.SetUserPoolMfaConfigInput{
		UserPoolId: id, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	if err != nil {
		return pool{}, err
	}
	client, err := api.CreateUserPoolClient(ctx, &cognito.CreateUserPoolClientInput{
		UserPoolId: id, ClientName: aws.String("bench"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return pool{}, err
	}
	return pool{api: api, id: id, clientID: client.UserPoolClient.ClientId}, nil
}

func (p pool) firstSignIn(ctx context.Context) error {
	if err := p.create(ctx, "first@example.com"); err != nil {
		return err
	}
	if err := p.setPassword(ctx, "first@example.com"); err != nil {
		return err
	}
	answer, err := p.signIn(ctx, "first@example.com")
	if err == nil && answer.AuthenticationResult == nil {
		err = errors.New("no tokens for the first user")
	}
	return err
}

func (p pool) create(ctx context.Context, name string) error {
	_, err := p.api.AdminCreateUser(ctx, &cognito.AdminCreateUserInput{
		UserPoolId: p.id, Username: &name, MessageAction: types.MessageActionTypeSuppress,
	})
	return err
}

func (p pool) setPassword(ctx context.Context, name string) error {
	_, err := p.api.AdminSetUserPassword(ctx, &cognito.AdminSetUserPasswordInput{
		UserPoolId: p.id, Username: &name, Password: aws.String(password), Permanent: true,
	})
	return err
}

func (p pool) signIn(ctx context.Context, name string) (*cognito.InitiateAuthOutput, error) {
	return p.api.InitiateAuth(ctx, &cognito.InitiateAuthInput{
		ClientId: p.clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
}

// visit makes every call for a new user and records how long each took.
func (p pool) visit(ctx context.Context, name string, took *figures) error {
	var (
		access, session, refresh *string
		key                      otpauth.Key
		now                      time.Time
	)
	steps := []struct {
		call string
		do   func() error
	}{
		{"AdminCreateUser", func() error { return p.create(ctx, name) }},
		{"AdminSetUserPassword", func() error { return p.setPassword(ctx, name) }},
		{"InitiateAuth, to tokens", func() error {
			answer, err := p.signIn(ctx, name)
			if err == nil {
				result := answer.AuthenticationResult
				access, refresh = result.AccessToken, result.RefreshToken
			}
			return err
		}},
		{"GetUser", func() error {
			_, err := p.api.GetUser(ctx, &cognito.GetUserInput{AccessToken: access})
			return err
		}},
		{"AssociateSoftwareToken", func() error {
			answer, err := p.api.AssociateSoftwareToken(ctx,
				&cognito.AssociateSoftwareTokenInput{AccessToken: access})
			if err == nil {
				key = otpauth.Key{Secret: otpauth.NewSecret(*answer.SecretCode)}
			}
			return err
		}},
		{"VerifySoftwareToken", func() error {
			now = time.Now()
			code, err := key.Code(now)
			if err != nil {
				return err
			}
			_, err = p.api.VerifySoftwareToken(ctx, &cognito.VerifySoftwareTokenInput{
				AccessToken: access, UserCode: &code,
			})
			return err
		}},
		{"SetUserMFAPreference", func() error {
			_, err := p.api.SetUserMFAPreference(ctx, &cognito.SetUserMFAPreferenceInput{
				AccessToken: access,
				SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{
					Enabled: true, PreferredMfa: true,
				},
			})
			return err
		}},
		{"InitiateAuth, to a challenge", func() error {
			answer, err := p.signIn(ctx, name)
			if err == nil {
				session = answer.Session
			}
			return err
		}},
		{"RespondToAuthChallenge, a code", func() error {
			// The last code is used up; the next one is already accepted.
			code, err := key.Code(now.Add(30 * time.Second))
			if err != nil {
				return err
			}
			_, err = p.api.RespondToAuthChallenge(ctx, &cognito.RespondToAuthChallengeInput{
				ClientId: p.clientID, ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa,
				Session:            session,
				ChallengeResponses: map[string]string{"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": code},
			})
			return err
		}},
		{"InitiateAuth, a refresh token", func() error {
			_, err := p.api.InitiateAuth(ctx, &cognito.InitiateAuthInput{
				ClientId: p.clientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
				AuthParameters: map[string]string{"REFRESH_TOKEN": *refresh},
			})
			return err
		}},
	}
	for _, step := range steps {
		begin := time.Now()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.call, err)
		}
		took.add(step.call, time.Since(begin))
	}
	return nil
}
