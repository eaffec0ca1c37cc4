package engine

import (
	"bytes"
	"encoding/json"
)

// EncodeConst writes an object whose constants (members as JSON text) no struct
// field holds, then the members of plain.
func EncodeConst(constants string, plain any) ([]byte, error) {
	return EncodeExtra[struct{}](constants, plain, nil)
}

// EncodeExtra is EncodeConst with the members of extra at the end.
func EncodeExtra[T any](constants string, plain any, extra map[string]T) ([]byte, error) {
	body, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	parts := [][]byte{[]byte(constants), body[1 : len(body)-1]}
	if len(extra) > 0 {
		more, err := json.Marshal(extra)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more[1:len(more)-1])
	}
	parts = withoutEmpty(parts)
	return append(append([]byte{'{'}, bytes.Join(parts, []byte(","))...), '}'), nil
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
