package mfaweb

import "net/http"

// Refresh returns the handler of /refresh: new tokens for a refresh token, without a code. The
// response always contains the refresh token to keep: a new one where the app client rotates them,
// otherwise the one that was sent. It calls GetTokensFromRefreshToken.
func (a *API) Refresh() http.Handler {
	return a.post("/refresh", a.refresh, "refreshToken")
}

func (a *API) refresh(r *http.Request, f fields) (any, error) {
	if err := f.require("refreshToken"); err != nil {
		return nil, err
	}
	tokens, err := a.client.Refresh(r.Context(), f["refreshToken"])
	if err != nil {
		return nil, err
	}
	return answer(tokens), nil
}
