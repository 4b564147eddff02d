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

// front puts a proxy in front of a server, and returns its URL. headers, if it is set, sees the
// headers of each request; answer, if it is set, may change the response of an operation, or, where
// the server does not have the operation, make one.
func front(
	t *testing.T, srv *cognitotest.Server, headers func(map[string][]string),
	answer func(operation string, body map[string]any) bool,
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
		if answer != nil && json.Unmarshal(data, &body) == nil && answer(operation, body) {
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
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if headers != nil {
			headers(r.Header)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}
