package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-via/via"
)

// notices credits what the app serves and others wrote.
const notices = `datastar.js: Datastar, https://data-star.dev, MIT licence, (c) Star Federation;
taken from the Go module github.com/go-via/via, MIT licence, (c) its authors.
`

// datastarClient takes the browser's half of Datastar out of a module that
// embeds it: upstream publishes it neither as a Go module nor, since 1.0, on
// npm, and third-party code is not copied into this repository.
func datastarClient() ([]byte, error) {
	app := via.New()
	rec := &recorder{header: http.Header{}}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/_datastar.js", nil)
	if err != nil {
		return nil, err
	}
	app.ServeHTTP(rec, req)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil { // New starts loops that clean up sessions
		return nil, fmt.Errorf("stop the carrier of Datastar's client: %w", err)
	}
	if !bytes.HasPrefix(rec.body.Bytes(), []byte("// Datastar v1.")) {
		return nil, errors.New("the module via does not hold Datastar's client where it was")
	}
	return rec.body.Bytes(), nil
}

// recorder keeps a response's body.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(int) {}
