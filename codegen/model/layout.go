package model

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// file is a schema file at its place in the tree.
type file struct {
	src     *source.File
	root    *source.Node // nil: not parsed
	kind    string       // command, event, actor, projection, reactor, types
	context *context
	comp    *component // nil of types
	message string     // of commands and events
	version int        // N of <event>.v<N>.json, 0 of a current event
}

func (f *file) pos() source.Pos {
	if f.root != nil {
		return f.root.Pos()
	}
	return source.Pos{File: f.src.Name}
}

// pkg is the import path, below the module, of the Go package of the file.
func (f *file) pkg() string {
	if f.comp == nil {
		return "generated/" + f.context.pkg + "/types"
	}
	return f.comp.pkg()
}

// context and component are the scopes in which names are looked up; they exist
// for every folder, also when its files are broken, so that one broken file does
// not make every mention of it a fault.
type context struct {
	name, pkg  string
	types      *file
	components map[string]*component
	out        *Context
}

type component struct {
	name     string
	context  *context
	main     *file // actor.json, projection.json or reactor.json
	commands map[string]*file
	events   map[string]*file
	older    map[string][]*file

	actor        *Actor
	projection   *Projection
	reactor      *Reactor
	base         *Component
	commandsOut  map[string]*Command
	eventsOut    map[string]*Event
	refusals     map[string]*Refusal
	refusalOwner map[string]string
}

func (c *component) pkg() string { return "generated/" + c.context.pkg + "/" + packageName(c.name) }

// kind is what the component is; "" when its main file is missing.
func (c *component) kind() string {
	if c.main == nil {
		return ""
	}
	return c.main.kind
}

func (b *builder) layout() {
	for _, src := range b.tree.Files {
		b.place(src)
	}
	b.checkFolders()
}

// place finds what a file is from its path, and says so when it is nothing.
func (b *builder) place(src *source.File) {
	parts := strings.Split(src.Path, "/")
	if parts[0] == "dialect" || parts[0] == "published.json" && len(parts) == 1 || parts[0] == "published" && len(parts) == 2 {
		return // written by generate and publish
	}
	f := &file{src: src, root: src.Root}
	b.unparsed = b.unparsed || src.Damaged || src.Root == nil
	switch {
	case len(parts) == 2 && parts[1] == "types.json":
		f.kind = "types"
	case len(parts) == 3 && slices.Contains(mainFiles(), parts[2]):
		f.kind = strings.TrimSuffix(parts[2], ".json")
	case len(parts) == 4 && parts[2] == "commands":
		f.kind = "command"
	case len(parts) == 4 && parts[2] == "events":
		f.kind = "event"
	default:
		b.misplaced(src, parts)
		return
	}
	if b.checkPath(f, parts) {
		b.enter(f, parts)
	}
}

func mainFiles() []string { return []string{"actor.json", "projection.json", "reactor.json"} }

func (b *builder) misplaced(src *source.File, parts []string) {
	remedy := "a schema is <context>/types.json, <context>/<component>/actor.json, projection.json or reactor.json, or <context>/<actor>/commands/<name>.json or events/<name>.json"
	switch len(parts) {
	case 2:
		remedy = suggestion(parts[1], []string{"types.json"}, remedy)
	case 3:
		remedy = suggestion(parts[2], mainFiles(), remedy)
	case 4:
		remedy = suggestion(parts[2], []string{"commands", "events"}, remedy)
	}
	b.fault(source.Pos{File: src.Name}, codePlace, remedy, "a schema file cannot lie here")
}

var versionSuffix = regexp.MustCompile(`\.v([1-9][0-9]{0,5})$`)

// checkPath judges the names of the folders and of the file.
func (b *builder) checkPath(f *file, parts []string) bool {
	pos, ok := source.Pos{File: f.src.Name}, true
	bad := func(what, name string) {
		ok = false
		b.fault(pos, codeName, "use lower-case words joined by single underscores, such as add_item", "%q is no name for %s", name, what)
	}
	if !validName(parts[0]) {
		bad("a context", parts[0])
	}
	if len(parts) > 2 && !validName(parts[1]) {
		bad("a component", parts[1])
	}
	if len(parts) > 3 {
		name := strings.TrimSuffix(parts[3], path.Ext(parts[3]))
		if m := versionSuffix.FindStringSubmatch(name); m != nil && f.kind == "event" {
			f.version, _ = strconv.Atoi(m[1])
			name = strings.TrimSuffix(name, m[0])
		}
		f.message = name
		if !validName(name) {
			bad(article(f.kind), name)
		}
	}
	return ok
}

// enter puts a well-named file into its scope.
func (b *builder) enter(f *file, parts []string) {
	ctx := b.contexts[parts[0]]
	if ctx == nil {
		ctx = &context{name: parts[0], pkg: packageName(parts[0]), components: map[string]*component{}}
		b.contexts[parts[0]] = ctx
	}
	f.context = ctx
	b.files = append(b.files, f)
	b.byPath[f.src.Path] = f
	if f.kind == "types" {
		ctx.types = f
		return
	}
	c := ctx.components[parts[1]]
	if c == nil {
		c = &component{
			name: parts[1], context: ctx,
			commands: map[string]*file{}, events: map[string]*file{}, older: map[string][]*file{},
			commandsOut: map[string]*Command{}, eventsOut: map[string]*Event{},
			refusals: map[string]*Refusal{}, refusalOwner: map[string]string{},
		}
		ctx.components[parts[1]] = c
	}
	f.comp = c
	switch {
	case f.kind == "command":
		c.commands[f.message] = f
	case f.kind == "event" && f.version == 0:
		c.events[f.message] = f
	case f.kind == "event":
		c.older[f.message] = append(c.older[f.message], f)
	case c.main != nil:
		b.fault(f.pos(), codeComponent, "give one of the two a folder of its own", "the folder already holds %s; a component is an actor, a projection or a reactor, never two of them", path.Base(c.main.src.Name))
	default:
		c.main = f
	}
}

func (b *builder) checkFolders() {
	b.checkReserved()
	for _, ctxName := range sortedKeys(b.contexts) {
		ctx := b.contexts[ctxName]
		for _, name := range sortedKeys(ctx.components) {
			b.checkComponent(ctx.components[name])
		}
	}
}

func (b *builder) checkReserved() {
	contexts := map[string]string{}
	for _, name := range sortedKeys(b.contexts) {
		ctx := b.contexts[name]
		pos := source.Pos{File: source.Root + "/" + name}
		if slices.Contains([]string{"dialect", "published", "internal", "vendor", "testdata", "main", "engine"}, name) {
			b.fault(pos, codeReservedName, "give the context another name", "no context can be called %s: the name is taken by the tools", name)
		}
		if owner := strings.TrimSuffix(ctx.pkg, "db"); owner != ctx.pkg && b.hasContext(owner) {
			b.fault(pos, codeReservedName, "give the context another name", "no context can be called %s beside the context %s, whose SQL code goes to that package", name, owner)
		}
		b.checkTwin(contexts, "contexts", name, pos)
		components := map[string]string{}
		for _, comp := range sortedKeys(ctx.components) {
			pos := source.Pos{File: source.Root + "/" + name + "/" + comp}
			if slices.Contains([]string{"ids", "types", "internal", "vendor", "testdata", "main", "engine"}, comp) {
				b.fault(pos, codeReservedName, "give the component another name", "no component can be called %s: generated code or Go itself uses the name", comp)
			}
			b.checkTwin(components, "components", comp, pos)
		}
	}
}

func (b *builder) hasContext(pkg string) bool {
	for _, ctx := range b.contexts {
		if ctx.pkg == pkg {
			return true
		}
	}
	return false
}

func (b *builder) checkTwin(seen map[string]string, what, name string, pos source.Pos) {
	key := strings.ReplaceAll(name, "_", "")
	if other, ok := seen[key]; ok {
		b.fault(pos, codeTwin, "rename one of the two", "the %s %s and %s would share one Go package, since package names have no underscores", what, other, name)
	}
	seen[key] = name
}

func (b *builder) checkComponent(c *component) {
	var first *file
	for _, name := range sortedKeys(c.commands) {
		f := c.commands[name]
		if e := c.events[name]; e != nil {
			b.fault(f.pos(), codeSameName, "name the command as an order (add_item) and the event in the past tense (item_added)", "the command and the event of one component are both called %s (%s)", name, e.src.Name)
		}
		first = f
	}
	for _, name := range sortedKeys(c.events) {
		first = c.events[name]
	}
	for _, name := range sortedKeys(c.older) {
		first = c.older[name][0]
		b.checkVersions(c, name)
	}
	switch {
	case first == nil || c.kind() == "actor":
	case c.main == nil:
		b.fault(source.Pos{File: source.Root + "/" + c.context.name + "/" + c.name}, codeComponent, "write "+c.name+"/actor.json with the actor's state", "the folder holds messages but no actor.json that says whose they are")
	default:
		b.fault(first.pos(), codeComponent, "move the messages to the folder of an actor", "only actors have commands and events, and %s is %s", c.name, article(c.kind()))
	}
}

// checkVersions wants the older versions of an event to lead up to the current
// one without a gap: each is upcast to its successor.
func (b *builder) checkVersions(c *component, name string) {
	older := c.older[name]
	slices.SortFunc(older, func(x, y *file) int { return x.version - y.version })
	current := c.events[name]
	if current == nil {
		b.fault(older[len(older)-1].pos(), codeVersion, "keep the current version as "+name+".json; if nobody may emit the event any more, add \"x-retired\": true to it", "there is an old version of the event %s but no current one", name)
		return
	}
	next := eventVersion(current)
	for i := len(older) - 1; i >= 0; i-- {
		f := older[i]
		if f.version >= next {
			b.fault(f.pos(), codeVersion, "write \"x-version\": "+strconv.Itoa(f.version+1)+" in "+name+".json, or rename this file", "version %d of %s is not older than the current version %d", f.version, name, next)
			return
		}
		if f.version != next-1 {
			b.fault(f.pos(), codeVersion, "add "+name+".v"+strconv.Itoa(next-1)+".json, or number the versions without a gap", "the version between %d and %d of %s is missing", f.version, next, name)
		}
		next = f.version
	}
}

func eventVersion(f *file) int {
	if f.root != nil {
		if v, err := strconv.Atoi(canonicalInteger(f.root.Get("x-version"))); err == nil {
			return v
		}
	}
	return 1
}
