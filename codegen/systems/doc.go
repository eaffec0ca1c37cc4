// Package systems holds three systems of different kinds, each with two contexts,
// a union, an event in several versions, a reaction from one context to the other
// and read models with ranged queries: a bank, a clinic and a fleet of vehicles.
//
// Below testdata/ lie their schemas, handlers and tests, as a user would write
// them. Its test has the compiler generate, draw and publish them in a module of
// their own, and runs their tests on PostgreSQL. Nobody imports it.
package systems
