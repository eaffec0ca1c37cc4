package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
)

// payloads would run ran() where a text becomes markup, an attribute, an address,
// a script or an expression of Datastar's.
var payloads = []string{
	`"><img src=x onerror=ran()><b>`,
	`<script>ran()</script></title></style></textarea>`,
	`'+ran()+'"+ran()+"` + "`${ran()}`",
	`" data-init="ran()" onfocus=ran() autofocus x="`,
	`javascript:ran()//&quot;&#39;&lt;img src=x onerror=ran()&gt;`,
	`$ran {{ran()}} @get('/ran') \u003cscript\u003eran()`,
}

// guard makes a window tell when a text ran, also where the content policy would
// have stopped it.
func (w *tab) guard() {
	w.t.Helper()
	call(w, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	call(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "window.ran = () => { document.documentElement.dataset.ran = 'yes' }; window.alert = window.ran;"})
}

// executed are the attributes that browsers or Datastar run, or follow.
const executed = `^(on|style$|srcdoc$|formaction$|data-(on|init|effect|computed|signals|bind|text|show|class|attr|style|ref|indicator)([:_-]|$))`

// harmless fails when a text of somebody ran on the page, or became a part of it.
func (w *tab) harmless(what string) {
	w.t.Helper()
	if got := w.eval(fmt.Sprintf(`[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => new RegExp(%q).test(a.name) && /ran\(|ran%%|evil|alert/.test(a.value)).map(a => a.name + '=' + a.value).join(' ')`, executed)); got != "" {
		w.t.Errorf("%s: a text is run: %s", what, got)
	}
	if got := w.eval(`[document.documentElement.dataset.ran, document.querySelectorAll('img, [onerror], [onfocus], main script, [data-init]:not(#updates), a[href^="javascript"]').length].join(' ')`); got != " 0" {
		w.t.Errorf("%s: a text became more than a text: %s", what, got)
	}
}

// says checks that a text stands on the page as it was written.
func (w *tab) says(what, text string) {
	w.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.wait(fmt.Sprintf("document.body.textContent.includes(%[1]s) || [...document.querySelectorAll('input')].some(i => i.value === %[1]s)", quoted))
	w.harmless(what)
}

// TestInjection writes texts that would run into every field, and looks at every
// page that shows them.
func TestInjection(t *testing.T) {
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/chat/completions" {
			http.Error(w, payloads[1], http.StatusTeapot)
			return
		}
		lines, _ := json.Marshal(payloads)
		content, _ := json.Marshal(string(lines))
		_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"content":%s}}]}`, content)
	}))
	t.Cleanup(outside.Close)
	browser, app := startBrowser(t), serveAppWith(t, services{slack: slack.Dispatcher{Webhook: outside.URL},
		expander: expander.Expander{Key: "key", BaseURL: outside.URL, Model: "m"}})
	user := payloads[0] + "'$x@" // 40 at most
	ada := signIn(browser, t, app.URL, user)
	ada.guard()
	ada.open("/")
	ada.says("the user's name", user)

	other := signedIn(t, app.URL, nil)
	for _, payload := range payloads[1:] {
		other.list(payload)
	}
	list := ada.createList(payloads[0])
	other.submit(list, "add-item", url.Values{"text": {"Everything that somebody could think of writing"}})
	ada.waitItems("Everything that somebody could think of writing")
	ada.click(ada.item("Everything that somebody could think of writing") + " .marks button")
	ada.wait(fmt.Sprintf("document.querySelectorAll('#items .label').length === %d", len(payloads))) // the model's lines
	for _, payload := range payloads {
		ada.says("an item", payload)
	}
	ada.typeInto("#add-item--text", payloads[1]+"\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.says("a duplicate", payloads[1])
	ada.click("#items li:nth-child(2) .check")
	ada.waitText("#items", "Slack failed")
	ada.harmless("what could not be announced")
	ada.lookAround(list)

	ada.open("/") // what is looked for would be seen
	ada.eval(fmt.Sprintf("document.body.insertAdjacentHTML('beforeend', %q)", "<p title=\""+payloads[0]))
	ada.wait("document.documentElement.dataset.ran === 'yes'")
}

// lookAround opens every page that shows the list's words, and addresses made of
// such texts.
func (w *tab) lookAround(list string) {
	w.t.Helper()
	w.open("/")
	for _, payload := range payloads {
		w.says("home", payload)
	}
	w.open(list + "/9")
	w.says("the past", payloads[1])
	w.open(list + "/9?with=6")
	w.says("a comparison", payloads[0])
	w.open(list)
	w.click("#more-v13 summary")
	w.eval("document.querySelector('#more-v13 a').click()") // wherever patches move it
	w.waitText("main h1", "Conversation")
	w.says("a conversation", "ran()") // data as JSON
	w.open("/system")
	w.waitText("#parked-title", "1")
	w.harmless("the System page")
	w.forgive("404", "422", "400", "405", "415")
	id := list[len("/todo-lists/"):]
	for i, path := range []string{"/system?type=QUERY", "/system?stream=QUERY", "/system?by=QUERY", "/system?text=QUERY", "/system?kind=QUERY&before=QUERY", list + "?until=QUERY", list + "/9?with=QUERY", "/todo-lists/PATH",
		"/messages/PATH/correlation", "/PATH", "/updates?page=QUERY"} {
		for _, payload := range []string{payloads[i%len(payloads)], payloads[(i+3)%len(payloads)]} {
			path := strings.NewReplacer("QUERY", url.QueryEscape(payload), "PATH", url.PathEscape(payload)).Replace(path)
			w.visit(path)
			w.harmless(path)
		}
	}
	for i := range 2 {
		q := payloads[3*i]
		w.post("/commands/todos.list.add_item?form="+url.QueryEscape(q), url.Values{"stream_id": {id}, "command_id": {q}, "text": {""}, "if_version": {q}})
		w.post("/commands/todos.list.create?form=create", url.Values{"name": {strings.Repeat(q, 9)}})
		w.post("/commands/"+url.PathEscape(q), nil)
	}
}

// post sends a form as a page without script does, and looks at the answer.
func (w *tab) post(action string, fields url.Values) {
	w.t.Helper()
	w.visit("/")
	data, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	w.eval(fmt.Sprintf(`(() => { window.old = true; const f = document.createElement('form'); f.method = 'post'; f.action = %q;
		for (const [name, values] of Object.entries(%s ?? {})) f.append(Object.assign(document.createElement('input'), {name, value: values[0]}));
		document.body.append(f); f.submit(); })()`, action, data))
	w.wait("!window.old && document.readyState === 'complete'")
	w.harmless("POST " + action)
}

// TestContentPolicyStopsWhatGotThrough: the second line of defence works, too.
func TestContentPolicyStopsWhatGotThrough(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.forgive("Content Security Policy", "violates the following", "404")
	ada.eval(`document.body.insertAdjacentHTML('beforeend', '<img src="/nowhere" onerror="document.documentElement.dataset.ran=1"><iframe src="/login"></iframe><form id="away" action="https://evil.example/" method="post"></form>')`)
	ada.eval(`(() => { const s = document.createElement('script'); s.textContent = 'document.documentElement.dataset.ran = 2'; document.body.append(s);
		const o = document.createElement('script'); o.src = 'https://evil.example/x.js'; window.refused = []; o.onerror = () => window.refused.push('script'); document.body.append(o);
		document.addEventListener('securitypolicyviolation', (e) => window.refused.push(e.effectiveDirective));
		fetch('https://evil.example/').catch(() => window.refused.push('fetch')); document.querySelector('#away').submit(); })()`)
	ada.wait("['script', 'fetch', 'form-action', 'connect-src'].every((d) => window.refused.includes(d))")
	ada.wait("document.querySelector('img').complete")
	if got := ada.eval("document.documentElement.dataset.ran"); got != "undefined" {
		t.Errorf("a script that was put into the page ran: %s", got)
	}
}
