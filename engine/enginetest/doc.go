// Package enginetest proves what must hold for every message and every history
// of an actor, whatever its schemas and handlers say: generated packages offer it
// as one line, Properties, and as a fuzz target, Fuzz.
//
// It owns the drawing of instances from a schema (likely ones, those at every
// bound, and ones that are wrong in one place) and the properties themselves. It
// reads the profile of the dialect that generated code hands it as JSON Schema,
// and nothing else of the schemas. Generated packages and tests import it; it
// imports package engine.
//
// Invariant: what is drawn depends on the schema and the seed only, so a failure
// comes again; an instance is drawn wrong only where it was drawn right before,
// so a decoder that accepts it is too tolerant.
package enginetest
