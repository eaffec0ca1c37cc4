// Package shop is hand-written: it decides what the schemas leave open.
package shop

import (
	"context"

	"example.com/shop/generated/shop"
	"example.com/shop/generated/shop/order"
	"example.com/shop/generated/shop/stock"
	"example.com/shop/generated/shop/styles"
	"github.com/backstory-go/backstory/engine"
)

type Order struct{}

var _ shop.OrderHandler = Order{}

func (Order) Place(_ engine.Decision, _ *order.State, cmd order.Place, emit order.PlaceEmitter) {
	// emit.Placed(order.Placed{Amount: cmd.Amount})
}

func (Order) Cancel(_ engine.Decision, _ *order.State, _ order.Cancel, emit order.CancelEmitter) order.CancelRefusal {
	emit.Cancelled(order.Cancelled{})
	return nil
}

func (Order) Placed(_ engine.Meta, state *order.State, _ order.Placed) { state.Open = true }

func (Order) Cancelled(_ engine.Meta, state *order.State, _ order.Cancelled) { state.Open = false }

func (Order) OnPlaced(_ context.Context, m engine.Meta, _ *order.State, event order.Placed, dispatch shop.OrderOnPlacedDispatcher) error {
	_ = dispatch.Stock
	return nil
}

func (Order) OnPlacedRefused(_ context.Context, m engine.Meta, _ *order.State, _ engine.RefusedCommand, dispatch shop.OrderOnPlacedRefusedDispatcher) error {

	return nil
}

type Stock struct{}

var _ stock.Handler = Stock{}

func (Stock) Reserve(_ engine.Decision, _ *stock.State, cmd stock.Reserve, emit stock.ReserveEmitter) stock.ReserveRefusal {
	emit.Reserved(stock.Reserved{Amount: cmd.Amount})
	emit.Counted(stock.Counted{})
	return stock.Gone{}
}

func (Stock) Reserved(_ engine.Meta, state *stock.State, event stock.Reserved) {
	state.Left -= event.Amount
}

func (Stock) Counted(engine.Meta, *stock.State, stock.Counted) {}

type Styles struct{ styles.Evolver }

func (Styles) Try(_ engine.Decision, _ *styles.State, _ styles.Try, emit styles.TryEmitter) {
	var p passer = Other{}
	p.Passed(styles.Passed{})
	keep(emit)
}

// helper and deeper are not called by anything that can run.
func helper(emit *styles.TryEmitter) { deeper(emit) }

func deeper(emit *styles.TryEmitter) { emit.Helped(styles.Helped{}) }

type passer interface{ Passed(styles.Passed) }

// Other has the method, and is no emitter.
type Other struct{}

func (Other) Passed(styles.Passed) {}

func generic[E any, T interface{ Generic(E) }](t T, e E) { t.Generic(e) }

func keep(any) {}
