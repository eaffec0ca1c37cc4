package compat

import (
	"fmt"
	"maps"
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
)

// components compares what identifies streams and states.
func (c *comparer) components() {
	eachActor(c.old.System, func(old *model.Actor) {
		eachActor(c.now.System, func(now *model.Actor) {
			if old.Type() == now.Type() {
				c.identity(old, now)
			}
		})
	})
	for _, old := range reactorsOf(c.old.System) {
		now, ok := find(reactorsOf(c.now.System), func(r *model.Reactor) bool { return r.Type() == old.Type() })
		if ok {
			c.key(old, now)
		}
	}
}

func reactorsOf(s *model.System) (list []*model.Reactor) {
	for _, ctx := range s.Contexts {
		list = append(list, ctx.Reactors...)
	}
	return list
}

func (c *comparer) identity(old, now *model.Actor) {
	pos := c.keyword(now.Pos, "x-id")
	say := func(message string) {
		c.report(codeIdentity, allSets(), pos, "the streams of "+now.Type()+" "+message, c.rules[codeIdentity].event)
	}
	switch {
	case !slices.Equal(old.ID.Composite, now.ID.Composite):
		say("are identified by other properties now")
	case !slices.Equal(old.ID.Normalize, now.ID.Normalize):
		say("have their ids normalized in another way now, so some are reached by other ids")
	case resolve(old.ID.Type).Kind != resolve(now.ID.Type).Kind:
		say(fmt.Sprintf("were identified by %s and are by %s now", kindName(resolve(old.ID.Type)), kindName(resolve(now.ID.Type))))
	case c.stricter(resolve(old.ID.Type), resolve(now.ID.Type)):
		say("need ids that meet more constraints now, so some are out of reach")
	}
}

// stricter says whether a type refuses texts that the other one accepted.
func (c *comparer) stricter(old, now *model.Type) bool {
	trial := &comparer{rules: c.rules}
	s := &subject{comparer: trial, sets: commandSets(), command: true}
	s.typ(place{}, old, now)
	return len(trial.findings) > 0
}

func (c *comparer) key(old, now *model.Reactor) {
	for _, typ := range slices.Sorted(maps.Keys(old.Key)) {
		if key, ok := now.Key[typ]; ok && key != old.Key[typ] {
			c.report(codeKey, eventSets(), c.keyword(now.Pos, "x-key"),
				fmt.Sprintf("the state of %s was found by %s of %s and is found by %s now", now.Type(), keyName(old.Key[typ]), typ, keyName(key)), c.rules[codeKey].event)
		}
	}
}

func keyName(key string) string {
	if key == "$stream" {
		return "the stream"
	}
	return fmt.Sprintf("%q", key)
}
