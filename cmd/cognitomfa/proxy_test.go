package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// startProxy starts a proxy in front of a server and returns its URL. inspect, unless nil, gets the
// headers of each request; rewrite, unless nil, may change the body of a response, or replace an
// error response if the server does not support the operation.
func startProxy(
	t *testing.T, srv *cognitotest.Server, inspect func(map[string][]string),
	rewrite func(operation string, body map[string]any) bool,
) string {
	t.Helper()
	target, err := url.Parse(srv.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		_, operation, _ := strings.Cut(r.Request.Header.Get("X-Amz-Target"), ".")
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var body map[string]any
		if rewrite != nil && json.Unmarshal(data, &body) == nil && rewrite(operation, body) {
			if data, err = json.Marshal(body); err != nil {
				return err
			}
			if _, failed := body["__type"]; !failed {
				r.StatusCode = http.StatusOK
				r.Header.Del("X-Amzn-ErrorType")
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		r.ContentLength = int64(len(data))
		r.Header.Set("Content-Length", strconv.Itoa(len(data)))
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if inspect != nil {
			inspect(r.Header)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
