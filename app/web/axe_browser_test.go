package web

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/backstory-go/backstory/app/slack"
)

// axeVariable names the file of axe-core, which is not part of this repository:
//
//	npm install --prefix /tmp/axe axe-core@4.14.1
//	BACKSTORY_AXE=/tmp/axe/node_modules/axe-core/axe.min.js go test ./app/web -run Axe
const axeVariable = "BACKSTORY_AXE"

// TestAxeFindsNothing on any page: wide and on a phone, light and dark,
// empty, with errors, in the past.
func TestAxeFindsNothing(t *testing.T) {
	file := os.Getenv(axeVariable)
	if file == "" {
		t.Skip(axeVariable + " names no axe.min.js: nothing was looked at (.ci/run does)")
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A webhook nobody listens on: finished items cannot be announced.
	browser, app := startBrowser(t), serveAppWith(t, services{slack: slack.Dispatcher{Webhook: "http://127.0.0.1:9"}})
	ada, bob := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	for _, w := range []*tab{ada, bob} {
		call(w, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
		call(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: string(axe)})
	}
	ada.open("/")
	ada.axe("home, empty")
	path := ada.createList("Moving house", "Cancel the lease", "Find a van", "Measure the new windows for curtains, and the door frames")
	ada.click(ada.item("Find a van") + " .check")
	ada.waitText("#items", "Slack failed")
	bob.open(path)
	ada.axe("a list that two look at")
	ada.typeInto("#add-item--text", "find a VAN\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.edit("Cancel the lease", "!")
	ada.axe("a list with an error, a warning and an open editor")
	ada.click("#more-v4 summary")
	ada.axe("a list with data open")
	bob.open(path + "/5")
	bob.axe("the past")
	bob.open(path + "/6?with=4")
	bob.axe("a comparison")
	bob.open(path)
	bob.click("#more-v3 summary")
	bob.click("#more-v1 summary")
	bob.click("#more-v1 a")
	bob.waitText("main h1", "Conversation")
	bob.axe("a conversation")
	ada.open("/system")
	ada.waitText(".parked", "todos.slack_dispatcher")
	ada.axe("the System page")
	bob.createList("Reading")
	bob.click("#archive button")
	bob.waitText("main", "is archived")
	bob.axe("an archived list")
	bob.open("/")
	bob.waitText("main", "Archived")
	bob.typeInto("#find", "mov")
	bob.waitText("#found", "1 list has “mov”")
	bob.axe("home, a search")
	bob.open("/?show=archived")
	bob.axe("home, the archived lists")
	bob.open("/?find=nowhere")
	bob.axe("home, a search that finds nothing")
	bob.open("/")
	bob.click(".confirm summary")
	bob.axe("home, asking before it deletes")
	deleted := bob.eval("document.querySelector('.listing.archived a').pathname")
	bob.click(".bubble .danger")
	bob.waitText(".toast", "is deleted")
	bob.axe("home, told what is deleted")
	bob.forgive("410")
	bob.open(deleted)
	bob.waitText(".banner.gone", "has been deleted")
	bob.axe("a deleted list")
	bob.open(deleted + "/2")
	bob.axe("the past of a deleted list, which it left as it was")
	bob.forgive("404")
	bob.visit("/nowhere")
	bob.axe("no page")
	bob.open("/")
	bob.click(".account button")
	bob.wait("location.pathname === '/login'")
	bob.axe("login")
	bob.typeInto("#username", strings.Repeat("x", 3))
	bob.eval("(() => { document.querySelector('#username').value = ' '.repeat(3); document.querySelector('main form').noValidate = true; document.querySelector('main form').submit(); })()")
	bob.forgive("422")
	bob.waitText("#username-error", "Please enter")
	bob.axe("login with an error")
}

// axe looks at a page in each of its looks, and fails for whatever it finds.
func (w *tab) axe(what string) {
	w.t.Helper()
	for _, look := range []string{"-phone", "-dark", ""} {
		w.look(look)
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({
			id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300))}))))`,
			chromedp.EvalAwaitPromise))
		cancel()
		if err != nil {
			w.t.Fatalf("axe on %s%s: %v", what, look, err)
		}
		var violations []struct {
			ID, Impact, Help string
			Nodes            []string
		}
		if err := json.Unmarshal([]byte(text), &violations); err != nil {
			w.t.Fatal(err)
		}
		for _, v := range violations {
			w.t.Errorf("%s%s: %s (%s): %s\n\t%s", what, look, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
		}
	}
}
