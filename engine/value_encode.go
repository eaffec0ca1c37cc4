package engine

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Member is a member of an object that encoding/json cannot write from a tag.
type Member struct {
	Name     string
	Value    any
	Optional bool // left out when it is zero
}

// EncodeConst writes an object whose constants (members as JSON text) no struct
// field holds, then the members of plain and more.
func EncodeConst(constants string, plain any, more ...Member) ([]byte, error) {
	return EncodeExtra[struct{}](constants, plain, nil, more...)
}

// EncodeExtra is EncodeConst with the members of extra at the end.
func EncodeExtra[T any](constants string, plain any, extra map[string]T, more ...Member) ([]byte, error) {
	body, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	parts := [][]byte{[]byte(constants), body[1 : len(body)-1]}
	for _, m := range more {
		if m.Optional && reflect.ValueOf(m.Value).IsZero() {
			continue
		}
		if parts, err = appendMembers(parts, map[string]any{m.Name: m.Value}); err != nil {
			return nil, err
		}
	}
	if len(extra) > 0 {
		if parts, err = appendMembers(parts, extra); err != nil {
			return nil, err
		}
	}
	parts = withoutEmpty(parts)
	return append(append([]byte{'{'}, bytes.Join(parts, []byte(","))...), '}'), nil
}

// appendMembers appends the members of a map as JSON text, without the braces.
func appendMembers[T any](parts [][]byte, members map[string]T) ([][]byte, error) {
	data, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return append(parts, data[1:len(data)-1]), nil
}

func withoutEmpty(parts [][]byte) [][]byte {
	kept := parts[:0]
	for _, p := range parts {
		if len(p) > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// NoNil is list, or an empty list: a required array is never null.
func NoNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// NoNilMap is NoNil for maps.
func NoNilMap[K comparable, T any](m map[K]T) map[K]T {
	if m == nil {
		return map[K]T{}
	}
	return m
}

// CloneList copies a list and, with clone, each element.
func CloneList[T any](list []T, clone func(T) T) []T {
	if list == nil {
		return nil
	}
	copied := make([]T, len(list))
	for i, value := range list {
		copied[i] = clone(value)
	}
	return copied
}

// CloneMap copies a map and, with clone, each value.
func CloneMap[K comparable, T any](m map[K]T, clone func(T) T) map[K]T {
	if m == nil {
		return nil
	}
	copied := make(map[K]T, len(m))
	for key, value := range m {
		copied[key] = clone(value)
	}
	return copied
}

// ClonePtr copies what p points to, with clone.
func ClonePtr[T any](p *T, clone func(T) T) *T {
	if p == nil {
		return nil
	}
	value := clone(*p)
	return &value
}

// Same is the clone of a value that shares nothing.
func Same[T any](value T) T { return value }

// ConvertList maps every element of a list: between a row and its columns.
func ConvertList[T, U any](list []T, convert func(T) U) []U {
	converted := make([]U, len(list))
	for i, value := range list {
		converted[i] = convert(value)
	}
	return converted
}

// ConvertPtr maps what p points to.
func ConvertPtr[T, U any](p *T, convert func(T) U) *U {
	if p == nil {
		return nil
	}
	value := convert(*p)
	return &value
}

// PutExtra keeps a member that the schema does not name.
func PutExtra[T any](extra *map[string]T, name string, value T) {
	if *extra == nil {
		*extra = map[string]T{}
	}
	(*extra)[name] = value
}
