//go:build race

package main_test

// buildFlags have the program built with the race detector, as its tests are.
var buildFlags = []string{"-race"}
