// Package scaffold proposes the code that a developer has to write: starting
// files for handlers that do not exist, methods that existing ones lack, and
// the names of those that no schema needs any more.
//
// It owns the proposal and nothing on the disk: it reads hand-written Go, whole
// or broken, and writes none. What a handler must look like it takes from what
// package emit makes of the schemas. The compiler's command line may import it.
//
// Invariant: no proposed file has the name of one that exists, and proposed
// code compiles as it stands: it refuses or does nothing until somebody decides.
package scaffold
