// Package behaviour holds the tests of what generated code does: it imports the
// expected files of package emit's cases, which its golden test keeps equal to
// what is emitted. It owns no code; nothing imports it.
package behaviour
