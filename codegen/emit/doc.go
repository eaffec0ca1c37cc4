// Package emit turns the model into Go, SQL and sqlc's configuration: paths and
// bytes, nothing else.
//
// It owns how generated code looks. It reads no schema (only the model), touches
// no disk, and decides nothing that a name or a type depends on. Only the
// compiler's stages may import it.
//
// The invariant it keeps: equal models give equal bytes, formatted as gofmt and
// goimports would, and a model without faults gives code that compiles.
package emit
