// Package lint finds schemas that are valid and still do not make sense: flows
// that lead nowhere, and edges of the diagrams that the code does not have.
//
// It owns the rules, their codes and how findings are shown. It does not judge
// whether a schema is valid (package model does), and changes no file. The
// compiler's command line may import it.
//
// Invariant: a finding of level Error is something that the schemas promise and
// that cannot happen; whatever may be meant is a Warning. The same input always
// gives the same findings in the same order.
package lint
