package live

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

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
	enc     encoder // nil: as it is
	shared  *pieces // enc, when that is what it is; else nil
	release func()
}

// compress answers with the best encoding that the client takes. Brotli with a
// window that spans several fragments makes the fewest bytes and costs about a
// megabyte a tab: the first tabs get it, the others gzip in shared pieces.
func (s *Server) compress(w http.ResponseWriter, r *http.Request) *body {
	w.Header().Add("Vary", "Accept-Encoding")
	b := &body{ResponseWriter: w, release: func() {}}
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case accepts(accepted, "br") && reserve(&s.encoders, s.cfg.Encoders):
		b.release = func() { s.encoders.Add(-1) }
		w.Header().Set("Content-Encoding", "br")
		b.enc = brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 4, LGWin: 18})
	case accepts(accepted, "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		b.shared = &pieces{w: w}
		b.enc = b.shared
	}
	return b
}

// reserve counts one more, unless there are most already.
func reserve(count *atomic.Int64, most int) bool {
	if count.Add(1) <= int64(most) {
		return true
	}
	count.Add(-1)
	return false
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

// event sends an event that other tabs get, too.
func (b *body) event(e *rendered) error {
	if b.shared != nil {
		if err := b.shared.event(e); err != nil {
			return err
		}
	} else if _, err := b.Write(e.wire); err != nil {
		return err
	}
	return b.FlushError()
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
	b.release()
	if b.enc != nil && b.enc.Close() == nil {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (b *body) Unwrap() http.ResponseWriter { return b.ResponseWriter }
