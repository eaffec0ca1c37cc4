package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServerHangsUp on clients that send too slowly, too much, or nothing.
func TestServerHangsUp(t *testing.T) {
	whole := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, test := range map[string]struct {
		set     func(*http.Server)
		request string
		want    string // of the first line; "": none
	}{
		"slow headers":    {func(s *http.Server) { s.ReadHeaderTimeout = 30 * time.Millisecond }, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", ""},
		"nothing":         {func(s *http.Server) { s.ReadHeaderTimeout = 30 * time.Millisecond }, "", ""},
		"idle":            {func(s *http.Server) { s.IdleTimeout = 30 * time.Millisecond }, whole, "200"},
		"large headers":   {func(*http.Server) {}, "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", "431"},
		"a large address": {func(*http.Server) {}, "GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httpServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slog.New(slog.DiscardHandler))
			if server.ReadHeaderTimeout <= 0 || server.IdleTimeout <= 0 || server.WriteTimeout <= 0 {
				t.Fatal("something may take for ever")
			}
			test.set(server)
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- server.Serve(listener) }()
			t.Cleanup(func() { _ = server.Close(); <-served })
			if got := answerTo(t, listener.Addr().String(), test.request); got != test.want {
				t.Errorf("answered %q, want %q", got, test.want)
			}
		})
	}
}

// answerTo gives the status of the first answer, and waits until the server
// hangs up.
func answerTo(t *testing.T, addr, request string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, request) // the server may hang up before it has all
	r := bufio.NewReader(conn)
	line, _ := r.ReadString('\n')
	if _, err := io.Copy(io.Discard, r); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the server does not hang up: %v", err)
	}
	if fields := strings.Fields(line); len(fields) > 1 {
		return fields[1]
	}
	return ""
}
