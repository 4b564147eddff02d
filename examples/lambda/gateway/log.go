package gateway

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/smithy-go/logging"
)

// requestID returns the id by which Lambda knows an invocation, and its own logs name it.
func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// sdkLog logs what the SDK warns of: the fixed part of its messages, since the rest may be
// anything.
type sdkLog struct{ requestID string }

func (sdkLog) WithContext(ctx context.Context) logging.Logger { return sdkLog{requestID(ctx)} }

func (l sdkLog) Logf(_ logging.Classification, format string, _ ...any) {
	slog.Warn("sdk", slog.String("request_id", l.requestID), slog.String("warning", format))
}
