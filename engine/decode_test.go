package engine

import (
	"reflect"
	"strings"
	"testing"
)

// A decoder that reads one message after the other takes nothing along.
func TestDecodeBy_UsedAgain_TakesNothingAlong(t *testing.T) {
	read := func(d *Decoder, raw []byte) (list []int64) {
		for m := d.Walk(raw); m.Next(); {
			list = append(list, d.Int64(m.Value, Integer{}))
			if string(m.Name) == "stop" {
				panic("half-way")
			}
		}
		return list
	}
	d := StoredDecoder()
	for range 2 {
		if _, err := DecodeBy(d, []byte(`{"a":1,"b":"x","c":[]}`), read); err == nil || err.Error() != (&FaultsError{Faults: []Fault{
			{Pointer: "/b", Code: FaultType, Message: "must be a whole number"}, {Pointer: "/c", Code: FaultType, Message: "must be a whole number"}}}).Error() {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = DecodeBy(d, []byte(`{"stop":"y"}`), read)
		}()
		if list, err := DecodeBy(d, []byte(` {"a":1,"b":2} `), read); err != nil || !reflect.DeepEqual(list, []int64{1, 2}) {
			t.Errorf("got %v, %v", list, err)
		}
	}
}

// PostgreSQL lets values nest as deep as its stack is, which may be deeper than
// encoding/json does.
func TestLogDecoder_NestedTooDeeply_IsRefusedAsByStoredDecoder(t *testing.T) {
	whole := func(_ *Decoder, raw []byte) int { return len(raw) }
	for _, depth := range []int{1, mostNested - 1, mostNested, mostNested + 1, 3 * mostNested} {
		for _, pair := range [][2]string{{"[", "]"}, {`[0,`, "]"}, {`{"a":`, "}"}} {
			data := []byte(strings.Repeat(pair[0], depth) + "0" + strings.Repeat(pair[1], depth))
			stored, storedErr := DecodeBy(StoredDecoder(), data, whole)
			log, logErr := DecodeBy(LogDecoder(), data, whole)
			if log != stored || (logErr == nil) != (storedErr == nil) || (storedErr == nil) != (depth <= mostNested) {
				t.Errorf("%d times %s: %d, %v and %d, %v", depth, pair, log, logErr, stored, storedErr)
			}
		}
	}
}
