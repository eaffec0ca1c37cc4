package live

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

// encoder is a compressing writer that can send what it has so far.
type encoder interface {
	io.WriteCloser
	Flush() error
}

// body is a response whose writes are compressed. The package compresses itself
// instead of through datastar.WithCompression, because comments have to go
// through the same encoder as events.
type body struct {
	http.ResponseWriter
	enc encoder // nil: as it is
}

// compress answers with the best encoding that the client takes. The window is
// kept small (256 KiB): it spans several fragments, and every open tab has one.
func compress(w http.ResponseWriter, r *http.Request) *body {
	w.Header().Add("Vary", "Accept-Encoding")
	b := &body{ResponseWriter: w}
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case accepts(accepted, "br"):
		w.Header().Set("Content-Encoding", "br")
		b.enc = brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 4, LGWin: 18})
	case accepts(accepted, "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		b.enc = gzip.NewWriter(w)
	}
	return b
}

// accepts reads an Accept-Encoding header: the coding is named and not forbidden
// by q=0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight, found := strings.CutPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !found || err != nil || q > 0
	}
	return false
}

// Write compresses p; it is on its way after FlushError.
func (b *body) Write(p []byte) (int, error) {
	if b.enc == nil {
		return b.ResponseWriter.Write(p)
	}
	return b.enc.Write(p)
}

// FlushError sends everything written so far to the client.
func (b *body) FlushError() error {
	if b.enc != nil {
		if err := b.enc.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(b.ResponseWriter).Flush()
}

// Close ends the compressed stream, if the client is still there.
func (b *body) Close() {
	if b.enc != nil && b.enc.Close() == nil {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (b *body) Unwrap() http.ResponseWriter { return b.ResponseWriter }
