package behaviour

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/codegen/emit/testdata/campus/expected/generated/campus"
	"github.com/backstory-go/backstory/codegen/emit/testdata/campus/expected/generated/campus/course"
	"github.com/backstory-go/backstory/codegen/emit/testdata/campus/expected/generated/campus/enrolment"
	"github.com/backstory-go/backstory/codegen/emit/testdata/campus/expected/generated/campus/ids"
	"github.com/backstory-go/backstory/codegen/emit/testdata/campus/expected/generated/campus/types"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

type courses struct{}

func (courses) Open(in engine.Decision, _ *course.State, cmd course.Open, emit course.OpenEmitter) {
	id, err := ids.ParseCourse(in.Stream.ID)
	if err != nil {
		panic(err)
	}
	emit.Opened(course.Opened{Course: id, Seats: cmd.Seats})
}

func (courses) Opened(_ engine.Meta, state *course.State, event course.Opened) {
	state.Seats = event.Seats
}

// enrolments lets nobody into a full course, nor into a fourth one.
type enrolments struct{}

func (enrolments) Join(_ engine.Decision, state *enrolment.State, cmd enrolment.Join, emit enrolment.JoinEmitter) enrolment.JoinRefusal {
	switch {
	case state.Seats == 0:
		return enrolment.NoCourse{}
	case state.Taken >= state.Seats:
		return enrolment.CourseFull{}
	case state.Courses >= 3:
		return enrolment.TooManyCourses{}
	}
	for _, first := range state.Before { // the command's, by way of the state
		if !slices.Contains(state.Done, first) {
			return enrolment.FirstAnother{}
		}
	}
	emit.Joined(enrolment.Joined{CourseID: cmd.CourseID, StudentID: cmd.StudentID})
	return nil
}

func (enrolments) Leave(_ engine.Decision, state *enrolment.State, cmd enrolment.Leave, emit enrolment.LeaveEmitter) enrolment.LeaveRefusal {
	if state.Status != enrolment.StateStatusIn {
		return enrolment.NotIn{}
	}
	emit.Left(enrolment.Left{CourseID: cmd.CourseID, StudentID: cmd.StudentID})
	return nil
}

func (enrolments) Opened(_ engine.Meta, state *enrolment.State, event course.Opened) {
	if event.Course == state.CourseID {
		state.Seats = event.Seats
	}
}

func (enrolments) Joined(_ engine.Meta, state *enrolment.State, event enrolment.Joined) {
	if event.CourseID == state.CourseID {
		state.Taken++
	}
	if event.StudentID == state.StudentID {
		state.Courses++
		state.Done = append(state.Done, event.CourseID)
	}
	if event.CourseID == state.CourseID && event.StudentID == state.StudentID {
		state.Status = enrolment.StateStatusIn
	}
}

func (enrolments) Left(_ engine.Meta, state *enrolment.State, event enrolment.Left) {
	if event.CourseID == state.CourseID {
		state.Taken--
	}
	if event.StudentID == state.StudentID {
		state.Courses--
	}
	if event.CourseID == state.CourseID && event.StudentID == state.StudentID {
		state.Status = enrolment.StateStatusOut
	}
}

func courseID(n int) ids.Course {
	return ids.Course(uuid.MustParse(fmt.Sprintf("00000000-0000-4000-8000-0000000000%02d", n)))
}

func join(n int, student string) enrolment.Join {
	return enrolment.Join{CourseID: courseID(n), StudentID: student, Year: 2026}
}

func joined(n int, student string) enrolment.Joined {
	return enrolment.Joined{CourseID: courseID(n), StudentID: student}
}

func TestBoundary_StateIsFoldedFromWhatCarriesItsTags(t *testing.T) {
	opened := func(n int, seats int64) engine.Event { return course.Opened{Course: courseID(n), Seats: seats} }
	tests := map[string]struct {
		history []engine.Event
		command enrolment.GivenCommand
		refused engine.Refusal
	}{
		"a seat is free":         {[]engine.Event{opened(1, 2), engine.Elsewhere(joined(1, "Bob"))}, join(1, "Ann"), nil},
		"full by others":         {[]engine.Event{opened(1, 1), engine.Elsewhere(joined(1, "Bob"))}, join(1, "Ann"), enrolment.CourseFull{}},
		"another course is full": {[]engine.Event{opened(1, 1), opened(2, 1), engine.Elsewhere(joined(2, "Bob"))}, join(1, "Ann"), nil},
		"another course opens":   {[]engine.Event{opened(2, 9)}, join(1, "Ann"), enrolment.NoCourse{}},
		"three courses": {[]engine.Event{opened(1, 9), engine.Elsewhere(joined(2, "Ann")), engine.Elsewhere(joined(3, "Ann")),
			engine.Elsewhere(joined(4, "Ann"))}, join(1, "Ann"), enrolment.TooManyCourses{}},
		"later seats count": {[]engine.Event{opened(1, 1), engine.Elsewhere(joined(1, "Bob")), opened(1, 2)}, join(1, "Ann"), nil},
		"never joined":      {nil, enrolment.Leave{CourseID: courseID(1), StudentID: "Ann"}, engine.NewBuiltinRefusal(engine.CodeNotFound, "This does not exist, or does not exist any more.")},
		"left already": {[]engine.Event{joined(1, "Ann"), enrolment.Left{CourseID: courseID(1), StudentID: "Ann"}},
			enrolment.Leave{CourseID: courseID(1), StudentID: "Ann"}, enrolment.NotIn{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result := enrolment.Given(t, enrolments{}, test.history...).When(test.command)
			if test.refused != nil {
				result.ThenRefused(test.refused)
				return
			}
			result.Then(joined(1, "Ann"))
		})
	}
}

// What a command says is in the state before anything is folded.
func TestBoundary_CommandPrimesTheState(t *testing.T) {
	command := join(1, " Ann ")
	command.Term, command.Before = engine.Some(types.TermAutumn), engine.Some([]ids.Course{courseID(2)})
	history := []engine.Event{course.Opened{Course: courseID(1), Seats: 5}}
	enrolment.Given(t, enrolments{}, history...).When(command).ThenRefused(enrolment.FirstAnother{})
	history = append(history, engine.Elsewhere(joined(2, "Ann"))) // the command is trimmed
	state := enrolment.Given(t, enrolments{}, history...).When(command).State().(*enrolment.State)
	if state.CourseID != courseID(1) || state.StudentID != "Ann" || *state.Term != types.TermAutumn || state.Courses != 2 {
		t.Errorf("%+v", state)
	}
}

// A tutor's events are folded when the command names one.
func TestBoundary_OptionalPropertyAddsItsTag(t *testing.T) {
	actor := enrolment.Describe(enrolments{})
	command := join(1, "Ann")
	plain := actor.Prepare().Query(command)
	command.Tutor = engine.Some("Zoe")
	if with := actor.Query(command); len(plain) != 2 || len(with) != 3 || with[2].Tags[0] != "student:Zoe" ||
		!slices.Contains(with[0].Types, "campus.course.offered") || !slices.Contains(with[0].Types, "campus.enrolment.left") {
		t.Errorf("without %v, with %v", plain, with)
	}
}

func TestCompositeID_IsCanonicalAndInjective(t *testing.T) {
	seen := map[string]ids.Enrolment{}
	for _, student := range []string{"Ann", "a:b", "a%3Ab", "a", "b", "%", "%25", ":", "a/b", "ü", "a:2026"} {
		for _, year := range []int64{2026, 2027} {
			id := ids.Enrolment{CourseID: courseID(1), StudentID: student, Year: year}
			if other, ok := seen[id.String()]; ok {
				t.Errorf("%+v and %+v are both %q", id, other, id)
			}
			seen[id.String()] = id
			if got, err := ids.ParseEnrolment(id.String()); err != nil || got != id {
				t.Errorf("%q: %+v, %v", id, got, err)
			}
		}
	}
	upper := strings.ToUpper(courseID(1).String())
	if id, err := ids.ParseEnrolment(upper + ": Ann :2026"); err != nil || id.String() != courseID(1).String()+":Ann:2026" {
		t.Errorf("%v, %v", id, err)
	}
	for text, want := range map[string]string{
		"":                                     "must be course_id, student_id, year",
		"x:Ann:2026":                           "course_id must be",
		courseID(1).String() + "::2026":        "student_id ",
		courseID(1).String() + ":a%41:2026":    "student_id has a %",
		courseID(1).String() + ":a%3ab:2026":   "student_id has a %",
		courseID(1).String() + ":Ann:1999":     "year must be",
		courseID(1).String() + ":Ann:02026":    "year ",
		courseID(1).String() + ":Ann:2026:":    "joined by colons",
		courseID(1).String() + ":Ann:\"2026\"": "year ",
	} {
		if _, err := ids.ParseEnrolment(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func campusEngine(t *testing.T, url string) *postgres.Engine {
	t.Helper()
	s := &engine.System{}
	campus.Register(s, courses{}, enrolments{})
	e, err := postgres.Open(t.Context(), postgres.Config{URL: url, System: s, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		e.Close()
	})
	return e
}

func outcomeOf(t *testing.T, e engine.Client, stream string, command engine.Command) engine.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	data, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.Submit(ctx, engine.Submission{Type: command.MessageType(), StreamID: stream, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.Wait(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// 24 students crowd at four courses of five seats each, over two processes: no
// course takes more, no student has a fourth, and nobody is told a conflict.
func TestBoundary_OnPostgreSQL_KeepsItsLimits(t *testing.T) {
	url := pgtest.Database(t, pgtest.Template{})
	engines := []*postgres.Engine{campusEngine(t, url), campusEngine(t, url)}
	const students, offered, seats = 24, 4, 5
	for n := range offered {
		outcomeOf(t, engines[0], courseID(n).String(), course.Open{Seats: seats})
	}
	var mu sync.Mutex
	taken, has, refused := map[int]int{}, map[string]int{}, map[string]int{}
	var group sync.WaitGroup
	for s := range students {
		group.Go(func() {
			for n := range offered {
				n, student := (n+s)%offered, fmt.Sprintf("s%d", s%12)
				o := outcomeOf(t, engines[(s+n)%2], "", join(n, student))
				mu.Lock()
				switch o.Status {
				case engine.Accepted:
					taken[n]++
					has[student]++
				case engine.Refused:
					refused[o.Refusal.Code]++
				default:
					t.Errorf("%+v", o)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for n := range offered {
		if taken[n] != seats {
			t.Errorf("course %d has %d students, want %d", n, taken[n], seats)
		}
	}
	for student, n := range has {
		if n > 3 {
			t.Errorf("%s is in %d courses", student, n)
		}
	}
	if refused["course_full"] == 0 {
		t.Errorf("refusals: %v", refused)
	}
}

func TestCompositeID_OnPostgreSQL_AgreesWithTheCommand(t *testing.T) {
	e := campusEngine(t, pgtest.Database(t, pgtest.Template{}))
	outcomeOf(t, e, courseID(1).String(), course.Open{Seats: 5})
	own := ids.Enrolment{CourseID: courseID(1), StudentID: "Ann", Year: 2026}.String()
	if o := outcomeOf(t, e, "", join(1, "Ann")); o.Status != engine.Accepted || o.Stream.ID != own {
		t.Errorf("%+v, want the stream %s", o, own)
	}
	if o := outcomeOf(t, e, own, join(1, "Ann")); o.Status != engine.Accepted || o.Stream.ID != own {
		t.Errorf("%+v", o)
	}
	data, _ := json.Marshal(join(1, "Ann"))
	_, err := e.Submit(t.Context(), engine.Submission{Type: "campus.enrolment.join", Data: data,
		StreamID: ids.Enrolment{CourseID: courseID(1), StudentID: "Bob", Year: 2026}.String()})
	if err == nil || !strings.Contains(err.Error(), "/stream_id: is not what the properties say: "+own) {
		t.Errorf("%v", err)
	}
	// A reaction may send what nobody checked: the decision does.
	actor := enrolment.Describe(enrolments{})
	decided, err := actor.Prepare().Decide(engine.Meta{ID: uuid.New(), Stream: engine.StreamID{Type: actor.Type, ID: "x"}}, enrolment.NewState(), join(1, "Ann"))
	if err != nil || decided.Refusal == nil || decided.Refusal.Code() != engine.CodeInvalid {
		t.Errorf("%+v, %v", decided, err)
	}
}

// Two processes decide about the last seat before either can store: the second
// finds its condition broken under the lock, decides again, and refuses.
func TestBoundary_LastSeatDecidedTwice_IsTakenOnce(t *testing.T) {
	url := pgtest.Database(t, pgtest.Template{})
	engines := []*postgres.Engine{campusEngine(t, url), campusEngine(t, url)}
	outcomeOf(t, engines[0], courseID(1).String(), course.Open{Seats: 1})
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	until(t, conn, `SELECT count(DISTINCT owner) = 2 AND min(n) = 32 FROM (SELECT owner, count(*) AS n FROM backstory.slots WHERE consumer = 'commands' GROUP BY owner) s`)
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock('backstory.events'::regclass::oid::int, 0)`); err != nil {
		t.Fatal(err)
	}
	accepted := make(chan bool, 16)
	for s := range cap(accepted) {
		go func() {
			accepted <- outcomeOf(t, engines[s%2], "", join(1, fmt.Sprintf("s%d", s))).Status == engine.Accepted
		}()
	}
	until(t, conn, `SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`)
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for range cap(accepted) {
		if <-accepted {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("%d have the seat", taken)
	}
}

// until asks until the answer is true.
func until(t *testing.T, conn *pgx.Conn, question string) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-ticker.C {
		var yes bool
		if err := conn.QueryRow(t.Context(), question).Scan(&yes); err != nil || time.Now().After(deadline) {
			t.Fatalf("%s: still not; %v", question, err)
		}
		if yes {
			return
		}
	}
}
