// Package bench compares package token with other ways to verify a JWT in Go. It is a module of its
// own, so users of the library do not get the requirements of the others. Run it with
//
//	go test -C token/bench -bench . -benchtime 3000x
package bench
