package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// secretHash computes SECRET_HASH.
func secretHash(secret, message string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
