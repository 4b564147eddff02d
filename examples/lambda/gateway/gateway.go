// Package gateway runs a part of the interface in package mfaweb as a Lambda function behind API
// Gateway (a REST API or an HTTP API) or a function URL. It recognizes each by its events.
//
// The functions are configured by environment variables, which are read once at start: those of
// package environment, and
//
//	COGNITO_CLIENT_SECRET            the app client's secret, if it has one
//	COGNITO_CLIENT_SECRET_PARAMETER  or the name of the Systems Manager parameter that contains it;
//	                                 /aws/reference/secretsmanager/NAME is the secret NAME of
//	                                 Secrets Manager
//	COGNITO_SETUP_CALL               see [SetupCall]
//	MFA_ISSUER                       what the authenticator app shows above the codes. Required.
//	FRESH_SIGN_IN                    the maximum age in seconds of a sign-in that may change MFA
//	                                 where it is on; 300 if empty
//	ALLOW_ORIGIN                     the one other origin whose pages may call the function (CORS);
//	                                 none if empty
//	BASE_PATH                        the base path of a custom domain, such as /v1, if its pages are
//	                                 served. Stages are recognized without it.
//
// The SDK's own variables, such as AWS_REGION, work as usual. If a variable is missing or wrong,
// the function prints one line to standard error and exits with status 1.
package gateway

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognitomfa/cognitomfa/examples/lambda/environment"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

// Routes maps paths, such as "/signin", to their handlers. The path "/" stands for all paths.
type Routes map[string]http.Handler

// Run serves the routes until Lambda ends the process. The name is for messages. The option
// functions change the configuration from the environment.
func Run(name string, routes func(*mfaweb.API) Routes, optFns ...func(*Settings) error) {
	// aws-lambda-go logs there as well.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	f, err := newFunction(routes, optFns)
	if err != nil {
		environment.Exit(name, err)
	}
	lambda.Start(f)
}

// function is the part of the interface that a Lambda function serves. It is a lambda.Handler.
type function struct {
	basePath string
	routes   Routes
	other    http.Handler
}

func newFunction(
	routes func(*mfaweb.API) Routes, optFns []func(*Settings) error,
) (*function, error) {
	base, err := basePath()
	if err != nil {
		return nil, err
	}
	api, err := newAPI(context.Background(), optFns)
	if err != nil {
		return nil, err
	}
	return &function{basePath: base, routes: routes(api), other: api.Other()}, nil
}

// timeToAnswer is how long before the function's deadline a request is canceled, to leave time for
// a response.
const timeToAnswer = 500 * time.Millisecond

// Invoke handles one event. It returns an error only if the event is not a request; errors in a
// request go into the response.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-timeToAnswer))
		defer cancel()
	}
	e, err := parseEvent(payload)
	if err != nil {
		slog.LogAttrs(ctx, slog.LevelError, "event",
			slog.String("request_id", requestID(ctx)), slog.String("outcome", "malformed-event"))
		return nil, err
	}
	a := &answer{header: make(http.Header)}
	// API Gateway and function URLs speak HTTPS only.
	a.header.Set("Strict-Transport-Security", "max-age=63072000")
	f.serve(a, e.request(ctx), e)
	return a.encode(e.format)
}

// serve passes the request to its handler.
func (f *function) serve(w http.ResponseWriter, r *http.Request, e *event) {
	base, path := f.split(e)
	r.URL.Path = cmp.Or(path, "/")
	switch all := f.routes["/"]; {
	case all == nil:
		f.route(path).ServeHTTP(w, r)
	case path == "":
		// Relative links need the slash.
		http.Redirect(w, r, base+"/", http.StatusTemporaryRedirect)
	default:
		all.ServeHTTP(w, r)
	}
}

// route returns the handler of a path, whatever precedes the path.
func (f *function) route(path string) http.Handler {
	for route, handler := range f.routes {
		if strings.HasSuffix(path, route) {
			return handler
		}
	}
	return f.other
}
