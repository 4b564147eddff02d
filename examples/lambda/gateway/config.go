package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/token"
)

// Settings are what the environment configures, and what a function may add to it.
type Settings struct {
	cognitomfa.Config
	Verifier *token.Verifier // of [mfaweb.Options]
	Pages    http.Handler    // of [mfaweb.Options]
}

// Public is an option of [Run] for a function whose calls are authorised by what its requests bring, an access token or a session: it makes none that
// AWS would want signed.
func Public(s *Settings) error {
	s.Public = true
	return nil
}

// newAPI makes the interface that the environment describes.
func newAPI(ctx context.Context, optFns []func(*Settings) error) (*mfaweb.API, error) {
	s := Settings{Config: cognitomfa.Config{
		UserPoolID:   os.Getenv("COGNITO_USER_POOL_ID"),
		ClientID:     os.Getenv("COGNITO_CLIENT_ID"),
		ClientSecret: os.Getenv("COGNITO_CLIENT_SECRET"),
		Issuer:       os.Getenv("MFA_ISSUER"),
	}}
	var missing []string
	for _, name := range []string{"COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MFA_ISSUER"} {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("set the environment variables %s", strings.Join(missing, ", "))
	}
	sdk, err := config.LoadDefaultConfig(ctx, config.WithLogger(sdkLog{}))
	if err != nil {
		return nil, err
	}
	if sdk.Region == "" {
		return nil, errors.New("set the environment variable AWS_REGION")
	}
	if parameter := os.Getenv("COGNITO_CLIENT_SECRET_PARAMETER"); parameter != "" {
		if s.ClientSecret != "" {
			return nil, errors.New("set COGNITO_CLIENT_SECRET or COGNITO_CLIENT_SECRET_PARAMETER, not both")
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
	client, err := cognitomfa.New(cognitoidentityprovider.NewFromConfig(sdk), s.Config)
	if err != nil {
		return nil, err
	}
	api, err := mfaweb.New(client, func(o *mfaweb.Options) {
		o.AllowOrigin = os.Getenv("ALLOW_ORIGIN")
		o.Verifier, o.Pages = s.Verifier, s.Pages
		o.RequestID = func(r *http.Request) string { return requestID(r.Context()) }
	})
	if err != nil {
		return nil, fmt.Errorf("ALLOW_ORIGIN: %w", err)
	}
	return api, nil
}
