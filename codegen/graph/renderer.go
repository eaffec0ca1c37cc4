//go:build renderer

// This file is never built. It makes "go mod tidy" keep the renderer's module
// for a project that has this compiler as a tool: Drawer starts the renderer
// with go run, which tidy cannot see.

package graph

import _ "github.com/goccy/go-graphviz"
