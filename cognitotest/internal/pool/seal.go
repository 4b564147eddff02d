package pool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// sealer makes the opaque strings that a client carries for the server: sessions, refresh tokens
// and pagination tokens. Like Cognito's they are encrypted and authenticated, so clients can
// neither read nor change them, and the server need not store their content.
type sealer struct{ aead cipher.AEAD }

func newSealer() sealer {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has one of AES's lengths
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	return sealer{aead}
}

// seal encrypts v, padded to size bytes, for one purpose. The nonce is separate, since each kind of
// string encodes it differently.
func (s sealer) seal(v any, size int, purpose string) (nonce, sealed []byte) {
	plain, err := json.Marshal(v)
	if err != nil {
		panic(err) // the package's own structs can always be encoded
	}
	for len(plain) < size {
		plain = append(plain, ' ')
	}
	nonce = make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce)
	return nonce, s.aead.Seal(nil, nonce, plain, []byte(purpose))
}

// open decrypts into v. It reports whether the server made the string, for this purpose.
func (s sealer) open(v any, nonce, sealed []byte, purpose string) bool {
	if len(nonce) != s.aead.NonceSize() {
		return false
	}
	plain, err := s.aead.Open(nil, nonce, sealed, []byte(purpose))
	return err == nil && json.Unmarshal(plain, v) == nil
}

// sessionPrefix begins every session of Cognito.
const sessionPrefix = "AYABe"

func (s sealer) sealSession(v any, size int) string {
	nonce, sealed := s.seal(v, size, sessionPrefix)
	return sessionPrefix + base64.RawURLEncoding.EncodeToString(append(nonce, sealed...))
}

func (s sealer) openSession(v any, text string) bool {
	encoded, found := strings.CutPrefix(text, sessionPrefix)
	if !found {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err == nil && s.openRaw(v, raw, sessionPrefix)
}

// openRaw opens bytes that begin with their nonce.
func (s sealer) openRaw(v any, raw []byte, purpose string) bool {
	size := s.aead.NonceSize()
	return len(raw) > size && s.open(v, raw[:size], raw[size:], purpose)
}

// pagePurpose and the name of a list are the purpose of a pagination token.
const pagePurpose = "page of "

// sealPage returns the pagination token for a position in a list.
func (s sealer) sealPage(position, list string) string {
	nonce, sealed := s.seal(position, 0, pagePurpose+list)
	return base64.RawURLEncoding.EncodeToString(append(nonce, sealed...))
}

func (s sealer) openPage(text, list string) (position string, genuine bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	genuine = err == nil && s.openRaw(&position, raw, pagePurpose+list)
	return position, genuine
}

// refreshHeader is the protected header of a refresh token, which is a JWE (RFC 7516) with five
// parts, like Cognito's. The second part is empty: the server's key encrypts the content directly.
const refreshHeader = `{"cty":"JWT","enc":"A256GCM","alg":"dir"}`

func (s sealer) sealRefresh(v any) string {
	header := base64.RawURLEncoding.EncodeToString([]byte(refreshHeader))
	nonce, sealed := s.seal(v, 512, header)
	tag := len(sealed) - s.aead.Overhead()
	encode := base64.RawURLEncoding.EncodeToString
	return strings.Join(
		[]string{header, "", encode(nonce), encode(sealed[:tag]), encode(sealed[tag:])}, ".")
}

func (s sealer) openRefresh(v any, text string) bool {
	parts := strings.Split(text, ".")
	header := base64.RawURLEncoding.EncodeToString([]byte(refreshHeader))
	if len(parts) != 5 || parts[1] != "" || parts[0] != header {
		return false
	}
	var raw [3][]byte
	for i := range raw {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(parts[2+i]); err != nil {
			return false
		}
	}
	return len(raw[2]) == s.aead.Overhead() &&
		s.open(v, raw[0], append(raw[1], raw[2]...), parts[0])
}
