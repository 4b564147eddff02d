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
)

// newAPI makes the interface that the environment describes.
func newAPI(ctx context.Context, optFns []func(*cognitomfa.Config)) (*mfaweb.API, error) {
	cfg := cognitomfa.Config{
		UserPoolID:   os.Getenv("COGNITO_USER_POOL_ID"),
		ClientID:     os.Getenv("COGNITO_CLIENT_ID"),
		ClientSecret: os.Getenv("COGNITO_CLIENT_SECRET"),
		Issuer:       os.Getenv("MFA_ISSUER"),
	}
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
		if cfg.ClientSecret != "" {
			return nil, errors.New("set COGNITO_CLIENT_SECRET or COGNITO_CLIENT_SECRET_PARAMETER, not both")
		}
		if cfg.ClientSecret, err = readParameter(ctx, sdk, parameter); err != nil {
			return nil, fmt.Errorf("COGNITO_CLIENT_SECRET_PARAMETER cannot be read: %w", err)
		}
	}
	for _, fn := range optFns {
		fn(&cfg)
	}
	client, err := cognitomfa.New(cognitoidentityprovider.NewFromConfig(sdk), cfg)
	if err != nil {
		return nil, err
	}
	api, err := mfaweb.New(client, func(o *mfaweb.Options) {
		o.AllowOrigin = os.Getenv("ALLOW_ORIGIN")
		o.RequestID = func(r *http.Request) string { return requestID(r.Context()) }
	})
	if err != nil {
		return nil, fmt.Errorf("ALLOW_ORIGIN: %w", err)
	}
	return api, nil
}
