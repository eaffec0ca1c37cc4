package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos"
)

// everyAdmin makes everybody but Eve an administrator.
func everyAdmin(cfg *Config) {
	cfg.Operator, cfg.Admin = nobodyOperates{}, func(user string) bool { return user != "Eve" }
}

// nobodyOperates panics when an operation goes through.
type nobodyOperates struct{ engine.Operator }

// Status is what everybody's home page asks for.
func (nobodyOperates) Status(context.Context) (engine.SystemStatus, error) {
	return engine.SystemStatus{}, nil
}

// doors are the addresses that change something, as a browser's form or script
// would call them.
var doors = []struct{ path, media, body string }{
	{"/login", "application/x-www-form-urlencoded", "username=Eve"},
	{"/logout", "application/x-www-form-urlencoded", ""},
	{"/commands/todos.list.create", "application/x-www-form-urlencoded", "name=x"},
	{"/commands/todos.list.create", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--\r\n"},
	{"/commands/todos.list.create", "application/json", `{"name":"x"}`},
	{"/commands/todos.list.create", "text/plain", `{"name":"x"}`},
	{"/api/commands/todos.list.create", "application/json", `{"stream_id":"a","data":{"name":"x"}}`},
	{"/api/commands/todos.list.create", "text/plain", `{"stream_id":"a","data":{"name":"x"}}`},
	{"/system/pause", "application/x-www-form-urlencoded", "consumer=todos.listings"},
	{"/system/discard", "application/x-www-form-urlencoded", "consumer=todos.listings"},
}

func TestAttack_CrossSitePostsAreRefusedAtEveryDoor(t *testing.T) {
	s := signedInSite(t, "Ada", everyAdmin)
	for name, from := range map[string]map[string]string{
		"another site's page":     {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another subdomain":       {"Sec-Fetch-Site": "same-site"},
		"an old browser":          {"Origin": "https://evil.example"},
		"a sandboxed frame":       {"Origin": "null"},
		"the same host, no TLS":   {"Origin": "http://" + strings.TrimPrefix(s.url, "http://") + ".evil.example"},
		"another port":            {"Origin": "http://127.0.0.1:1"},
		"lying about the address": {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
	} {
		for _, door := range doors {
			header := map[string]string{"Content-Type": door.media, "Datastar-Request": "true"}
			for k, v := range from {
				header[k] = v
			}
			if status, _, h := s.do("POST", door.path, door.body, header); status != 403 || h.Get("Set-Cookie") != "" {
				t.Errorf("%s, POST %s: %d", name, door.path, status)
			}
		}
	}
	if len(s.fake.sent) != 0 {
		t.Errorf("%d commands went through", len(s.fake.sent))
	}
	if status, _, _ := s.get("/"); status != 200 {
		t.Error("somebody was signed out from another site")
	}
	for _, from := range []map[string]string{{"Sec-Fetch-Site": "same-origin", "Origin": s.url}, {"Sec-Fetch-Site": "none"}, {}} {
		from["Content-Type"] = doors[2].media
		if status, _, _ := s.do("POST", doors[2].path, doors[2].body, from); status != 303 {
			t.Errorf("our own page with %v: %d", from, status)
		}
	}
}

func TestAttack_ReadingChangesNothing(t *testing.T) {
	s := signedInSite(t, "Ada", everyAdmin)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		for _, door := range doors[1:] {
			if status, _, _ := s.do(method, door.path+"?"+url.QueryEscape(door.body), "", nil); status < 300 {
				t.Errorf("%s %s: %d", method, door.path, status)
			}
		}
	}
	if len(s.fake.sent) != 0 {
		t.Errorf("%d commands went through", len(s.fake.sent))
	}
}

// TestAttack_InternalCommandsAreUnreachable tries every internal command of the
// app through every door, as forms of names do that a router might mend.
func TestAttack_InternalCommandsAreUnreachable(t *testing.T) {
	system := &engine.System{}
	todos.Register(system, expander.Expander{}, apptodos.List{}, apptodos.ListName{}, apptodos.Listings{}, slack.Dispatcher{})
	s := signedInSite(t, "Ada", func(cfg *Config) { cfg.System = system })
	internal := 0
	for _, actor := range system.Actors() {
		for _, command := range actor.Commands {
			if !command.Internal {
				continue
			}
			internal++
			for _, name := range []string{command.Type, strings.ToUpper(command.Type), command.Type + "%20", "%20" + command.Type, command.Type + "%00", command.Type + "/"} {
				form := "stream_id=" + uuid.NewString() + "&id=" + uuid.NewString()
				for _, door := range doors[2:8] {
					path := strings.Replace(door.path, "todos.list.create", name, 1)
					body := door.body
					if door.media == "application/x-www-form-urlencoded" {
						body = form
					}
					status, _, _ := s.do("POST", path, body, map[string]string{"Content-Type": door.media, "Datastar-Request": "true"})
					if status != 404 && status != 405 && (status != 400 || !strings.HasSuffix(name, "%00")) {
						t.Errorf("POST %s as %s: %d", path, door.media, status)
					}
				}
			}
		}
	}
	if len(s.fake.sent) != 0 || internal < 5 {
		t.Errorf("%d of %d internal commands went through", len(s.fake.sent), internal)
	}
}

// TestAttack_InAnothersName: who sent a command is who is signed in.
func TestAttack_InAnothersName(t *testing.T) {
	s := signedInSite(t, "Eve")
	_, id := s.list("Groceries")
	s.do("POST", "/commands/todos.list.add_item?by=Ada", "by=Ada&By=Ada&user=Ada&text=x&stream_id="+id, map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	s.datastar("/commands/todos.list.add_item", map[string]any{"by": "Ada", "text": "y", "stream_id": id})
	if status, _, _ := s.do("POST", "/api/commands/todos.list.add_item", `{"by":"Ada","stream_id":"`+id+`","data":{"text":"z"}}`, map[string]string{"Content-Type": "application/json"}); status != 422 {
		t.Errorf("the API takes somebody else's name: %d", status)
	}
	for _, sent := range s.fake.sent {
		if sent.By != "Eve" || strings.Contains(string(sent.Data), "Ada") {
			t.Errorf("sent by %q: %s", sent.By, sent.Data)
		}
	}
	if len(s.fake.sent) != 3 {
		t.Errorf("%d commands", len(s.fake.sent))
	}
}

// TestAttack_TheSystemPageIsForAdministrators, however it is asked for.
func TestAttack_TheSystemPageIsForAdministrators(t *testing.T) {
	s := signedInSite(t, "Eve", everyAdmin)
	for _, path := range []string{"/system", "/system?type=x", "//system", "/system/", "/./system"} {
		if status, body, _ := s.get(path); status == 200 || strings.Contains(body, "Consumers") {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	if status, _, _ := s.do("GET", "/system", "", map[string]string{"Datastar-Request": "true"}); status != 403 {
		t.Errorf("as a refresh: %d", status)
	}
	if status, body, _ := s.get("/updates?page=/system"); status == 200 || strings.Contains(body, "Consumers") {
		t.Errorf("as a live page: %d", status)
	}
	for _, operation := range []string{"pause", "resume", "retry", "discard", "cancel", "rebuild"} {
		if status, _, _ := s.post("/system/"+operation, url.Values{"consumer": {"todos.listings"}, "key": {"x"}}); status != 403 {
			t.Errorf("POST /system/%s: %d", operation, status)
		}
	}
}

func TestAttack_HugeBodies(t *testing.T) {
	s := signedInSite(t, "Ada", everyAdmin)
	const size = 2 << 20
	for _, door := range doors {
		if door.path == "/logout" || door.media == "text/plain" {
			continue // not read
		}
		huge := door.body + strings.Repeat("x", size)
		switch door.media {
		case "application/json":
			huge = strings.Repeat(" ", size) + door.body
		case "multipart/form-data; boundary=b":
			huge = strings.Replace(door.body, "\r\n\r\nx", "\r\n\r\n"+strings.Repeat("x", size), 1)
		}
		for name, body := range map[string]io.Reader{"of a known length": strings.NewReader(huge), "chunked": io.MultiReader(strings.NewReader(huge))} {
			header := map[string]string{"Content-Type": door.media}
			if door.path == "/commands/todos.list.create" && door.media == "application/json" {
				header["Datastar-Request"] = "true"
			}
			if status, _, _ := s.request("POST", door.path, body, header); status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s, %s to %s: %d", door.media, name, door.path, status)
			}
		}
	}
	if len(s.fake.sent) != 0 {
		t.Error("a command went through")
	}
}

// TestAttack_DeepAndManyFields: what is small to send must not be much to read.
func TestAttack_DeepAndManyFields(t *testing.T) {
	kind := engine.CommandType{Type: "todos.list.deep", Fields: []engine.Field{{Name: "a", Kind: "object"}}}
	many := url.Values{}
	for i := range 2000 {
		many.Set(fmt.Sprintf("a.b.c.d.e.f.g.k%d", i), "x")
	}
	for name, form := range map[string]url.Values{"many": many, "deep": {strings.Repeat("a.", 30_000) + "x": {"y"}}} {
		done := make(chan int, 1)
		go func() { done <- len(input{form: form}.data(kind.Fields)) }()
		select {
		case n := <-done:
			if n > 200_000 {
				t.Errorf("%s: %d bytes", name, n)
			}
		case <-time.After(patience):
			t.Fatalf("%s: still reading", name)
		}
	}
	s := signedInSite(t, "Ada")
	for name, body := range map[string]string{"arrays": strings.Repeat("[", 60_000), "objects": strings.Repeat(`{"a":`, 10_000), "data": `{"stream_id":"a","data":` + strings.Repeat(`{"a":`, 12_000)} {
		for _, path := range []string{"/commands/todos.list.create", "/api/commands/todos.list.create"} {
			status, _, _ := s.do("POST", path, body, map[string]string{"Content-Type": "application/json", "Datastar-Request": "true"})
			if status != 400 && status != 422 {
				t.Errorf("%s to %s: %d", name, path, status)
			}
		}
	}
}

func TestAttack_ManyStreams(t *testing.T) {
	s := signedInSite(t, "Ada", func(cfg *Config) { cfg.Limits = Limits{Streams: 2, AllStreams: 3} })
	cookies := s.client.Jar.Cookies(parsedURL(t, s.url))
	open := func(want int) (end func()) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/updates?page=/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cookies {
			req.AddCookie(c)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want || want != 200 && res.Header.Get("Retry-After") == "" {
			t.Errorf("status %d, want %d; %v", res.StatusCode, want, res.Header)
		}
		return func() { _ = res.Body.Close() }
	}
	end := open(200)
	defer open(200)()
	open(429)()
	s.post("/login", url.Values{"username": {"Bob"}})
	cookies = s.client.Jar.Cookies(parsedURL(t, s.url))
	defer open(200)()
	open(503)() // the process has no more
	end()
	for deadline := time.Now().Add(patience); ; { // until the server has seen that she left
		status, _, h := s.do("HEAD", "/updates?page=/nowhere", "", nil)
		if status == 404 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no room after somebody left: %d %v", status, h)
		}
	}
}

func parsedURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestAttack_SlowBodies: who sends a byte now and then does not hold a connection.
func TestAttack_SlowBodies(t *testing.T) {
	s := signedInSite(t, "Ada", func(cfg *Config) { cfg.BodyTime = 50 * time.Millisecond })
	cookie := s.client.Jar.Cookies(parsedURL(t, s.url))[0].String()
	for _, request := range []string{
		"POST /commands/todos.list.create HTTP/1.1\r\nHost: x\r\nCookie: " + cookie + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=",
		"POST /api/commands/todos.list.create HTTP/1.1\r\nHost: x\r\nCookie: " + cookie + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nu",
		"POST /commands/todos.list.create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nunread",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		line, err := r.ReadString('\n')
		if !slices.Contains([]string{"408", "401"}, strings.SplitN(line+"  ", " ", 3)[1]) {
			t.Errorf("%.40s…: %q, %v", request, line, err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil { // until the server hangs up
			t.Errorf("%.40s…: %v", request, err)
		}
		_ = conn.Close()
	}
	if len(s.fake.sent) != 0 {
		t.Error("half a command went through")
	}
	if status, _, _ := s.post("/commands/todos.list.create", url.Values{"name": {"x"}}); status != 303 {
		t.Errorf("a whole one: %d", status)
	}
}
