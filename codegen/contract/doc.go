// Package contract writes the two documents by which programs in other languages
// learn what the system says and accepts: AsyncAPI 3.0 for its messages and
// OpenAPI 3.1 for its JSON API.
//
// It owns the translation of the resolved schemas into plain JSON Schema, of
// patterns into ECMAScript, and the removal of personal data from examples. It
// does not decide where the documents are stored or served; package plan and
// cli may import it, and package catalog for its examples. It reads no disk.
//
// Invariant: the same system gives the same bytes; every $ref leads to a schema
// of the same document; no keyword of the dialect and no personal data of an
// example is in a document.
package contract
