package behaviour

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const header = `package refused

import (
	"context"

	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/ids"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/order"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/stock"
	"github.com/backstory-go/backstory/engine"
)

var (
	_ context.Context
	_ shop.OrderHandler
	_ ids.Order
	_ order.State
	_ stock.State
	_ engine.Meta
)

`

// TestWhatTheSchemaDoesNotSayDoesNotCompile builds a package that is not on the
// disk, once for each body.
func TestWhatTheSchemaDoesNotSayDoesNotCompile(t *testing.T) {
	tests := []struct{ name, body, complaint string }{
		{"what is declared", `func f(e order.PlaceEmitter) order.PlaceRefusal { e.Placed(order.Placed{}); return order.TooLate{} }`, ""},
		{"an undeclared event", `func f(e order.PlaceEmitter) { e.Touched(order.Touched{}) }`, "e.Touched undefined"},
		{"a converted emitter", `func f(e order.TouchEmitter) order.PlaceEmitter { return order.PlaceEmitter(e) }`, "cannot convert e"},
		{"an emitter of another actor", `func f(e order.CancelEmitter) stock.ReserveEmitter { return stock.ReserveEmitter(e) }`, "cannot convert e"},
		{"an undeclared refusal", `func f() order.PlaceRefusal { return stock.Gone{} }`, "missing method isPlaceRefusal"},
		{"an undeclared dispatch", `func f(d shop.OrderOnAnyDispatcher) { d.Order.Touch("a", order.Touch{}) }`, "d.Order undefined"},
		{"a converted dispatcher", `func f(d shop.OrderOnAnyDispatcherToStock) shop.OrderOnPlacedDispatcherToStock { return shop.OrderOnPlacedDispatcherToStock(d) }`, "cannot convert d"},
		{"a lacking method", `type h struct { order.Decider; order.Evolver; shop.OrderReactions }
func f(x h) shop.OrderHandler { return x }`, "missing method UpcastTouchedV1"},
		{"an id of another actor", `func f(id ids.Stock, d shop.OrderOnPlacedDispatcher) { d.Order.Touch(id, order.Touch{}) }`, "cannot use id"},
		{"a command of another actor", `func f(g *order.GivenState) { g.When(stock.Reserve{}) }`, "does not implement order.GivenCommand"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output := compile(t, header+test.body+"\n")
			if test.complaint == "" && output != "" || !strings.Contains(output, test.complaint) {
				t.Errorf("want %q, the compiler says:\n%s", test.complaint, output)
			}
		})
	}
}

func compile(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "refused.go")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(here, "refused", "refused.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: []byte(source), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "./refused").CombinedOutput()
	if err != nil && len(output) == 0 {
		t.Fatal(err)
	}
	return string(output)
}
