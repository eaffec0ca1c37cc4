// Package todos decides about lists.
package todos

import (
	stream "example.com/thin/generated/todos/list"
	"github.com/backstory-go/backstory/engine"
)

// List decides, and knows nothing of folding yet.
type List struct{ limit int }

// Create starts a list.
func (l *List) Create(_ engine.Decision, _ *stream.State, cmd stream.Create, emit stream.CreateEmitter) {
	l.create(cmd, emit)
}

// create takes an emitter and is no handler: it is not exported.
func (l *List) create(cmd stream.Create, emit stream.CreateEmitter) {
	emit.Created(stream.Created{Name: cmd.Name})
}

// Created folds.
func (l *List) Created(_ engine.Meta, state *stream.State, event stream.Created) {
	state.Name = event.Name
}

// Describe takes a state and is no handler.
func (l *List) Describe(state *stream.State) string { return state.Name }

// UpcastCreatedV1 was needed once.
func (l *List) UpcastCreatedV1(event stream.Created) stream.Created { return event }
