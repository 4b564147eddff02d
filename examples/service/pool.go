package main

import (
	"cmp"
	"context"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/token"
)

// secretVariable can hold the client secret, because all users of a computer can see flags.
const secretVariable = "COGNITO_CLIENT_SECRET" //nolint:gosec // its name, not its value

// pool is the user pool of the service.
type pool struct {
	api    cognitomfa.CognitoAPI
	config cognitomfa.Config
	tokens token.Config
	now    func() time.Time
	about  string // how to sign in
	close  func()
}

// openPool opens the user pool that the flags select.
func (s *settings) openPool(ctx context.Context) (*pool, error) {
	if s.userPoolID == "" {
		srv := openFake() //nolint:contextcheck // It lasts until it is closed.
		p := fakePool(srv, s.issuer)
		p.about = "and sign in as alice@example.com, temporary@example.com, choice@example.com or " +
			"support@example.com, all with the password " + password + ". To get a code without a phone, run " +
			"oathtool --totp --base32 KEY with the key that the set-up page shows, or " + demoKey +
			" for choice and support."
		p.close = srv.Close
		return p, nil
	}
	region, _, _ := strings.Cut(s.userPoolID, "_")
	region = cmp.Or(s.region, region)
	options := []func(*config.LoadOptions) error{config.WithRegion(region)}
	if s.endpoint != "" {
		options = append(options, config.WithBaseEndpoint(s.endpoint))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	p := &pool{
		api: cognitoidentityprovider.NewFromConfig(cfg),
		config: cognitomfa.Config{
			UserPoolID: s.userPoolID, ClientID: s.clientID, ClientSecret: os.Getenv(secretVariable),
			Issuer: s.issuer, Flow: cognitomfa.FlowSRP,
		},
		tokens: token.Config{UserPoolID: s.userPoolID, Region: region, ClientIDs: []string{s.clientID}},
		now:    time.Now,
		about:  "and sign in as a user of the pool " + s.userPoolID + ".",
		close:  func() {},
	}
	if s.endpoint != "" {
		p.tokens.JWKSURL = strings.TrimSuffix(s.endpoint, "/") + "/" + s.userPoolID +
			"/.well-known/jwks.json"
	}
	return p, nil
}

// The users of the embedded pool protect nothing.
const (
	password = "Passw0rd!"
	demoKey  = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// openFake starts a fake with the settings that this service needs on a real pool.
func openFake(more ...func(*cognitotest.Options)) *cognitotest.Server {
	srv := cognitotest.NewServer(append([]func(*cognitotest.Options){func(o *cognitotest.Options) {
		o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		o.CaseInsensitive = true
		o.RequiredAttributes = []string{"name"}
		o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
		o.ClientSecret = "theSecretOfTheAppClient00"
		o.SMS = true
		o.Devices = &types.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
		}
		o.AuthSessionValidity = 15 * time.Minute
		o.RefreshTokenRotation, o.RotationGrace = true, 30*time.Second
	}}, more...)...)
	for _, u := range []cognitotest.User{
		{Username: "alice@example.com", Attributes: map[string]string{"name": "Alice"}},
		{Username: "temporary@example.com", Status: types.UserStatusTypeForceChangePassword},
		{
			Username: "choice@example.com", Phone: "+15550001234", TOTP: demoKey,
			Methods:    []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA"},
			Attributes: map[string]string{"name": "Carol"},
		},
		{
			Username: "support@example.com", TOTP: demoKey, Groups: []string{supportGroup},
			Attributes: map[string]string{"name": "Sam"},
		},
	} {
		u.Password = password
		srv.AddUser(u)
	}
	return srv
}

// fakePool returns the pool of a fake, with the fake's clock.
func fakePool(srv *cognitotest.Server, issuer string) *pool {
	return &pool{
		api: srv.Client(),
		config: cognitomfa.Config{
			UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, ClientSecret: srv.ClientSecret,
			Issuer: issuer, Flow: cognitomfa.FlowSRP,
		},
		tokens: token.Config{
			UserPoolID: srv.UserPoolID, Region: srv.Region, ClientIDs: []string{srv.ClientID},
			JWKSURL: srv.JWKSURL(), Now: srv.Now,
		},
		now: srv.Now,
	}
}
