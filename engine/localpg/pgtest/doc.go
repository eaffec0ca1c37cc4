// Package pgtest gives tests fresh PostgreSQL databases in a few tens of milliseconds, with nothing to install or start
// by hand beyond what package localpg needs.
//
// It owns one cluster per user of the machine, shared by the test processes of all packages of a `go test` run, of
// several runs at once and between runs, and in it the databases that it makes: templates, built once, and copies of
// them, one per call of [Database], dropped when their test ends. It does not know any schema: callers build their
// template. Only tests may import it.
//
// A package that uses it declares
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// so that the last test process to end stops the server. Without it the server ends a few seconds later, or is used by
// the next process. DATABASE_URL is not looked at: a user's databases are never touched. Without PostgreSQL tests fail,
// they are never skipped.
//
// Invariant: a database is dropped only by its own process or after that process's death, which its session lock in
// the cluster tells; a template is copied only when its build succeeded.
package pgtest
