// Package backstory is the root of the module. It holds no code: `go generate
// ./...` starts here, and the test beside this file keeps the imports between
// the folders one-way.
package backstory

//go:generate go run ./codegen generate
//go:generate go tool -modfile=tools/go.mod templ generate -path app/web -log-level error
