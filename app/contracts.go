package main

import (
	"net/http"

	"github.com/backstory-go/backstory/docs"
)

// contracts answers with what the schemas say of the API and of the events, to
// everybody: they hold nobody's data. The routes are by pattern.
func contracts() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /openapi.json":  document(docs.OpenAPI),
		"GET /asyncapi.json": document(docs.AsyncAPI),
	}
}

// document answers with a JSON text that changes with the program only.
func document(text []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write(text) // the client went away: nobody is left to tell
	})
}
