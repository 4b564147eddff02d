// Command hello is the Lambda function of GET /hello, which stands for your own API: the authorizer
// has verified the access token, and the function returns who is calling. It needs no IAM permissions.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	lambda.Start(hello)
}

func hello(
	ctx context.Context, event events.APIGatewayV2HTTPRequest,
) (events.APIGatewayV2HTTPResponse, error) {
	status, outcome := http.StatusOK, "ok"
	body := map[string]any{}
	// If it is deployed without an authorizer by mistake, nobody is signed in.
	authorizer := event.RequestContext.Authorizer
	if authorizer != nil && authorizer.Lambda["sub"] != nil {
		for _, name := range []string{"sub", "username", "groups"} {
			body[name] = authorizer.Lambda[name]
		}
	} else {
		status, outcome = http.StatusInternalServerError, "no-authorizer"
		body["error"] = "there is no authorizer in front of this function"
	}
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	slog.InfoContext(ctx, "request", slog.String("request_id", id), slog.String("outcome", outcome))
	text, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers: map[string]string{
			"Content-Type":              "application/json",
			"Cache-Control":             "no-store",
			"Strict-Transport-Security": "max-age=63072000",
		},
		Body: string(text),
	}, err
}
