// Command authorizer is a Lambda authorizer for API Gateway: it lets requests through whose access
// token is good. HTTP APIs and REST APIs call it, and it answers each in the form that it expects;
// see decide and event.
//
// It is configured by the environment variables of package environment, where COGNITO_CLIENT_ID may
// name several app clients with spaces between them, and by
//
//	REQUIRED_GROUPS  groups of which the user must be in at least one
//	REQUIRED_SCOPES  scopes of which the token must grant at least one
//	REQUIRED_ACR     levels of which the sign-in must have reached one, such as urn:cognito:loa:4
//	MAX_AGE          how many seconds ago the user may have signed in
//
// where the first three are lists with spaces in between. Empty or missing means that nothing is
// required. For what these require see [token.Config]. What is missing or wrong is one line on
// standard error, and exit status 1.
package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognitomfa/cognitomfa/examples/lambda/environment"
	"github.com/cognitomfa/cognitomfa/token"
)

func main() {
	// What aws-lambda-go has to say goes the same way.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	verifier, err := newVerifier()
	if err != nil {
		environment.Exit("authorizer", err)
	}
	hydrate(verifier)
	lambda.Start(&authorizer{verifier})
}

// initTimeout is how long the keys are waited for at start. Lambda gives ten seconds for all of it.
const initTimeout = 5 * time.Second

// hydrate fetches the pool's keys, which are kept from then on. If they cannot be had now, the first
// token asks for them again.
func hydrate(verifier *token.Verifier) {
	ctx, cancel := context.WithTimeout(context.Background(), initTimeout)
	defer cancel()
	if err := verifier.Hydrate(ctx); err != nil {
		log(ctx, outcomeOf(err))
	}
}

// newVerifier makes the verifier that the environment describes.
func newVerifier() (*token.Verifier, error) {
	cfg, err := environment.TokenConfig()
	if err != nil {
		return nil, err
	}
	cfg.Groups = strings.Fields(os.Getenv("REQUIRED_GROUPS"))
	cfg.Scopes = strings.Fields(os.Getenv("REQUIRED_SCOPES"))
	cfg.ACR = strings.Fields(os.Getenv("REQUIRED_ACR"))
	if cfg.MaxAge, err = environment.Seconds("MAX_AGE"); err != nil {
		return nil, err
	}
	return token.NewVerifier(cfg)
}
