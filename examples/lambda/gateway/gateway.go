// Package gateway runs one path of the interface in package mfaweb as a Lambda function behind API Gateway, a REST API or an HTTP API, or behind a
// function URL. Which of them it is, each event tells.
//
// The functions are configured by environment variables, read once at start:
//
//	COGNITO_USER_POOL_ID             the user pool. Required.
//	COGNITO_CLIENT_ID                its app client. Required.
//	COGNITO_CLIENT_SECRET            the app client's secret, if it has one
//	COGNITO_CLIENT_SECRET_PARAMETER  or the name of the Systems Manager parameter that holds it; /aws/reference/secretsmanager/NAME is the Secrets
//	                                 Manager's secret NAME
//	MFA_ISSUER                       what the authenticator app shows above the codes. Required.
//	ALLOW_ORIGIN                     the one other origin whose pages may call the function (CORS); none if empty
//
// The SDK's own, such as AWS_REGION and AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER, work as everywhere. What is missing or wrong is one line on
// standard error, and exit status 1.
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

// Run serves the handler under its path, such as "/signin", until Lambda ends the process. Where the path is "/" it serves all paths. The option functions
// change what the environment configures.
func Run(path string, handler func(*mfaweb.API) http.Handler, optFns ...func(*Settings) error) {
	// What aws-lambda-go has to say goes the same way.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	api, err := newAPI(context.Background(), optFns)
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "%s: %s\n", name(path), strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
	lambda.Start(&function{path: path, served: handler(api), other: api.Other()})
}

// name is what a function is called in what it says about itself.
func name(path string) string {
	if path == "/" {
		return "pages"
	}
	return strings.TrimPrefix(path, "/")
}

// function is one path of the interface, as aws-lambda-go wants it.
type function struct {
	path          string
	served, other http.Handler
}

// timeToAnswer is how long before the function's own deadline a request is given up: what Lambda ends answers nothing.
const timeToAnswer = 500 * time.Millisecond

// Invoke answers one event. Its error is about events that are no requests; what is wrong with a request is for its answer to say.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-timeToAnswer))
		defer cancel()
	}
	r, format, err := newRequest(ctx, payload)
	if err != nil {
		slog.LogAttrs(ctx, slog.LevelError, "event", slog.String("request_id", requestID(ctx)), slog.String("outcome", "malformed-event"))
		return nil, err
	}
	handler := f.other
	// Before the path there may be a stage or the base path of a custom domain.
	if f.path == "/" || strings.HasSuffix(r.URL.Path, f.path) {
		handler = f.served
	}
	a := &answer{header: make(http.Header)}
	handler.ServeHTTP(a, r)
	return a.encode(format)
}
