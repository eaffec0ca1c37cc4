package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// object is a JSON object whose members keep their order, so that a document
// reads in the order in which it was thought. Values are what encode knows.
type object []member

type member struct {
	key   string
	value any
}

// list is a JSON array.
type list []any

// with returns the object and one more member.
func (o object) with(key string, value any) object { return append(o, member{key, value}) }

// text adds a member unless the text is empty.
func (o object) text(key, value string) object {
	if value == "" {
		return o
	}
	return o.with(key, value)
}

// reference is a $ref.
func reference(path string) object { return object{{"$ref", path}} }

// document writes the value indented, with a line end.
func document(value any) ([]byte, error) {
	var raw, out bytes.Buffer
	if err := encode(&raw, value); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, raw.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func encode(b *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case object:
		return encodeAll(b, '{', '}', len(v), func(i int) error {
			if err := encode(b, v[i].key); err != nil {
				return err
			}
			b.WriteByte(':')
			return encode(b, v[i].value)
		})
	case list:
		return encodeAll(b, '[', ']', len(v), func(i int) error { return encode(b, v[i]) })
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder ends each value with a line end
	return nil
}

func encodeAll(b *bytes.Buffer, open, closed byte, n int, each func(int) error) error {
	b.WriteByte(open)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := each(i); err != nil {
			return err
		}
	}
	b.WriteByte(closed)
	return nil
}

// decode reads one JSON value into objects, lists and scalars; numbers keep
// their text.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	value, err := decodeValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return value, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			o = o.with(fmt.Sprint(key), value)
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		l := list{}
		for d.More() {
			value, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			l = append(l, value)
		}
		_, err = d.Token()
		return l, err
	}
	return token, nil
}
