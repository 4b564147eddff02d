//go:build race

package main_test

// buildFlags enable the race detector in the program if the tests run with it.
var buildFlags = []string{"-race"}
