package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/examples/lambda/environment"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/token"
)

// Settings are the configuration from the environment, which a function may add to.
type Settings struct {
	cognitomfa.Config
	Verifier *token.Verifier // of [mfaweb.Options]
	Pages    http.Handler    // of [mfaweb.Options]
}

// Public is an option of [Run] for a function whose calls are authorized by a token or session in
// its requests. AWS does not require a signature for them.
func Public(s *Settings) error {
	s.Public = true
	return nil
}

// SetupCall is an option of [Run] that selects the call that ends a set-up during sign-in, by the
// environment variable COGNITO_SETUP_CALL. "admin", the default, is AdminRespondToAuthChallenge: it
// is the counterpart of AdminInitiateAuth, which begins the sign-in, and requires the IAM permission of
// the same name. "public" is RespondToAuthChallenge, which requires none. AWS does not document
// whether that accepts the session of an AdminInitiateAuth.
func SetupCall(s *Settings) error {
	switch os.Getenv("COGNITO_SETUP_CALL") {
	case "", "admin":
		return nil
	case "public":
		return Public(s)
	}
	return errors.New(`COGNITO_SETUP_CALL must be "admin" or "public"`)
}

// newAPI creates the interface that the environment configures.
func newAPI(ctx context.Context, optFns []func(*Settings) error) (*mfaweb.API, error) {
	err := environment.Require("COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MFA_ISSUER")
	if err != nil {
		return nil, err
	}
	pool, client, err := environment.Pool()
	if err != nil {
		return nil, err
	}
	s := Settings{Config: cognitomfa.Config{
		UserPoolID:   pool,
		ClientID:     client,
		ClientSecret: os.Getenv("COGNITO_CLIENT_SECRET"),
		Issuer:       os.Getenv("MFA_ISSUER"),
	}}
	sdk, err := config.LoadDefaultConfig(ctx, config.WithLogger(sdkLog{}))
	if err != nil {
		return nil, err
	}
	if sdk.Region == "" {
		return nil, errors.New("set the environment variable AWS_REGION")
	}
	if parameter := os.Getenv("COGNITO_CLIENT_SECRET_PARAMETER"); parameter != "" {
		if s.ClientSecret != "" {
			return nil, errors.New(
				"set COGNITO_CLIENT_SECRET or COGNITO_CLIENT_SECRET_PARAMETER, not both")
		}
		if s.ClientSecret, err = readParameter(ctx, sdk, parameter); err != nil {
			return nil, fmt.Errorf("COGNITO_CLIENT_SECRET_PARAMETER cannot be read: %w", err)
		}
	}
	for _, fn := range optFns {
		if err := fn(&s); err != nil {
			return nil, err
		}
	}
	mfa, err := cognitomfa.New(cognitoidentityprovider.NewFromConfig(sdk), s.Config)
	if err != nil {
		return nil, err
	}
	fresh, err := environment.Seconds("FRESH_SIGN_IN")
	if err != nil {
		return nil, err
	}
	api, err := mfaweb.New(mfa, func(o *mfaweb.Options) {
		o.AllowOrigin = os.Getenv("ALLOW_ORIGIN")
		o.FreshSignIn = fresh
		o.Verifier, o.Pages = s.Verifier, s.Pages
		o.RequestID = func(r *http.Request) string { return requestID(r.Context()) }
	})
	if err != nil {
		return nil, fmt.Errorf("ALLOW_ORIGIN: %w", err)
	}
	return api, nil
}
