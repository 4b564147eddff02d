package gateway

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/smithy-go/logging"
)

// requestID returns Lambda's ID of the invocation, which is also in Lambda's own logs.
func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// sdkLog logs the SDK's warnings, but only the fixed part of each message, because the rest may
// contain anything.
type sdkLog struct{ requestID string }

func (sdkLog) WithContext(ctx context.Context) logging.Logger { return sdkLog{requestID(ctx)} }

func (l sdkLog) Logf(_ logging.Classification, format string, _ ...any) {
	slog.Warn("sdk", slog.String("request_id", l.requestID), slog.String("warning", format))
}
