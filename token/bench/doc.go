// Package bench compares package token with other ways to verify a JWT in Go. It is a separate
// module, so users of the library do not get its dependencies. Run it with
//
//	go test -C token/bench -bench . -benchtime 3000x
package bench
