package cognitotest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	targetPrefix = "AWSCognitoIdentityProviderService."
	contentType  = "application/x-amz-json-1.1"

	// maxBody is the largest request that is served. What is larger is read on for a while, since a client that still writes would not get to
	// see the answer.
	maxBody = 1 << 20
	maxRead = 64 << 20
)

// ServeHTTP speaks the protocol of Cognito's API (AWS JSON 1.1, POST to "/" with the operation in X-Amz-Target) and publishes the keys that its
// tokens are signed with, at "/<pool id>/.well-known/jwks.json". Pages in browsers may call it, whatever their origin. It can be mounted without
// the server's own listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The whole request is read before anything is answered, and the answer leaves in one piece: clients close their side as soon as they have
	// the header, and what is still on its way then gets lost.
	body, tooLarge, err := readBody(r.Body)
	if allowBrowsers(w, r) {
		return
	}
	if err != nil { // the client is gone, or its framing is broken
		s.write(w, nil, &apiError{typeSerialization, "The request could not be read."}, 0)
		return
	}
	if isWellKnown(r) {
		s.serveWellKnown(w, r)
		return
	}

	name, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	switch {
	case r.URL.Path != "/":
		s.write(w, nil, unknownOperation("There is nothing at this path; requests go to /."), http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.write(w, nil, unknownOperation("Requests are sent with POST, with the operation in X-Amz-Target."), http.StatusMethodNotAllowed)
		return
	case !known:
		s.write(w, nil, unknownOperation("X-Amz-Target does not name an operation of "+strings.TrimSuffix(targetPrefix, ".")+"."), 0)
		return
	}

	call := Call{Operation: clip(name), Time: s.Now(), Signed: r.Header.Get("Authorization") != ""}
	fault, faulted := s.faults.take(name)
	call.Faulted = faulted
	fault.wait(r.Context())

	var answer any
	var members map[string]any
	if fault.served() {
		answer, members, err = s.serve(name, call.Signed, body, tooLarge)
	} else {
		_ = json.Unmarshal(body, &members)
	}
	call.Params = params(members)
	status := 0
	if fault.Code != "" {
		err, status = &apiError{fault.Code, fault.Message}, fault.Status
	}
	call.Error = typeOf(err)
	s.journal.add(call)

	if fault.Drop {
		panic(http.ErrAbortHandler)
	}
	if fault.Cut {
		w = cutter{w}
	}
	s.write(w, answer, err, status)
}

// serve runs an operation on the state machine.
func (s *Server) serve(name string, signed bool, body []byte, tooLarge bool) (answer any, members map[string]any, err error) {
	operation, known := operations()[name]
	switch {
	case tooLarge:
		return nil, nil, &apiError{typeTooLarge, "The request is larger than 1 MiB."}
	case !known:
		return nil, nil, unknownOperation("The operation " + strconv.Quote(clip(name)) + " is not emulated by cognitotest.")
	case operation.signed && !signed:
		return nil, nil, errUnsigned
	}
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, nil, &apiError{typeSerialization, "The request is not a JSON object."}
	}
	answer, err = operation.serve(s.backend, body, members)
	return answer, members, err
}

func unknownOperation(message string) error { return &apiError{typeUnknownOperation, message} }

// readBody reads a request to its end, and tells whether it is too large to be served.
func readBody(r io.Reader) (body []byte, tooLarge bool, err error) {
	body, err = io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil || len(body) <= maxBody {
		return body, false, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(r, maxRead))
	return nil, true, err
}

// typeOf is the exception type of an error, empty for none.
func typeOf(err error) string {
	if err == nil {
		return ""
	}
	return asAPIError(err).Type
}

// asAPIError makes an internal error of what is no error of the API.
func asAPIError(err error) *apiError {
	if apiErr := (*apiError)(nil); errors.As(err, &apiErr) {
		return apiErr
	}
	return &apiError{typeInternal, "Internal error: " + err.Error()}
}

// write sends an answer or an error, with a status of 0 for the usual one.
func (s *Server) write(w http.ResponseWriter, answer any, err error, status int) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Amzn-RequestId", newUUID())
	if err != nil {
		apiErr := asAPIError(err)
		if status == 0 {
			status = apiErr.status(s.backend.quirks.ModelStatus)
		}
		form := s.backend.quirks.ErrorName
		if form != ErrorNameInBody {
			h.Set("X-Amzn-ErrorType", apiErr.Type+":")
			h.Set("X-Amzn-ErrorMessage", headerText(apiErr.Message))
		}
		body := map[string]string{"message": apiErr.Message}
		if form != ErrorNameInHeader {
			body["__type"] = apiErr.Type
		}
		answer = body
	} else {
		status = http.StatusOK
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // the package's own structs, strings, and JSON that was decoded before
	}
	send(w, status, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is not the server's business
}

// headerText is a message as far as it can stand in a header.
func headerText(message string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, clip(message))
}

// clip shortens what a client may have made very long.
func clip(s string) string {
	const longest = 512
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "") + "..."
	}
	return s
}

// cutter sends half of a body and drops the connection.
type cutter struct{ http.ResponseWriter }

func (c cutter) Write(body []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(body[:len(body)/2])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func isWellKnown(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/") && strings.Contains(r.URL.Path, "/.well-known/")
}

// serveWellKnown publishes a pool's keys and where they are.
func (s *Server) serveWellKnown(w http.ResponseWriter, r *http.Request) {
	poolID, document, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/.well-known/")
	p, err := s.backend.pool(poolID)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.write(w, nil, unknownOperation("Keys are read with GET."), http.StatusMethodNotAllowed)
	case err != nil:
		s.write(w, nil, err, http.StatusNotFound)
	case document == "jwks.json":
		publish(w, keys().jwks)
	case document == "openid-configuration":
		configuration, err := json.Marshal(map[string]any{
			"issuer": s.backend.issuer(p), "jwks_uri": s.URL + "/" + p.id + "/.well-known/jwks.json",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "subject_types_supported": []string{"public"},
		})
		if err != nil {
			panic(err) // strings
		}
		publish(w, configuration)
	default:
		s.write(w, nil, unknownOperation("There is no such document."), http.StatusNotFound)
	}
}

func publish(w http.ResponseWriter, document []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	send(w, http.StatusOK, document)
}
