package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// bundles are sent as one file each, in this order: what comes later may rely on
// what comes before.
var bundles = map[string][]string{
	"app.css": {"look.css", "home.css", "list.css", "history.css", "system.css", "narrow.css"},
	"app.js":  {"toast.js", "account.js", "wishes.js", "send.js", "edit.js", "page.js", "history.js", "move.js", "travel.js", "home.js"},
}

// asset is a file that never changes under its address.
type asset struct {
	kind        string // content type
	raw, zipped []byte
}

// assets serves files under addresses with a hash of their content, so that
// browsers may keep them for ever.
type assets struct {
	byAddress map[string]asset
	addresses map[string]string // of each name: app.css → /assets/app.1f2e3d4c.css
}

func loadAssets() (*assets, error) {
	a := &assets{byAddress: map[string]asset{}, addresses: map[string]string{}}
	icon, err := assetFiles.ReadFile("assets/icon.svg")
	faults := []error{err, a.add("icon.svg", icon)}
	for name, parts := range bundles {
		data, err := bundle(parts)
		faults = append(faults, err, a.add(name, data))
	}
	client, err := datastarClient()
	return a, errors.Join(append(faults, err, a.add("datastar.js", client), a.add("notices.txt", []byte(notices)))...)
}

// bundle puts files one after the other.
func bundle(parts []string) (all []byte, err error) {
	for _, name := range parts {
		data, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		all = append(append(all, data...), '\n')
	}
	return all, nil
}

func (a *assets) add(name string, data []byte) error {
	ext := path.Ext(name)
	sum := sha256.Sum256(data)
	file := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	a.addresses[name] = "/assets/" + file
	a.byAddress[file] = asset{kind: contentType(ext), raw: data, zipped: zipped.Bytes()}
	return nil
}

// contentType does not ask the machine's tables for what every browser depends on.
func contentType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(ext)
}

// url is the address of a file.
func (a *assets) url(name string) string { return a.addresses[name] }

// ServeHTTP serves a file by its hashed name.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byAddress[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Add("Vary", "Accept-Encoding")
	body := file.raw
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = file.zipped
	}
	_, _ = w.Write(body) // the client went away: nobody is left to tell
}
