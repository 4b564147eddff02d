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

// authorizer answers the events of API Gateway, as aws-lambda-go wants it.
type authorizer struct{ verifier *token.Verifier }

// timeToAnswer is how long before the function's own deadline a fetch of keys is given up. A
// function that Lambda ends leaves no line in the log.
const timeToAnswer = 500 * time.Millisecond

// What API Gateway is told by an error: it answers 401 to the first, which must be spelled so, and
// 500 to all others. It remembers neither, whatever the authorizer's time to live.
var (
	errUnauthorized = errors.New("Unauthorized")
	errKeys         = errors.New("the user pool's keys cannot be had")
)

// Invoke decides about one request. Whatever is not certain to be good ends in an error or in a no.
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

// verify returns the claims of the request's token.
func (a *authorizer) verify(ctx context.Context, e *event) (*token.AccessClaims, error) {
	// The scheme is Bearer, in any case (RFC 9110, section 11.1; RFC 6750, section 2.1).
	scheme, raw, _ := strings.Cut(e.credentials(), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, errNoToken
	}
	return a.verifier.VerifyAccess(ctx, strings.TrimLeft(raw, " "))
}

// decide says what to answer about a token.
//
//	the token                  REST API, HTTP API with format 1.0  HTTP API with format 2.0
//	is good                    a policy that allows                isAuthorized true
//	is good, and not enough    a policy that denies: 403           isAuthorized false: 403
//	is not good, or not there  the error Unauthorized: 401         isAuthorized false: 403
//	cannot be checked          another error: 500                  another error: 500
//
// For HTTP APIs, AWS documents no way to say 401 from here. They say it themselves where the header
// is missing, if it is an identity source.
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

// notEnough reports whether the token is good and lacks something that is required.
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

// log writes one line, with nothing of the token in it.
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
