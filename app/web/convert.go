package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// What a request's body can be wrong in before anybody looks at its fields.
var (
	errMediaType = errors.New("unknown media type")
	errMalformed = errors.New("malformed request")
	errSlow      = errors.New("the request took too long to arrive")
)

// Fields of a form that are not the command's.
const (
	fieldStream    = "stream_id"
	fieldCommand   = "command_id"
	fieldIfVersion = "if_version"
)

// input is a request's body: a form's values, all of them strings, or signals.
type input struct {
	form    url.Values
	signals map[string]json.RawMessage
}

// isDatastar says whether the request was made by Datastar's client.
func isDatastar(r *http.Request) bool { return r.Header.Get("Datastar-Request") == "true" }

// readInput reads the body by its media type.
func readInput(r *http.Request) (input, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return input{}, fmt.Errorf("%w: %w", errMediaType, err)
	case kind == "application/json" && isDatastar(r):
		in := input{form: url.Values{}}
		if err := json.NewDecoder(r.Body).Decode(&in.signals); err != nil {
			return input{}, readError(err)
		}
		in.keepStrings()
		return in, nil
	case kind == "application/x-www-form-urlencoded":
		err := r.ParseForm()
		return input{form: r.PostForm}, readError(err)
	case kind == "multipart/form-data":
		err := r.ParseMultipartForm(32 << 10)
		return input{form: r.PostForm}, readError(err)
	}
	return input{}, fmt.Errorf("%w: %s", errMediaType, kind)
}

// keepStrings treats signals that are strings like a form's values: inputs bind
// to strings whatever the schema says.
func (in *input) keepStrings() {
	for name, raw := range in.signals {
		var text string
		if json.Unmarshal(raw, &text) == nil && string(raw) != "null" {
			in.form.Set(name, text)
			delete(in.signals, name)
		}
	}
}

// readError keeps an error about the size or the time, and makes every other a
// malformed request.
func readError(err error) error {
	var size *http.MaxBytesError
	switch {
	case err == nil || errors.As(err, &size):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return fmt.Errorf("%w: %w", errMalformed, err)
}

// readable says whether the database could hold the texts: no schema allows what
// it could not, and what no schema sees must not get there.
func readable(values url.Values, texts ...string) error {
	for name, list := range values {
		texts = append(append(texts, name), list...)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("%w: bytes that are no text", errMalformed)
		}
	}
	return nil
}

// submission makes the command of the input. An error is a *engine.FaultsError
// about the reserved fields.
func (in input) submission(kind *engine.CommandType) (engine.Submission, error) {
	s := engine.Submission{Type: kind.Type, StreamID: in.form.Get(fieldStream), Data: in.data(kind.Fields)}
	var faults []engine.Fault
	var err error
	if text := in.form.Get(fieldCommand); text != "" {
		if s.ID, err = uuid.Parse(text); err != nil {
			faults = append(faults, engine.Fault{Pointer: "/" + fieldCommand, Code: engine.FaultFormat, Message: "The command's id is not a UUID."})
		}
	}
	switch {
	case s.StreamID != "", kind.StreamID != nil: // the other fields say it, too
	case kind.Creates == engine.CreatesYes:
		s.StreamID = newStream(s.ID)
	default:
		faults = append(faults, engine.Fault{Pointer: "/" + fieldStream, Code: engine.FaultRequired, Message: "It is not said what this is for."})
	}
	if text := in.reserved(fieldIfVersion); text != "" {
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil || version < 0 {
			faults = append(faults, engine.Fault{Pointer: "/" + fieldIfVersion, Code: engine.FaultType, Message: "The version is not a number."})
		}
		s.IfVersion = &version
	}
	if len(faults) > 0 {
		return s, &engine.FaultsError{Faults: faults}
	}
	return s, nil
}

// newStream is the identity of what a command creates. It follows from the
// command's id, so that the same command sent again is for the same stream.
func newStream(command uuid.UUID) string {
	if command == uuid.Nil {
		return uuid.NewString()
	}
	return uuid.NewSHA1(command, []byte(fieldStream)).String()
}

// reserved reads a reserved field that may be a number among signals.
func (in input) reserved(name string) string {
	if raw, ok := in.signals[name]; ok {
		return string(raw)
	}
	return in.form.Get(name)
}

// data makes the command's JSON. What is not in the input stays absent, and what
// is not the command's is left out; whether the rest is right, its schema judges.
func (in input) data(fields []engine.Field) json.RawMessage {
	object := map[string]any{}
	for _, f := range fields {
		if raw, ok := in.signals[f.Name]; ok {
			object[f.Name] = raw
		} else if value, ok := in.field(f); ok {
			object[f.Name] = value
		}
	}
	data, err := json.Marshal(object)
	if err != nil { // signals were valid JSON when they were read, and nothing else can fail
		return json.RawMessage("{}")
	}
	return data
}

func (in input) field(f engine.Field) (any, bool) {
	switch f.Kind {
	case "array":
		if values, ok := in.form[f.Name+"[]"]; ok {
			return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }), true
		}
		return nil, false
	case "object":
		return in.nested(f.Name+".", mostDeep)
	}
	if !in.form.Has(f.Name) || in.form.Get(f.Name) == "" && !f.Required {
		return nil, false
	}
	return typed(f.Kind, in.form.Get(f.Name)), true
}

// mostDeep is how deep the fields of a form may be nested. No schema's are, and
// what lies deeper is left out, as everything is that no schema names.
const mostDeep = 16

// nested collects a.b, a.b.c and a.b[] below a.
func (in input) nested(prefix string, deep int) (any, bool) {
	object := map[string]any{}
	if deep == 0 {
		return object, false
	}
	for name, values := range in.form {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || rest == "" || len(values) == 0 || len(values) == 1 && values[0] == "" {
			continue
		}
		if list, ok := strings.CutSuffix(rest, "[]"); ok {
			object[list] = values
		} else if first, _, below := strings.Cut(rest, "."); below {
			if object[first] == nil { // once for all that lies below
				object[first], _ = in.nested(prefix+first+".", deep-1)
			}
		} else {
			object[rest] = values[0]
		}
	}
	return object, len(object) > 0
}

// typed reads a form's text as the schema's type. What cannot be read stays text,
// and the schema says so.
func typed(kind, text string) any {
	switch kind {
	case "integer", "number":
		trimmed := strings.TrimSpace(text)
		if json.Valid([]byte(trimmed)) && trimmed != "" && (trimmed[0] == '-' || trimmed[0] >= '0' && trimmed[0] <= '9') {
			return json.Number(trimmed)
		}
	case "boolean":
		switch text {
		case "true", "on", "1":
			return true
		case "false", "off", "0":
			return false
		}
	}
	return text
}
