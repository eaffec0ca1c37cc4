// Package shop is hand-written: it decides what the schemas leave open.
package shop

import (
	"context"

	"example.com/shop/generated/shop"
	"example.com/shop/generated/shop/ids"
	"example.com/shop/generated/shop/order"
	"example.com/shop/generated/shop/stock"
	"example.com/shop/generated/shop/styles"
	"github.com/backstory-go/backstory/engine"
)

type Order struct{}

var _ shop.OrderHandler = Order{}

func (Order) Place(_ engine.Decision, _ *order.State, cmd order.Place, emit order.PlaceEmitter) {
	for range 2 {
		emit.Placed(order.Placed{Amount: cmd.Amount})
	}
}

func (Order) Cancel(_ engine.Decision, _ *order.State, _ order.Cancel, emit order.CancelEmitter) order.CancelRefusal {
	emit.Cancelled(order.Cancelled{})
	return nil
}

func (Order) Placed(_ engine.Meta, state *order.State, _ order.Placed) { state.Open = true }

func (Order) Cancelled(_ engine.Meta, state *order.State, _ order.Cancelled) { state.Open = false }

func (Order) OnPlaced(_ context.Context, m engine.Meta, _ *order.State, event order.Placed, dispatch shop.OrderOnPlacedDispatcher) error {
	send := dispatch.Stock.Reserve
	send("apples", stock.Reserve{Amount: event.Amount})
	return nil
}

func (Order) OnPlacedRefused(_ context.Context, m engine.Meta, _ *order.State, _ engine.RefusedCommand, dispatch shop.OrderOnPlacedRefusedDispatcher) error {
	cancel(dispatch)
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

func (Stock) Counted(engine.Meta, *stock.State, stock.Counted) { _ = 0 }

type Styles struct{ styles.Evolver }

func (Styles) Try(_ engine.Decision, _ *styles.State, _ styles.Try, emit styles.TryEmitter) {
	emit.Called(styles.Called{})
	helper(&emit)
	pass(emit)
	func() { emit.Closed(styles.Closed{}) }()
	value := emit.Valued
	value(styles.Valued{})
	styles.TryEmitter.Expressed(emit, styles.Expressed{})
	generic(emit, styles.Generic{})
	var r recorder = wrapped{emit}
	r.Embedded(styles.Embedded{})
	assert(emit)
}

func helper(emit *styles.TryEmitter) { deeper(emit) }

func deeper(emit *styles.TryEmitter) { emit.Helped(styles.Helped{}) }

type passer interface{ Passed(styles.Passed) }

func pass(p passer) { p.Passed(styles.Passed{}) }

func generic[E any, T interface{ Generic(E) }](t T, e E) { t.Generic(e) }

type recorder interface{ Embedded(styles.Embedded) }

type wrapped struct{ styles.TryEmitter }

func assert(emit any) {
	if a, ok := emit.(interface{ Asserted(styles.Asserted) }); ok {
		a.Asserted(styles.Asserted{})
	}
}

func cancel(d shop.OrderOnPlacedRefusedDispatcher) { d.Order.Cancel(ids.Order{}, order.Cancel{}) }
