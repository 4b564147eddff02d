package cognitotest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
)

const (
	targetPrefix = "AWSCognitoIdentityProviderService."
	contentType  = "application/x-amz-json-1.1"

	// maxBody is the largest request that is served. Larger ones are read up to maxRead: a client
	// that is still writing would not see the response.
	maxBody = 1 << 20
	maxRead = 64 << 20
)

// The exception types of the protocol. The others are the state machine's.
const (
	internalError    = "InternalErrorException"
	serialization    = "SerializationException"
	tooLarge         = "RequestEntityTooLargeException"
	unknownOperation = "UnknownOperationException"
)

// ServeHTTP speaks the protocol of Cognito's API (AWS JSON 1.1, POST to "/" with the operation in
// X-Amz-Target) and publishes the public keys of its tokens at "/<pool id>/.well-known/jwks.json".
// Pages of any origin may call the operations that need no signature; only pages of this computer
// and of the server's own URL may call the others.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Read the whole request before responding, and send the response in one piece: clients close
	// their side as soon as they have the header, and lose what is still on its way.
	body, err := readBody(r.Body)
	if allowBrowsers(w, r) {
		return
	}
	switch {
	case err != nil && asError(err).Type != tooLarge: // the client is gone or its framing is broken
		s.write(w, nil, &pool.Error{Type: serialization, Message: "The request could not be read."},
			0)
	case isWellKnown(r):
		s.serveWellKnown(w, r)
	case r.URL.Path != "/" && r.URL.Path != "": // empty after http.StripPrefix
		s.refuse(w, "There is nothing at this path: requests go to /. "+
			"cognitotest has neither the hosted sign-in pages nor the OAuth endpoints.",
			http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.refuse(w, "Requests are sent with POST, with the operation in X-Amz-Target.",
			http.StatusMethodNotAllowed)
	default:
		name, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
		if !known {
			s.refuse(w,
				"X-Amz-Target does not name an operation of "+strings.TrimSuffix(targetPrefix, ".")+
					".", 0)
			return
		}
		s.serveCall(w, r, clip(name), body, err)
	}
}

// serveCall serves a call of the API, or applies a fault to it. unread is the error of a body that
// could not be read.
func (s *Server) serveCall(
	w http.ResponseWriter, r *http.Request, name string, body []byte, unread error,
) {
	call := Call{Operation: name, Time: s.Now(), Signed: r.Header.Get("Authorization") != ""}
	if op, known := model.Operation(name); known && op.Signed && s.isForeign(r) {
		call.Error = errForeign.Type
		s.journal.add(call)
		s.write(w, nil, errForeign, http.StatusForbidden)
		return
	}
	fault, faulted := s.faults.take(name)
	call.Faulted = faulted
	if fault.Delay > 0 {
		// The server's read timeout would end the wait, too.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		fault.wait(r.Context())
	}

	var response any
	var members map[string]any
	err := unread
	switch {
	case !fault.served():
		_ = json.Unmarshal(body, &members)
	case err == nil:
		response, members, err = s.machine.Serve(name, call.Signed, body)
		if err == nil {
			call.Unsimulated = s.machine.Unsimulated(name, members)
		}
	}
	call.Params, call.IPAddress = params(name, members), clip(s.machine.UserAddress(name, members))
	status := 0
	if fault.Code != "" {
		err, status = &pool.Error{Type: fault.Code, Message: fault.Message}, fault.Status
	}
	if err != nil {
		call.Error = asError(err).Type
	}
	s.journal.add(call)

	switch {
	case fault.Drop || fault.Reset && !fault.Cut:
		fault.breakOff(w)
	case fault.Cut:
		w = cutter{w, fault}
	}
	s.write(w, response, err, status)
}

// readBody reads a request to its end. It returns an error if the request is too large to serve.
func readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil || len(body) <= maxBody {
		return body, err
	}
	if _, err = io.Copy(io.Discard, io.LimitReader(r, maxRead)); err != nil {
		return nil, err
	}
	return nil, &pool.Error{Type: tooLarge, Message: "The request is larger than 1 MiB."}
}

// asError returns an error of the API: err itself, or an internal error.
func asError(err error) *pool.Error {
	if apiErr := (*pool.Error)(nil); errors.As(err, &apiErr) {
		return apiErr
	}
	return &pool.Error{Type: internalError, Message: "Internal error: " + err.Error()}
}

// status returns the HTTP status of an exception type. Cognito sends 400 for every error of the
// client, even where its own model says otherwise; the quirk follows the model.
func (q Quirks) status(exception string) int {
	switch exception {
	case internalError:
		return http.StatusInternalServerError
	case tooLarge:
		return http.StatusRequestEntityTooLarge
	}
	if !q.ModelStatus {
		return http.StatusBadRequest
	}
	switch exception {
	case "UnauthorizedException":
		return http.StatusUnauthorized
	case "NotAuthorizedException", "ForbiddenException", "FeatureUnavailableInTierException",
		"TierChangeNotAllowedException":
		return http.StatusForbidden
	case "ResourceNotFoundException", "UserNotFoundException":
		return http.StatusNotFound
	case "TooManyRequestsException":
		return http.StatusTooManyRequests
	default:
		return http.StatusBadRequest
	}
}

// refuse responds to a request that is not a call of the API.
func (s *Server) refuse(w http.ResponseWriter, message string, status int) {
	s.write(w, nil, &pool.Error{Type: unknownOperation, Message: message}, status)
}

// write sends a response or an error. A status of 0 stands for the usual one.
func (s *Server) write(w http.ResponseWriter, response any, err error, status int) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Date", s.Now().UTC().Format(http.TimeFormat)) // clients correct their clock by it
	h.Set("X-Amzn-RequestId", pool.NewUUID())
	if err != nil {
		apiErr := asError(err)
		if status == 0 {
			status = s.quirks.status(apiErr.Type)
		}
		form := s.quirks.ErrorName
		if form != ErrorNameInBody {
			h.Set("X-Amzn-ErrorType", apiErr.Type+":")
			h.Set("X-Amzn-ErrorMessage", headerText(apiErr.Message))
		}
		body := map[string]string{"message": apiErr.Message}
		if form != ErrorNameInHeader {
			body["__type"] = apiErr.Type
		}
		response = body
	} else {
		status = http.StatusOK
	}
	body, err := json.Marshal(response)
	if err != nil {
		panic(err) // these structs, strings and decoded JSON can always be encoded
	}
	send(w, status, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// headerText makes a message fit for a header: one short line of printable ASCII.
func headerText(message string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, clip(message))
}

// clip shortens a text that a client may have made very long.
func clip(s string) string {
	const longest = 512
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "") + "..."
	}
	return s
}

func isWellKnown(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/") && strings.Contains(r.URL.Path, wellKnown)
}

// serveWellKnown serves a pool's keys and its openid-configuration.
func (s *Server) serveWellKnown(w http.ResponseWriter, r *http.Request) {
	poolID, document, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), wellKnown)
	issuer, err := s.machine.Issuer(poolID)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, "Keys are read with GET.", http.StatusMethodNotAllowed)
	case err != nil:
		s.write(w, nil, err, http.StatusNotFound)
	case document == "jwks.json":
		publish(w, pool.JWKS())
	case document == "openid-configuration":
		configuration, err := json.Marshal(map[string]any{
			"issuer": issuer, "jwks_uri": s.reachedAt(r) + "/" + poolID + jwksPath,
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"subject_types_supported":               []string{"public"},
		})
		if err != nil {
			panic(err) // strings can always be encoded
		}
		publish(w, configuration)
	default:
		s.refuse(w, "There is no such document.", http.StatusNotFound)
	}
}

func publish(w http.ResponseWriter, document []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	send(w, http.StatusOK, document)
}
