package engine

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

// read rebuilds a value with the walkers, as encoding/json would decode it.
func read(d *Decoder, raw []byte) any {
	switch raw[0] {
	case '{':
		m := map[string]any{}
		for name, value := range d.Members(raw) {
			m[name] = read(d, value)
		}
		return m
	case '[':
		list := []any{}
		for _, value := range d.Items(raw) {
			list = append(list, read(d, value))
		}
		return list
	case '"':
		return d.String(raw, Text{})
	case 't', 'f':
		return d.Bool(raw)
	case 'n':
		return nil
	}
	return json.Number(raw)
}

func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"c\"\\\u00e9"}],"a":null}`, ` [ ] `, `"\ud83d\ude00"`, `"\ud800"`, `-1.5e3`, `{"":{"":[[],{}]}}`, `{`, "\"\xff\"", `[1,1.0,"}",",",":]"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodeStored(data, read)
		if (err == nil) != json.Valid(data) {
			t.Fatalf("%q: got %v", data, err)
		}
		if err != nil {
			return
		}
		if judged, err := DecodeBy(LogDecoder(), data, read); err != nil || !reflect.DeepEqual(judged, got) {
			t.Fatalf("%q: got %#v, and with a log's decoder %#v, %v", data, got, judged, err)
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", data, got, want)
		}
		_, strictErr := DecodeStrict(data, read)
		if strictErr == nil && !utf8.Valid(data) {
			t.Fatalf("%q is not Unicode and was accepted", data)
		}
		if again, err := json.Marshal(want); err == nil && strictErr == nil && canonical(trimSpace(data)) != canonical(again) {
			t.Fatalf("%q and %q are equal, but %s and %s are not", data, again, canonical(trimSpace(data)), canonical(again))
		}
	})
}

func FuzzParsers(f *testing.F) {
	for _, seed := range []string{"2024-02-29T23:59:60.5+01:00", "P1Y2M3DT4H5M6S", "ann@example.org", "http://[::1]/", "1e-5", "{a}"} {
		f.Add(seed)
	}
	formats := []string{"uuid", "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "regex",
		"uri", "iri", "uri-reference", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range formats {
			ValidFormat(format, text)
		}
		if at, err := ParseInstant(text); err == nil {
			again, err := json.Marshal(at)
			if back, backErr := ParseInstant(string(bytes.Trim(again, `"`))); err != nil || backErr != nil || !back.Equal(at) {
				t.Fatalf("%q: %v, %v, %v", text, at, err, backErr)
			}
		}
		if Fold(Fold(text)) != Fold(text) && utf8.ValidString(text) {
			t.Fatalf("folding %q twice differs from folding once", text)
		}
		if json.Valid([]byte(text)) {
			_, _ = ParseInteger(text) // must not panic or take long
		}
	})
}
