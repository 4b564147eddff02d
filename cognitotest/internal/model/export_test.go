package model

// Load reads the embedded files anew.
func Load() { read(modelText, seenText) }

// Compile makes a matcher of a pattern, as for a shape.
var Compile = compile
