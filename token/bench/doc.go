// Package bench compares package token with what else verifies JWTs in Go. It is a module of its own so that the others'
// requirements reach no consumer. Run it with
//
//	go test -C token/bench -bench . -benchtime 3000x
package bench
