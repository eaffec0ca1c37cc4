// Package compat says whether schemas may change as they did: whether today's
// code still reads the whole log, yesterday's code reads what today's writes,
// and today's server accepts what yesterday's clients send.
//
// It owns the rules of evolution with their codes (BS3001 and up), the reading
// of schemas out of a Git ref, and the record of published event versions:
// their hashes in published.json and their golden instances. It does not read or
// write the work tree, and does not print but to the writer that it is given.
// Package cli and codegen's main import it; it imports packages source and model.
//
// Invariant: where Compare reports nothing under LOG, what the old schemas
// accept is readable by decoders made of the new ones; where it reports nothing
// under ROLLING, the other way round; where it reports nothing under API, what
// the old commands accept the new ones accept. A change that it does not
// understand breaks.
//
// The rules rest on what generated decoders do. A stored event is read by shape:
// types, required properties and the tags of unions count; undeclared properties
// are ignored, defaults are filled in, and value constraints (bounds, lengths,
// patterns, additionalProperties: false) are not applied again. A command is
// judged by every keyword. Encoders write declared properties only.
//
// A new event type or version is no fault under ROLLING: yesterday's code knows
// that it does not know it and misreads nothing.
package compat
