// Package logtest tries adapters of engine.Log against what the port promises.
//
// Exercise runs every part as a subtest; Parts is for those who want them one by
// one. Faulty and Retrying wrap a log: one gives wrong answers, as networks do,
// and the other does what the port tells callers to do about them, so that the
// whole suite can run through both.
//
// It owns no log. Of the module it imports package engine; tests import it. The
// invariant it keeps: every part fails on a log that breaks its promise, which
// its own tests prove with a log for each bug that the field has had.
package logtest
