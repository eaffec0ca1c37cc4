package source

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// NodeKind is the kind of a JSON value.
type NodeKind int

// The kinds of JSON values.
const (
	Object NodeKind = iota
	Array
	String
	Number
	Bool
	Null
)

// String names the kind as a sentence needs it.
func (k NodeKind) String() string {
	return [...]string{"an object", "an array", "a string", "a number", "true or false", "null"}[k]
}

// Node is one JSON value of a file, with its place.
type Node struct {
	Kind    NodeKind
	Text    string    // the decoded string, the number's literal, "true" or "false"
	Members []*Member // of an Object, in the order of the file; a repeated key only once
	Items   []*Node   // of an Array
	Owner   *Member   // the member whose value this is, nil for a root or an item
	Parent  *Node     // nil for a root
	File    *File

	start, end int
}

// Member is one key of an object, with its value.
type Member struct {
	Key   string
	Value *Node
	start int
}

// Pos is the place of the key.
func (m *Member) Pos() Pos { return m.Value.File.pos(m.start) }

// Pos is the place where the value begins.
func (n *Node) Pos() Pos { return n.File.pos(n.start) }

// KeyPos is the place of the key whose value this is; of a root or an item the
// place of the value.
func (n *Node) KeyPos() Pos {
	if n.Owner != nil {
		return n.Owner.Pos()
	}
	return n.Pos()
}

// Raw is the value as it stands in the file. The caller must not change it.
func (n *Node) Raw() json.RawMessage { return n.File.data[n.start:n.end:n.end] }

// Contains says whether a place of the same file lies within this value or on
// the key that holds it.
func (n *Node) Contains(p Pos) bool {
	return p.File == n.File.Name && p.Compare(n.KeyPos()) >= 0 && p.Compare(n.File.pos(n.end)) < 0
}

// Member returns the member of that key, nil when there is none or n is no
// object.
func (n *Node) Member(key string) *Member {
	if n == nil || n.Kind != Object {
		return nil
	}
	if n.File.index != nil && len(n.Members) > 8 {
		return n.File.index[n][key]
	}
	i := slices.IndexFunc(n.Members, func(m *Member) bool { return m.Key == key })
	if i < 0 {
		return nil
	}
	return n.Members[i]
}

// Get returns the value of that key, nil when there is none or n is no object.
func (n *Node) Get(key string) *Node {
	if m := n.Member(key); m != nil {
		return m.Value
	}
	return nil
}

// Is says whether the node exists and is of that kind.
func (n *Node) Is(kind NodeKind) bool { return n != nil && n.Kind == kind }

// Str returns the text of a string node, "" of anything else.
func (n *Node) Str() string {
	if !n.Is(String) {
		return ""
	}
	return n.Text
}

// True says whether the node is the value true.
func (n *Node) True() bool { return n.Is(Bool) && n.Text == "true" }

// How RFC 6901 writes "~" and "/" inside a token of a JSON pointer.
var (
	tokenEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	tokenUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Find follows a JSON pointer (RFC 6901) from n. It returns nil when the
// pointer leads nowhere.
func (n *Node) Find(pointer string) *Node {
	if pointer == "" {
		return n
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	for _, token := range strings.Split(pointer[1:], "/") {
		n = n.child(tokenUnescape.Replace(token))
		if n == nil {
			return nil
		}
	}
	return n
}

func (n *Node) child(token string) *Node {
	if !n.Is(Array) {
		return n.Get(token)
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(n.Items) || strconv.Itoa(i) != token {
		return nil
	}
	return n.Items[i]
}

// Pointer is the JSON pointer from the root to n.
func (n *Node) Pointer() string {
	var tokens []string
	for ; n.Parent != nil; n = n.Parent {
		if n.Owner != nil {
			tokens = append(tokens, tokenEscape.Replace(n.Owner.Key))
			continue
		}
		tokens = append(tokens, strconv.Itoa(slices.Index(n.Parent.Items, n)))
	}
	slices.Reverse(tokens)
	if len(tokens) == 0 {
		return ""
	}
	return "/" + strings.Join(tokens, "/")
}
