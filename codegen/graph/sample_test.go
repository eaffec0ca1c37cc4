package graph

import (
	"fmt"

	"github.com/backstory-go/backstory/codegen/model"
)

// sample is a small shop with everything a picture can show: two actors that
// dispatch to each other, a read model, a reactor with a state that calls out,
// and a second context that listens.
func sample() *model.System {
	shop := &model.Context{Name: "shop", Package: "shop"}
	list, name := actor(shop, "list"), actor(shop, "list_name")
	command(list, "create", "created")
	command(list, "confirm", "confirmed")
	command(name, "reserve", "reserved")
	command(name, "expire", "expired").Internal = true
	name.Commands[1].Emits = append(name.Commands[1].Emits, name.Events[0])
	list.Commands[0].Doc = "Starts a list | with <b>pipes</b>\nand <!-- backstory:end flow shop -->."
	list.Commands[0].Rejects = []*model.Refusal{{Code: "name_taken"}, {Code: "not_active"}}
	list.Lane = `The "front" desk`
	list.Reactions = []*model.Reaction{{Name: "on_created", On: list.Events[:1], Dispatches: []model.Dispatch{{Command: name.Commands[0]}}, OnRefused: []*model.Command{list.Commands[1]}}}
	name.Reactions = []*model.Reaction{{Name: "on_reserved", On: name.Events[:1], Dispatches: []model.Dispatch{{Command: list.Commands[1]}, {Command: name.Commands[1], After: "PT10M"}}, OnParked: name.Commands[1:]}}
	shop.Projections = []*model.Projection{{Component: component(shop, "listings"), Projects: list.Events}}
	other := &model.Context{Name: "mail", Package: "mail"}
	letter := &model.Reactor{Component: component(other, "letter"), Evolves: name.Events[:1]}
	letter.Reactions = []*model.Reaction{{Name: "greet", On: list.Events[:1], Calls: []string{"Slack #general"}}}
	other.Reactors = []*model.Reactor{letter}
	return &model.System{Module: "example.com/shop", Contexts: []*model.Context{other, shop}}
}

// large is a context with one actor of that many commands.
func large(commands int) *model.System {
	c := &model.Context{Name: "big", Package: "big"}
	a := actor(c, "thing")
	for i := range commands {
		command(a, fmt.Sprintf("do_%02d", i), fmt.Sprintf("done_%02d", i))
	}
	c.Projections = []*model.Projection{{Component: component(c, "things"), Projects: a.Events}}
	return &model.System{Module: "example.com/big", Contexts: []*model.Context{c}}
}

func component(c *model.Context, name string) model.Component {
	return model.Component{Context: c, Name: name, GoName: model.Label(name), Package: name}
}

func actor(c *model.Context, name string) *model.Actor {
	a := &model.Actor{Component: component(c, name)}
	c.Actors = append(c.Actors, a)
	return a
}

func command(a *model.Actor, name, event string) *model.Command {
	e := &model.Event{Message: model.Message{Name: event, Type: a.Type() + "." + event}, Actor: a}
	c := &model.Command{Message: model.Message{Name: name, Type: a.Type() + "." + name, Doc: "Does it."}, Actor: a, Emits: []*model.Event{e}}
	a.Events, a.Commands = append(a.Events, e), append(a.Commands, c)
	return c
}
