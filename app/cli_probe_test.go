package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProbe(t *testing.T) {
	for status, ready := range map[int]bool{http.StatusOK: true, http.StatusServiceUnavailable: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if err := probe(t.Context(), server.URL); (err == nil) != ready {
			t.Errorf("status %d: got %v", status, err)
		}
		server.Close()
		if probe(t.Context(), server.URL) == nil {
			t.Error("nobody listens, and the probe was content")
		}
	}
}
