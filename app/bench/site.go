package bench

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// site is the app's pages on loopback, and a browser that is signed in.
type site struct {
	server *http.Server
	base   string
	client *http.Client
	served sync.WaitGroup

	encoding string // of live pages; "": as they are
}

func (b *bench) site(ctx context.Context) (*site, error) {
	handler, err := b.Handler(b.eng, b.tracer)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &site{server: &http.Server{Handler: handler}, base: "http://" + listener.Addr().String(), //nolint:gosec // loopback, for a minute
		client: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	s.served.Go(func() { _ = s.server.Serve(listener) }) // it tells that it was closed
	if err := s.post(ctx, "/login", url.Values{"username": {"bench"}}, http.StatusSeeOther); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *site) close() {
	_ = s.server.Close()
	s.served.Wait()
	s.client.CloseIdleConnections()
}

func (s *site) post(ctx context.Context, path string, form url.Values, want int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if want == http.StatusOK {
		req.Header.Set("Datastar-Request", "true")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != want {
		err = fmt.Errorf("POST %s: %s: %s", path, res.Status, body)
	}
	return err
}

// click ticks an item of a seeded list with a command of that id.
func (s *site) click(ctx context.Context, command uuid.UUID, name string, n int) error {
	return s.post(ctx, "/commands/todos.list.toggle_item", url.Values{
		"command_id": {command.String()}, "stream_id": {listID(name, n)}, "id": {itemID(name, n, firstItem)}}, http.StatusOK)
}

// open follows a list's page in a tab until ctx ends: news is told the version of
// the list that each patch shows.
func (s *site) open(ctx context.Context, id string, news func(version int64)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/updates?page="+url.QueryEscape("/todo-lists/"+id), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", cmp.Or(s.encoding, "identity"))
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != strings.TrimPrefix(req.Header.Get("Accept-Encoding"), "identity") {
		return fmt.Errorf("GET /updates: %s %s", res.Status, res.Header.Get("Content-Encoding"))
	}
	body := io.Reader(res.Body)
	if s.encoding == "gzip" {
		if body, err = gzip.NewReader(res.Body); err != nil {
			return err
		}
	}
	return versions(ctx, body, news)
}

// versions tells of the events of a live page until ctx ends.
func versions(ctx context.Context, body io.Reader, news func(version int64)) error {
	var version int64
	for lines := bufio.NewReaderSize(body, 4<<10); ; {
		line, err := lines.ReadSlice('\n')
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // what ended the reading
		case err != nil && err != bufio.ErrBufferFull: //nolint:errorlint // documented to be returned as it is
			return err
		case strings.HasPrefix(string(line), "id: "):
			version, _ = strconv.ParseInt(strings.TrimSpace(string(line[4:])), 10, 64)
		case string(line) == "\n" && version > 0:
			news(version)
			version = 0
		}
	}
}
