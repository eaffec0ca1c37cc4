package behaviour

import (
	"encoding/json"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/order"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/types"
	"github.com/backstory-go/backstory/engine"
	"github.com/google/go-cmp/cmp"
)

func commandType(t *testing.T, name string) engine.CommandType {
	t.Helper()
	for _, c := range order.CommandTypes() {
		if c.Type == name {
			return c
		}
	}
	t.Fatalf("there is no %s", name)
	return engine.CommandType{}
}

func TestWhatSettlesIsDescribed(t *testing.T) {
	want := &engine.Settles{
		Accepted: []string{"shop.order.touched"},
		Refused: []engine.SettledRefusal{{
			Event:   "shop.order.refunded",
			Refusal: engine.RefusalType{Code: "sold_out", Text: "There is nothing left.", At: "tags"},
			Data:    []string{"left", "code", "message"},
		}},
		Within: "PT10S",
	}
	if diff := cmp.Diff(want, commandType(t, "shop.order.cancel").Settles); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s := commandType(t, "shop.order.place").Settles; s != nil {
		t.Errorf("got %+v", s)
	}
}

func TestFormsGetATranslatedPattern(t *testing.T) {
	for _, field := range commandType(t, "shop.order.place").Fields {
		if want := map[string]string{"slug": `^[a-z]+(?:-[a-z]+)*$`}[field.Name]; field.Pattern != want {
			t.Errorf("%s: got %q, want %q", field.Name, field.Pattern, want)
		}
	}
}

func TestNewStateHasTheDefaultsOfObjectsWithin(t *testing.T) {
	s := order.NewState()
	if s.Shipping.Method != "letter" || s.Shipping.Window.Days != 2 || !s.Shipping.Window.Note.IsZero() {
		t.Errorf("got %+v", s.Shipping)
	}
}

// TestRefundedIsWrittenAsItWasRead has names that no struct tag can hold, and
// constants that may be absent, null or on a list.
func TestRefundedIsWrittenAsItWasRead(t *testing.T) {
	tests := []struct{ data, fault string }{
		{`{"left":1,"code":"a","either":null}`, ""},
		{`{"left":1,"code":"a","either":1,"odd\"name":"","":"x"}`, ""},
		{`{"left":1,"code":"a","either":1.0,"marks":["x","x"]}`, ""},
		{`{"left":1,"code":"a","either":1,"marks":[]}`, ""},
		{`{"left":1,"code":"a","either":1,"outline":{"kind":"polygon","points":[[1,2]]}}`, ""},
		{`{"left":1,"code":"a","either":1,"outline":{"kind":"dot"}}`, ""},
		{`{"left":1,"code":"a","either":1,"outline":{"kind":"circle","radius":"x"}}`, "/outline/radius: must be a number"},
		{`{"left":1,"code":"a","either":2}`, "/either: must be 1"},
		{`{"left":1,"code":"a","either":1,"marks":["x",null]}`, `/marks/1: must be "x"`},
		{`{"left":1,"code":"a","either":1,"odd\"name":null}`, `/odd"name: must be text`},
	}
	for _, test := range tests {
		event, err := order.DecodeRefunded([]byte(test.data))
		if test.fault != "" {
			if err == nil || err.Error() != test.fault {
				t.Errorf("%s: got %v, want %s", test.data, err, test.fault)
			}
			continue
		}
		encoded, encodeErr := json.Marshal(event)
		var want, got any
		if err != nil || encodeErr != nil || json.Unmarshal([]byte(test.data), &want) != nil || json.Unmarshal(encoded, &got) != nil {
			t.Fatalf("%s: %v, %v", test.data, err, encodeErr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-read +written)\n%s", test.data, diff)
		}
	}
	data, err := json.Marshal(order.Refunded{Either: &order.RefundedEither{}, Marks: engine.Some([]order.RefundedMark{{}}), Odd: engine.Some("o")})
	if err != nil || string(data) != `{"left":0,"code":"","marks":["x"],"either":1,"odd\"name":"o"}` {
		t.Errorf("got %s, %v", data, err)
	}
}

// TestArmsOfAnotherPackage are wrapped in types of the union's own.
func TestArmsOfAnotherPackage(t *testing.T) {
	points := [][]float64{{1, 2}}
	outline := order.RefundedOutline(order.RefundedOutlinePolygon{Polygon: types.Polygon{Points: points}})
	data, err := json.Marshal(outline)
	if err != nil || string(data) != `{"kind":"polygon","points":[[1,2]]}` {
		t.Errorf("got %s, %v", data, err)
	}
	copied := order.CloneRefundedOutline(outline).(order.RefundedOutlinePolygon)
	copied.Points[0][0] = 9
	if points[0][0] != 1 {
		t.Error("the copy shares its points")
	}
}
