package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/cognitomfa/cognitomfa/token"
)

// authorizer handles events of API Gateway. It is a lambda.Handler.
type authorizer struct{ verifier *token.Verifier }

// timeToAnswer is how long before the function's deadline a fetch of keys is canceled. If Lambda
// ends the function, it cannot log anything.
const timeToAnswer = 500 * time.Millisecond

// API Gateway responds with 401 to the first error, which must have this text, and with 500 to all
// others. It caches neither, whatever the TTL of the authorizer.
var (
	errUnauthorized = errors.New("Unauthorized")
	errKeys         = errors.New("the keys of the user pool cannot be fetched")
)

// Invoke authorizes one request. It fails closed: anything unclear is an error or a denial.
func (a *authorizer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-timeToAnswer))
		defer cancel()
	}
	e, err := parseEvent(payload)
	if err != nil {
		log(ctx, "malformed-event")
		return nil, err
	}
	claims, err := a.verify(ctx, e)
	log(ctx, outcomeOf(err))
	answer, err := decide(e, claims, err)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// errNoToken means that the request has no bearer token, or more than one.
var errNoToken = errors.New("no bearer token")

// verify verifies the token of a request and returns its claims.
func (a *authorizer) verify(ctx context.Context, e *event) (*token.AccessClaims, error) {
	// The scheme is Bearer, in any case (RFC 9110, section 11.1; RFC 6750, section 2.1).
	scheme, raw, _ := strings.Cut(e.credentials(), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, errNoToken
	}
	return a.verifier.VerifyAccess(ctx, strings.TrimLeft(raw, " "))
}

// decide returns the response for a token.
//
//	the token                REST API, HTTP API with format 1.0  HTTP API with format 2.0
//	is valid                 a policy that allows                isAuthorized true
//	is valid but not enough  a policy that denies: 403           isAuthorized false: 403
//	is invalid or missing    the error Unauthorized: 401         isAuthorized false: 403
//	cannot be checked        another error: 500                  another error: 500
//
// AWS documents no way for an authorizer of an HTTP API to respond with 401. The API itself does if
// the header is missing and is an identity source.
func decide(e *event, claims *token.AccessClaims, err error) (any, error) {
	switch {
	case err == nil:
		return e.allow(claims), nil
	case errors.Is(err, token.ErrKeysUnavailable):
		return nil, errKeys
	case e.simple, notEnough(err):
		return e.deny(), nil
	}
	return nil, errUnauthorized
}

// notEnough reports whether the token is valid but lacks something required.
func notEnough(err error) bool {
	return errors.Is(err, token.ErrGroup) || errors.Is(err, token.ErrScope) ||
		errors.Is(err, token.ErrACR) || errors.Is(err, token.ErrMaxAge)
}

// outcomes are the words for the log.
var outcomes = []struct {
	err  error
	word string
}{
	{errNoToken, "no-token"},
	{token.ErrMalformed, "malformed"},
	{token.ErrSignature, "wrong-signature"},
	{token.ErrUnknownKey, "unknown-key"},
	{token.ErrKeysUnavailable, "keys-unavailable"},
	{token.ErrExpired, "expired"},
	{token.ErrNotYetValid, "not-yet-valid"},
	{token.ErrIssuer, "wrong-issuer"},
	{token.ErrTokenUse, "not-an-access-token"},
	{token.ErrClient, "wrong-client"},
	{token.ErrGroup, "missing-group"},
	{token.ErrScope, "missing-scope"},
	{token.ErrACR, "level-too-low"},
	{token.ErrMaxAge, "sign-in-too-old"},
}

func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.word
		}
	}
	return "refused"
}

// log writes one line, which contains nothing from the token.
func log(ctx context.Context, outcome string) {
	level, id := slog.LevelInfo, ""
	if outcome == "keys-unavailable" || outcome == "malformed-event" {
		level = slog.LevelError
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	slog.LogAttrs(ctx, level, "authorize",
		slog.String("request_id", id), slog.String("outcome", outcome))
}
