package token_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/token"
)

// exampleConfig describes a pool that needs no network: its keys are in JWKS, and its clock stands
// still. A service leaves out both.
func exampleConfig() token.Config {
	return token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKS:       poolJWKS(),
		Now:        clock,
	}
}

// accessToken and idToken return the tokens of a user of that pool.
func accessToken() string { return access(m{"acr": "urn:cognito:loa:1"}) }
func idToken() string     { return sign(goodHeader(), idClaims()) }

func Example() {
	verifier, err := token.NewVerifier(exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}

	claims, err := verifier.VerifyAccess(context.Background(), accessToken())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Username, claims.Groups, claims.Scopes)
	// Output: alice [staff admins] [aws.cognito.signin.user.admin example/read]
}

func ExampleVerifier_VerifyID() {
	verifier, err := token.NewVerifier(exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}

	// A valid access token is still not an ID token.
	_, err = verifier.VerifyID(context.Background(), accessToken())
	fmt.Println(errors.Is(err, token.ErrTokenUse))

	claims, err := verifier.VerifyID(context.Background(), idToken())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Email, claims.EmailVerified, claims.Custom["tenant"], claims.Raw()["nonce"])
	// Output:
	// true
	// alice@example.com true blue n-1
}

// Fetch the keys when the program starts, so that the first request does not wait for them.
func ExampleVerifier_Hydrate() {
	keyServer := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			fmt.Println("fetched", r.URL.Path)
			_, _ = w.Write(poolJWKS())
		}))
	defer keyServer.Close()

	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKSURL:    keyServer.URL + "/jwks.json", // Leave it out for a Cognito pool.
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := verifier.Hydrate(ctx); err != nil {
		fmt.Println("the first tokens will wait:", err)
	}

	_, err = verifier.VerifyAccess(context.Background(), accessToken())
	fmt.Println(err)
	// Output:
	// fetched /jwks.json
	// <nil>
}

// With static keys nothing is ever fetched: for tests, and for programs without a network.
func ExampleNewVerifier_staticKeys() {
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKS:       poolJWKS(), // for example embedded with go:embed
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.VerifyAccess(context.Background(), accessToken())
	fmt.Println(err)
	// Output: <nil>
}

// An emulator uses its own address as the issuer, and has its keys there.
func ExampleNewVerifier_emulator() {
	_, err := token.NewVerifier(token.Config{
		UserPoolID: "local_Example0",
		AnyClient:  true,
		Issuers:    []string{"http://127.0.0.1:9229/local_Example0"},
	})
	fmt.Println(err)
	// Output: <nil>
}

// get sends a request to the handler and prints the response.
func get(handler http.Handler, header, value string) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.Header.Set(header, value)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	if challenge := w.Header().Get("WWW-Authenticate"); challenge != "" {
		fmt.Println(strings.ReplaceAll(challenge, ", ", "\n"))
	}
}

func ExampleVerifier_Middleware() {
	verifier, err := token.NewVerifier(exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := token.FromContext(r.Context())
		_, _ = io.WriteString(w, "hello "+claims.Username)
	})

	handler := verifier.Middleware(hello)
	get(handler, "Authorization", "Bearer "+accessToken())
	get(handler, "Authorization", "Bearer x")
	// Output:
	// 200 hello alice
	// 401 Unauthorized
	// Bearer realm="cognito"
	// error="invalid_token"
}

// A test of a handler that is behind the middleware needs no token.
func ExampleNewContext() {
	hello := func(w http.ResponseWriter, r *http.Request) {
		claims, ok := token.FromContext(r.Context())
		if !ok {
			w.WriteHeader(http.StatusInternalServerError) // The middleware is missing.
			return
		}
		_, _ = io.WriteString(w, "hello "+claims.Username)
	}

	ctx := token.NewContext(context.Background(),
		&token.AccessClaims{Claims: token.Claims{Username: "alice"}})
	w := httptest.NewRecorder()
	hello(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	fmt.Println(w.Code, w.Body)
	// Output: 200 hello alice
}

// A key was withdrawn, so the tokens that it signed must no longer be accepted.
func ExampleVerifier_Refresh() {
	keyServer := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			fmt.Println("fetched", r.URL.Path)
			_, _ = w.Write(poolJWKS())
		}))
	defer keyServer.Close()
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKSURL:    keyServer.URL + "/jwks.json", // Leave it out for a Cognito pool.
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.VerifyAccess(context.Background(), accessToken())
	fmt.Println(err)

	fmt.Println(verifier.Refresh(context.Background()))
	// Output:
	// fetched /jwks.json
	// <nil>
	// fetched /jwks.json
	// <nil>
}

// A server-rendered page: the token is in a cookie, and users without one are redirected to the
// sign-in page.
func ExampleVerifier_Middleware_cookie() {
	verifier, err := token.NewVerifier(exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := token.FromContext(r.Context())
		_, _ = io.WriteString(w, "the page of "+claims.Username)
	})

	handler := verifier.Middleware(page, func(o *token.MiddlewareOptions) {
		o.Cookie = "__Host-access"
		o.Refuse = func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			if status == http.StatusUnauthorized {
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			}
			// Anything else, such as 503, gets its usual response.
		}
	})
	handler = http.NewCrossOriginProtection().Handler(handler)
	get(handler, "Cookie", "__Host-access="+accessToken())
	// Output:
	// 200 the page of alice
}

// Most routes accept any sign-in. One requires a recent sign-in with a password and an
// authenticator code. The response tells the client what to request in a new sign-in (RFC 9470).
func ExampleVerifier_With() {
	verifier, err := token.NewVerifier(exampleConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	delicate, err := verifier.With(token.Requirements{
		ACR:    []string{"urn:cognito:loa:4"},
		MaxAge: 5 * time.Minute,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "done")
	})
	mux := http.NewServeMux()
	mux.Handle("/", verifier.Middleware(ok))
	get(mux, "Authorization", "Bearer "+accessToken())
	get(delicate.Middleware(ok), "Authorization", "Bearer "+accessToken())
	// Output:
	// 200 done
	// 401 Unauthorized
	// Bearer realm="cognito"
	// error="insufficient_user_authentication"
	// acr_values="urn:cognito:loa:4"
	// max_age="300"
}
