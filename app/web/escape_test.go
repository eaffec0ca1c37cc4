package web

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

const hostile = `"><script>alert(1)</script>'+alert(1)+'$x @get('/evil') {{x}} ` + "`${alert(1)}`"

func TestHostileTextsStayTexts(t *testing.T) {
	s := signedInSite(t, `<b onclick=x>"'$a`)
	path, id := s.list(hostile)
	s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {hostile}}, path)
	s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {hostile}}, path)
	_, again, _ := s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {hostile}}, path)
	_, live, _ := s.get(path)
	_, past, _ := s.get(path + "/2")
	_, home, _ := s.get("/")
	expression := regexp.MustCompile(`data-(?:on|init|signals|text|show|attr|bind|effect|computed|class|style)[^=\s]*="([^"]*)"`)
	for name, body := range map[string]string{"again": again, "live": live, "past": past, "home": home} {
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<b onclick") || !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s: markup of a user went through", name)
		}
		for _, found := range expression.FindAllStringSubmatch(body, -1) {
			if strings.Contains(found[1], "alert") || strings.Contains(found[1], "evil") {
				t.Errorf("%s: words of a user in an expression: %s", name, found[0])
			}
		}
		if regexp.MustCompile(`data-on-[a-z]`).MatchString(body) {
			t.Errorf("%s: a hyphen where Datastar wants a colon", name)
		}
	}
}

func TestFieldsBecomeTypedJSON(t *testing.T) {
	kind := &engine.CommandType{Type: "x.y.z", Fields: []engine.Field{
		{Name: "s", Kind: "string", Required: true}, {Name: "o", Kind: "string"}, {Name: "n", Kind: "integer"}, {Name: "f", Kind: "number"},
		{Name: "b", Kind: "boolean"}, {Name: "a", Kind: "array"}, {Name: "deep", Kind: "object"},
	}}
	tests := map[string]struct {
		form    string
		signals string
		want    string
	}{
		"nothing":              {"", "", `{}`},
		"strings stay strings": {"s=12&o=true", "", `{"s":"12","o":"true"}`},
		"empty":                {"s=&o=&n=", "", `{"s":""}`},
		"numbers":              {"n=-7&f=1.5e3", "", `{"n":-7,"f":1.5e3}`},
		"no numbers":           {"n=7x&f=NaN", "", `{"n":"7x","f":"NaN"}`},
		"large":                {"n=12345678901234567890", "", `{"n":12345678901234567890}`},
		"booleans":             {"b=on", "", `{"b":true}`},
		"no boolean":           {"b=maybe", "", `{"b":"maybe"}`},
		"arrays":               {"a[]=1&a[]=&a[]=2", "", `{"a":["1","2"]}`},
		"empty array":          {"a[]=", "", `{"a":[]}`},
		"nested":               {"deep.x=1&deep.y.z=2&deep.l[]=3", "", `{"deep":{"x":"1","y":{"z":"2"},"l":["3"]}}`},
		"others":               {"stream_id=q&what=ever", "", `{}`},
		"signals":              {"", `{"s":"1","n":"2","f":3,"b":false,"a":["x"],"deep":{"x":1},"what":9,"o":""}`, `{"s":"1","n":2,"f":3,"b":false,"a":["x"],"deep":{"x":1}}`},
		"null":                 {"", `{"o":null}`, `{"o":null}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			form, err := url.ParseQuery(test.form)
			if err != nil {
				t.Fatal(err)
			}
			in := input{form: form}
			if test.signals != "" {
				if err := json.Unmarshal([]byte(test.signals), &in.signals); err != nil {
					t.Fatal(err)
				}
				in.keepStrings()
			}
			var got, want any
			if err := json.Unmarshal(in.data(kind.Fields), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("got %s, want %s", g, w)
			}
		})
	}
}

func TestReservedFields(t *testing.T) {
	id := uuid.New()
	in := input{form: url.Values{"stream_id": {"s"}, "command_id": {id.String()}, "if_version": {"3"}}}
	s, err := in.submission(&engine.CommandType{Type: "x.y.z"})
	if err != nil || s.ID != id || s.StreamID != "s" || s.IfVersion == nil || *s.IfVersion != 3 {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = input{form: url.Values{}}.submission(&engine.CommandType{Type: "x.y.z", Creates: engine.CreatesYes})
	if _, notUUID := uuid.Parse(s.StreamID); err != nil || notUUID != nil || s.IfVersion != nil {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = input{form: url.Values{}}.submission(&engine.CommandType{Type: "x.y.z", Creates: engine.CreatesYes,
		StreamID: func(engine.Command) string { return "said by the fields" }})
	if err != nil || s.StreamID != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err = (input{form: url.Values{}}).submission(&engine.CommandType{Type: "x.y.z"}); err == nil {
		t.Error("a command is for no stream")
	}
}
