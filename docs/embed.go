// Package docs holds the contracts that the compiler writes from the schemas, so
// that a running app can tell them to whoever asks.
//
// It owns nothing: the files are generated, and people read them here, too. Only
// wiring may import it.
package docs

import _ "embed"

// OpenAPI describes the commands that can be sent and what the API answers
// (OpenAPI 3.1, JSON).
//
//go:embed openapi.json
var OpenAPI []byte

// AsyncAPI describes the events that are told (AsyncAPI 3, JSON).
//
//go:embed asyncapi.json
var AsyncAPI []byte
