package engine

import (
	"encoding/json"
	"fmt"
)

// ToColumn encodes a value for a jsonb column. It panics when the value has no
// JSON: GuardRows turns that into an error.
func ToColumn[T any](value T) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Errorf("encode column: %w", err))
	}
	return data
}

// FromColumn decodes what ToColumn wrote.
func FromColumn[T any](data []byte, read func(*Decoder, []byte) T) T {
	value, err := DecodeStored(data, read)
	if err != nil {
		panic(rowLoadError{fmt.Errorf("decode column: %w", err)})
	}
	return value
}

// ToColumnOpt is ToColumn for a value that may be absent: NULL.
func ToColumnOpt[T any](value Opt[T]) []byte {
	v, ok := value.Get()
	if !ok {
		return nil
	}
	return ToColumn(v)
}

// FromColumnOpt decodes what ToColumnOpt wrote.
func FromColumnOpt[T any](data []byte, read func(*Decoder, []byte) T) Opt[T] {
	if data == nil {
		return Opt[T]{}
	}
	return Some(FromColumn(data, read))
}

// OptList is absent for nil: an array column that is NULL.
func OptList[T any](list []T) Opt[[]T] {
	if list == nil {
		return Opt[[]T]{}
	}
	return Some(list)
}

// ConvertOptList is ConvertList for a list that may be absent: nil then.
func ConvertOptList[T, U any](list Opt[[]T], convert func(T) U) []U {
	values, ok := list.Get()
	if !ok {
		return nil
	}
	return ConvertList(values, convert)
}

// OptListOf is the way back from ConvertOptList.
func OptListOf[T, U any](list []T, convert func(T) U) Opt[[]U] {
	if list == nil {
		return Opt[[]U]{}
	}
	return Some(ConvertList(list, convert))
}

// ColumnTime reads a time of day from its column.
func ColumnTime(text string) Time {
	value, err := ParseTime(text)
	if err != nil {
		panic(rowLoadError{err})
	}
	return value
}

// ColumnDuration reads a duration from its column.
func ColumnDuration(text string) Duration {
	value, err := ParseDuration(text)
	if err != nil {
		panic(rowLoadError{err})
	}
	return value
}
