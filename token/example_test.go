package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/cognitomfa/cognitomfa/token"
)

// The examples have a pool of their own: its key set is in JWKS, so they need no network, and its clock stands still.
// A service leaves JWKS and Now out.

func Example() {
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKS:       poolJWKS(),
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	claims, err := verifier.VerifyAccess(context.Background(), sign(goodHeader(), accessClaims()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Username, claims.Groups, claims.Scopes)
	// Output: alice [staff admins] [aws.cognito.signin.user.admin example/read]
}

func ExampleVerifier_VerifyID() {
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		JWKS:       poolJWKS(),
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// An access token is no ID token, however good it is.
	_, err = verifier.VerifyID(context.Background(), sign(goodHeader(), accessClaims()))
	fmt.Println(errors.Is(err, token.ErrTokenUse))

	claims, err := verifier.VerifyID(context.Background(), sign(goodHeader(), idClaims()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Email, claims.EmailVerified, claims.Custom["tenant"], claims.Raw()["nonce"])
	// Output:
	// true
	// alice@example.com true blue n-1
}

func ExampleVerifier_Middleware() {
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "eu-west-1_Example00",
		ClientIDs:  []string{"1example23456789"},
		Groups:     []string{"admins"},
		JWKS:       poolJWKS(),
		Now:        clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := token.FromContext(r.Context())
		_, _ = fmt.Fprintln(w, "hello", claims.Username)
	}))

	for _, authorization := range []string{"", "Bearer x", "Bearer " + sign(goodHeader(), accessClaims())} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 401 Bearer realm="cognito"
	// 401 Bearer realm="cognito", error="invalid_token"
	// 200
}

// An emulator issues tokens under its own address, and has its keys there.
func ExampleNewVerifier_emulator() {
	const address = "http://127.0.0.1:9229/local_Example0"
	_, err := token.NewVerifier(token.Config{
		UserPoolID: "local_Example0",
		AnyClient:  true,
		Issuers:    []string{address},
		JWKSURL:    address + "/.well-known/jwks.json",
	})
	fmt.Println(err)
	// Output: <nil>
}
