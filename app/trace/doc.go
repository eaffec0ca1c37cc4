// Package trace turns the steps of messages into OpenTelemetry traces and sends
// them by OTLP over HTTP, when the environment's OTEL_* variables ask for it.
//
// It owns the names of spans and the way their ids are derived: the trace is the
// conversation (its correlation id), and the span of a step follows from the
// message it is about. So steps find their parents whatever process made them,
// through inbox and log, and nothing is stored for it. It owns no data of
// anybody: spans carry types, consumers and ids of messages. Only the app's main
// package imports it.
//
// The invariant it keeps: the same step has the same ids wherever it is told, so
// a trace is connected when its spans have arrived, in any order.
package trace
