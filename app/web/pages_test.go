package web

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestUpdates(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, _ := s.list("Groceries")
	if status, _, _ := s.get("/updates?page=/nowhere"); status != 404 {
		t.Errorf("an unknown page: %d", status)
	}
	if status, _, _ := s.get("/updates?page=" + path + "/9"); status != 404 {
		t.Errorf("an unknown version: %d", status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/updates?page="+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	head := make([]byte, 200)
	if _, err := io.ReadFull(res.Body, head); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(head), "event: datastar-patch-elements\nid: 1\ndata: elements <main id=\"page\"") {
		t.Errorf("first event %s", head)
	}
}

func TestUnknownPagesAre404(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, _ := s.list("Groceries")
	for _, p := range []string{"/nowhere", "/todo-lists/7", "/todo-lists/" + uuid.NewString(), path + "/0", path + "/2", path + "/x", path + "/1/2"} {
		if status, _, _ := s.get(p); status != 404 {
			t.Errorf("%s: %d", p, status)
		}
	}
	if status, _, h := s.get(path + "?version=1"); status != 303 || h.Get("Location") != path+"/1" {
		t.Errorf("by number: %d to %q", status, h.Get("Location"))
	}
}

// TestEveryAssetIsSent: a file that no bundle names would be missed by nobody.
func TestEveryAssetIsSent(t *testing.T) {
	sent := []string{"icon.svg"}
	for _, parts := range bundles {
		sent = append(sent, parts...)
	}
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(sent, file.Name()) {
			t.Errorf("%s is in no bundle", file.Name())
		}
	}
	if len(files) != len(sent) {
		t.Errorf("%d files, %d sent", len(files), len(sent))
	}
}

func TestAssetsMayBeKeptForEver(t *testing.T) {
	s := newSite(t)
	_, body, _ := s.get("/login")
	found := regexp.MustCompile(`/assets/[a-z]+\.[0-9a-f]{8}\.(css|js|svg|txt)`).FindAllString(body, -1)
	if len(found) != 5 {
		t.Fatalf("assets %v", found)
	}
	for _, path := range found {
		status, text, h := s.get(path)
		if status != 200 || !strings.Contains(h.Get("Cache-Control"), "immutable") || text == "" {
			t.Errorf("%s: %d %v", path, status, h)
		}
		if strings.Contains(path, "datastar") && !strings.HasPrefix(text, "// Datastar v1.") {
			t.Errorf("%s is not Datastar", path)
		}
	}
	if strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Error("the page names another origin")
	}
}
