// Command authorizer is a Lambda authorizer for API Gateway: it lets requests with a valid access
// token through. It works with HTTP APIs and REST APIs, in the format that each expects; see decide
// and event.
//
// It is configured by the environment variables of package environment, where COGNITO_CLIENT_ID may
// list several app clients, and by
//
//	REQUIRED_GROUPS  groups; the user must be in at least one
//	REQUIRED_SCOPES  scopes; the token must grant at least one
//	REQUIRED_ACR     levels, such as urn:cognito:loa:4; the sign-in must have reached one
//	MAX_AGE          how many seconds ago the user may have signed in
//
// Lists are separated by spaces. Empty or missing means that nothing is required. For details see
// [token.Config]. If a variable is missing or wrong, the function prints one line to standard error
// and exits with status 1.
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
	// aws-lambda-go logs there as well.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	verifier, err := newVerifier()
	if err != nil {
		environment.Exit("authorizer", err)
	}
	hydrate(verifier)
	lambda.Start(&authorizer{verifier})
}

// initTimeout limits the fetch of keys at start. Lambda allows ten seconds for the whole start.
const initTimeout = 5 * time.Second

// hydrate fetches the pool's keys and caches them. If that fails, the first token fetches them
// again.
func hydrate(verifier *token.Verifier) {
	ctx, cancel := context.WithTimeout(context.Background(), initTimeout)
	defer cancel()
	if err := verifier.Hydrate(ctx); err != nil {
		log(ctx, outcomeOf(err))
	}
}

// newVerifier creates the verifier that the environment configures.
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
