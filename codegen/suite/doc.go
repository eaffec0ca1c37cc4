// Package suite proves the compiler from outside: it holds tests only. They put
// the schemas of the official JSON-Schema-Test-Suite, and random ones, through
// the whole compiler, build what comes out as one Go module, and compare what
// the generated decoders say with what JSON Schema says.
//
// The official suite is run when JSON_SCHEMA_TEST_SUITE names its tests folder.
// The flags -schemas and -seed say how many random schemas are tried, and which.
//
// It owns the list of what the compiler refuses (testdata/refused.txt) and of
// the tests about which the suite, the reference implementation and the decoders
// are not of one mind (testdata/differs.txt), both written by go test -update. It owns no code, and nothing imports it.
//
// The invariant it keeps: a schema is refused with a code, or its decoder
// accepts exactly what the schema accepts and writes it again unchanged, up to
// the differences that the dialect names.
package suite
