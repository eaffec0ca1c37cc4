package engine

import (
	"bytes"
	"encoding/json"
)

// Opt is an optional property: absent, null (where the schema allows it), or a
// value. The zero Opt is absent; encoding/json leaves it out by omitzero. It
// holds a pointer, so that a type may contain itself.
type Opt[T any] struct {
	value *T
	null  bool
}

// Some is a property that is present.
func Some[T any](value T) Opt[T] { return Opt[T]{value: &value} }

// Null is a property that is present and null.
func Null[T any]() Opt[T] { return Opt[T]{null: true} }

// OptOf is absent for nil, else the value that p points to.
func OptOf[T any](p *T) Opt[T] {
	if p == nil {
		return Opt[T]{}
	}
	return Some(*p)
}

// Get is the value, and whether there is one.
func (o Opt[T]) Get() (T, bool) {
	if o.value == nil {
		var zero T
		return zero, false
	}
	return *o.value, true
}

// Or is the value, or fallback when there is none.
func (o Opt[T]) Or(fallback T) T {
	if o.value == nil {
		return fallback
	}
	return *o.value
}

// Ptr points to a copy of the value; nil when there is none.
func (o Opt[T]) Ptr() *T {
	if o.value == nil {
		return nil
	}
	value := *o.value
	return &value
}

// IsNull says whether the property is present and null.
func (o Opt[T]) IsNull() bool { return o.null }

// IsZero says whether the property is absent.
func (o Opt[T]) IsZero() bool { return o.value == nil && !o.null }

// CloneWith copies o and, with clone, what it holds.
func (o Opt[T]) CloneWith(clone func(T) T) Opt[T] {
	if o.value == nil {
		return o
	}
	return Some(clone(*o.value))
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if o.value == nil {
		return []byte("null"), nil
	}
	return json.Marshal(*o.value)
}

// UnmarshalJSON reads a value or null. Generated decoders do not use it.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*o = Null[T]()
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*o = Some(value)
	return nil
}
