package emit

import (
	"path"
	"sort"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// wiring emits the context's own package: what the user hands in, and Register.
func (p *plan) wiring(ctx *model.Context) error {
	f := p.goFile(path.Join("generated", ctx.Package), ctx.Package, "register_gen.go", "schemas/"+ctx.Name)
	f.packageDoc("wires the components of the context " + ctx.Name + " to the engine.")
	f.register(ctx)
	for _, a := range ctx.Actors {
		f.actorHandler(a)
	}
	if err := f.save(); err != nil {
		return err
	}
	for _, proj := range ctx.Projections {
		if err := p.wireProjection(proj); err != nil {
			return err
		}
	}
	for _, a := range ctx.Actors {
		if err := p.reactions(&a.Component, a.Reactions, true, "actor.json"); err != nil {
			return err
		}
	}
	for _, r := range ctx.Reactors {
		if err := p.reactions(&r.Component, r.Reactions, r.State != nil, "reactor.json"); err != nil {
			return err
		}
		if err := p.wireReactor(r); err != nil {
			return err
		}
	}
	return nil
}

// register emits: func Register(s *engine.System, list ListHandler, …)
func (f *goFile) register(ctx *model.Context) {
	params := []jen.Code{jen.Id("s").Op("*").Add(engine("System"))}
	var calls []jen.Code
	taken := map[string]bool{}
	for _, part := range parts(ctx) {
		param := paramName(part.goName)
		for taken[param] { // AIX beside an x-go-name of Aix
			param += "Handler"
		}
		taken[param] = true
		params = append(params, jen.Id(param).Id(part.goName+part.suffix))
		calls = append(calls, jen.Id("s").Dot(part.add).Call(jen.Id("describe"+part.goName).Call(jen.Id(param))))
	}
	f.doc("Register adds every component of " + ctx.Name + " to the system. A handler that lacks a method does not compile.")
	f.Func().Id("Register").Params(params...).Block(calls...)
	f.Line()
}

// part is one parameter of Register.
type part struct {
	name, goName, suffix, add string
}

func parts(ctx *model.Context) []part {
	var list []part
	for _, a := range ctx.Actors {
		list = append(list, part{a.Name, a.GoName, "Handler", "AddActor"})
	}
	for _, p := range ctx.Projections {
		list = append(list, part{p.Name, p.GoName, "Projector", "AddProjection"})
	}
	for _, r := range ctx.Reactors {
		list = append(list, part{r.Name, r.GoName, "Handler", "AddReactor"})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// actorHandler emits:
//
//	type ListHandler interface {
//		list.Handler
//		ListReactions
//	}
//
//	func describeList(h ListHandler) engine.Actor { return list.Describe(h) }
func (f *goFile) actorHandler(a *model.Actor) {
	pkg := f.plan.componentPath(&a.Component)
	f.doc(a.GoName + "Handler is everything that " + a.Type() + " needs of its user: its decider and evolver.")
	f.Type().Id(a.GoName + "Handler").InterfaceFunc(func(g *jen.Group) {
		g.Qual(pkg, "Handler")
		if len(a.Reactions) > 0 {
			g.Id(a.GoName + "Reactions")
		}
	})
	f.Line()
	f.Func().Id("describe" + a.GoName).Params(jen.Id("h").Id(a.GoName + "Handler")).Add(engine("Actor")).BlockFunc(func(g *jen.Group) {
		if len(a.Reactions) == 0 {
			g.Return(jen.Qual(pkg, "Describe").Call(jen.Id("h")))
			return
		}
		g.Id("out").Op(":=").Qual(pkg, "Describe").Call(jen.Id("h"))
		g.Id("out").Dot("Reactions").Op("=").Id("reactionsOf" + a.GoName).Call(jen.Id("h"))
		g.Return(jen.Id("out"))
	})
	f.Line()
}
