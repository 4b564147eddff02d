package model

// Load reads the embedded files again.
func Load() { read(modelText, seenText) }

// Compile compiles a pattern.
var Compile = compile
