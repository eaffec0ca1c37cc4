package web

import (
	"fmt"
	"regexp"
	"testing"
	"time"
)

// TestTheScriptSaysMomentsAsTheServerDoes has the page's script write over times that
// say nothing yet; of those that it leaves alone the server has said the date.
func TestTheScriptSaysMomentsAsTheServerDoes(t *testing.T) {
	ada := signIn(startBrowser(t), t, startApp(t), "Ada")
	date := regexp.MustCompile(`^\d{4}-`)
	for since, want := range moments {
		if date.MatchString(want) {
			want = ""
		}
		got := ada.eval(fmt.Sprintf(`(() => {
			const el = document.createElement("time");
			el.className = "moment";
			el.dateTime = new Date(Date.now() - %d).toISOString();
			document.querySelector("main").append(el);
			document.dispatchEvent(new CustomEvent("backstory-shown"));
			return el.textContent;
		})()`, since.Milliseconds()))
		if got != want {
			t.Errorf("%s before: %q, want %q", since.Round(time.Second), got, want)
		}
	}
}
