// Command svg draws Graphviz text as SVG: a JSON array of strings comes in on
// standard input, an array of SVGs in the same order goes out.
//
// It owns nothing but the call of the renderer. It is a program of its own
// because importing the renderer instantiates a WebAssembly module (tens of
// milliseconds when its cache is warm, seconds when it is not), compiles for
// half a minute on a fresh machine, and panics when the cache folder below the
// temporary directory belongs to another user. So only codegen/graph starts
// it, only when a diagram changed, and with a temporary directory of its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-graphviz"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "svg:", err)
		os.Exit(1)
	}
}

// run answers one request. The renderer is not safe for concurrent use, so the
// diagrams are drawn one after the other.
func run(in io.Reader, out io.Writer) error {
	var dots []string
	if err := json.NewDecoder(in).Decode(&dots); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	ctx := context.Background()
	g, err := graphviz.New(ctx)
	if err != nil {
		return fmt.Errorf("start graphviz: %w", err)
	}
	svgs := make([]string, len(dots))
	for i, dot := range dots {
		if svgs[i], err = render(ctx, g, dot); err != nil {
			return fmt.Errorf("diagram %d: %w", i+1, err)
		}
	}
	return json.NewEncoder(out).Encode(svgs)
}

func render(ctx context.Context, g *graphviz.Graphviz, dot string) (string, error) {
	parsed, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	if err := g.Render(ctx, parsed, graphviz.SVG, &buf); err != nil {
		return "", err
	}
	return buf.String(), nil
}
