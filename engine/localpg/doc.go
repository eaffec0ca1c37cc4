// Package localpg is PostgreSQL without being asked: it finds or downloads the server programs, makes a private
// cluster below one folder, and runs one server for all processes that name this folder.
//
// It owns the folder given in [Config.Dir]:
//
//	postgres/          the cluster's data (or /var/tmp/backstory-<hash>/postgres, see below)
//	postgres.log       what the server wrote (beside the data)
//	postgres.json      where the server listens: host, port, data_directory, pid
//	postgres.lock      held exclusively for the moments of starting and stopping
//	postgres.members   held shared by each process that uses the server
//	postgres.guard-*   a pipe that every member keeps open, see below
//
// It does not own databases, schemas or pools: callers connect to [Server.URL]. It may be imported by programs and
// tests, never by package engine or generated code.
//
// The states of a cluster, each change made under postgres.lock:
//
//	absent ──initdb, rename──▶ stopped ──postgres──▶ running ──last member closes──▶ stopped
//	                              ▲                     │
//	                              └──killed, or all members killed (guard)
//
// Membership is a lock and an open pipe, both of which the kernel releases when a process dies, so kill -9 of a member
// never leaves a count too high. When all members were killed, a guard (a waiting shell that reads the pipe) stops the
// server a few seconds later; a Start before that takes the running server over. Where no guard can run (Windows, no
// FIFOs), the server stays and the next Start finds it.
//
// PostgreSQL refuses to run as root, so root starts it as the user postgres, or else nobody. Where that user cannot
// reach Dir (a checkout below a 0700 home), the data lie in /var/tmp/backstory-<hash of Dir>; the other files stay in Dir.
//
// Invariant: no process is signalled, no file is removed and no server is used unless the data folder carries this
// package's marker, the process runs on this data folder, and the server that answers has the same data_directory and
// cluster_name. A server that somebody else runs is never touched.
//
// The server listens on 127.0.0.1 only and trusts every local connection: it is meant for development and tests.
package localpg
