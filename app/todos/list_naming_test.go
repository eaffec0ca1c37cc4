package todos_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/ids"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listname"
)

var (
	asked   = []engine.Event{list.Created{Name: "Groceries", ReservationID: first}}
	renamed = groceries(list.NameRequested{Name: "Shop", ReservationID: second})
	ended   = groceries(list.NameRequested{Name: "Shop", ReservationID: second}, list.Archived{}, list.Deleted{})
	holder  = ids.List(uuid.MustParse("00000000-0000-4000-8000-000000000001"))
	other   = ids.List(uuid.MustParse("00000000-0000-4000-8000-000000000002"))
)

func namingDecisions() []decisionCase {
	return []decisionCase{
		{"create asks for the name", nil, list.Create{Name: "Groceries"}, []engine.Event{list.Created{Name: "Groceries", ReservationID: engine.GivenID(1)}}},
		{"claim", asked, list.ClaimName{ReservationID: first}, []engine.Event{list.NameClaimed{ReservationID: first}}},
		{"the first name", asked, list.Activate{ReservationID: first}, []engine.Event{list.NameConfirmed{Name: "Groceries", ReservationID: first}}},
		{"the name is taken", asked, list.RefuseName{ReservationID: first}, []engine.Event{list.NameRefused{Name: "Groceries", ReservationID: first}}},
		{"rename asks for the name", groceries(), list.UpdateName{Name: "Shop"}, []engine.Event{list.NameRequested{Name: "Shop", ReservationID: engine.GivenID(1)}}},
		{"rename to the same name changes nothing", groceries(), list.UpdateName{Name: "Groceries"}, nil},
		{"another spelling is the list's already", groceries(), list.UpdateName{Name: "GROCERIES"}, []engine.Event{list.NameUpdated{Name: "GROCERIES"}}},
		{"the next name tells which is free", renamed, list.Activate{ReservationID: second}, []engine.Event{
			list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}}},
		{"the name could not be reserved", asked, list.GiveUpName{ReservationID: first}, []engine.Event{list.NameGivenUp{Name: "Groceries", ReservationID: first}}},
		{"a name that is not wanted any more is given up", groceries(), list.GiveUpName{ReservationID: second}, nil},
		{"a list whose new name could not be reserved keeps its own", append(renamed[:len(renamed):len(renamed)], list.NameGivenUp{Name: "Shop", ReservationID: second}), list.UpdateName{Name: "Groceries"}, nil},
		{"the next name is taken", renamed, list.RefuseName{ReservationID: second}, []engine.Event{list.NameRefused{Name: "Shop", ReservationID: second}}},
		{"a refusal of a name that is not wanted any more", groceries(), list.RefuseName{ReservationID: second}, nil},
		{"a list that was refused its new name keeps its own", append(renamed[:len(renamed):len(renamed)], list.NameRefused{Name: "Shop", ReservationID: second}), list.UpdateName{Name: "Groceries"}, nil},
	}
}

func TestListName_OfAList(t *testing.T) { decide(t, namingDecisions()) }

func namingRefusals() []refusalCase {
	refused := append(asked[:1:1], list.NameRefused{Name: "Groceries", ReservationID: first})
	return []refusalCase{
		{"rename an archived list", groceries(list.Archived{}), list.UpdateName{Name: "x"}, list.NotActive{}},
		{"rename a list that waits for its first name", asked, list.UpdateName{Name: "x"}, list.NotActive{}},
		{"add to a list that waits for its first name", asked, list.AddItem{Text: "x"}, list.NotActive{}},
		{"add to a list that never began", refused, list.AddItem{Text: "x"}, list.NotActive{}},
		{"rename a list that is being renamed", renamed, list.UpdateName{Name: "Other"}, list.NamePending{}},
		{"claim what is not wanted", groceries(), list.ClaimName{ReservationID: second}, list.NameNotWanted{}},
		{"take what is not wanted", groceries(), list.Activate{ReservationID: second}, list.NameNotWanted{}},
		{"a deleted list claims nothing", ended, list.ClaimName{ReservationID: second}, list.NameNotWanted{}},
		{"a deleted list takes no name", ended, list.Activate{ReservationID: second}, list.NameNotWanted{}},
	}
}

func TestListName_RefusedByTheList(t *testing.T) { refuse(t, namingRefusals()) }

type nameCase struct {
	name    string
	given   []engine.Event
	when    listname.GivenCommand
	then    []engine.Event
	refused engine.Refusal
}

func nameCases() []nameCase {
	reserved := listname.Reserved{ListID: holder, ReservationID: first}
	confirmed := listname.Confirmed{ListID: holder, ReservationID: first}
	type events = []engine.Event
	return []nameCase{
		{"a free name", nil, listname.Reserve{ListID: holder, ReservationID: first}, events{reserved}, nil},
		{"the same reservation again", events{reserved}, listname.Reserve{ListID: holder, ReservationID: first}, nil, nil},
		{"a name that is kept for another list", events{reserved}, listname.Reserve{ListID: other, ReservationID: second}, nil, listname.Taken{}},
		{"a name that is another list's", events{reserved, confirmed}, listname.Reserve{ListID: other, ReservationID: second}, nil, listname.Taken{}},
		{"confirm", events{reserved}, listname.Confirm{ReservationID: first}, events{confirmed}, nil},
		{"confirm twice", events{reserved, confirmed}, listname.Confirm{ReservationID: first}, nil, nil},
		{"confirm too late", events{reserved, listname.Expired{ReservationID: first}}, listname.Confirm{ReservationID: first}, nil, listname.NotReserved{}},
		{"confirm what is another's by now", events{reserved, listname.Expired{ReservationID: first}, listname.Reserved{ListID: other, ReservationID: second}},
			listname.Confirm{ReservationID: first}, nil, listname.NotReserved{}},
		{"expire", events{reserved}, listname.Expire{ReservationID: first}, events{listname.Expired{ReservationID: first}}, nil},
		{"a confirmed name does not expire", events{reserved, confirmed}, listname.Expire{ReservationID: first}, nil, nil},
		{"an old reservation's end does not touch a new one", events{reserved, listname.Expired{ReservationID: first}, listname.Reserved{ListID: other, ReservationID: second}},
			listname.Expire{ReservationID: first}, nil, nil},
		{"release", events{reserved, confirmed}, listname.Release{ReservationID: first}, events{listname.Released{ReservationID: first}}, nil},
		{"release what is another's", events{reserved, confirmed}, listname.Release{ReservationID: second}, nil, nil},
		{"a released name is free", events{reserved, confirmed, listname.Released{ReservationID: first}}, listname.Reserve{ListID: other, ReservationID: second},
			events{listname.Reserved{ListID: other, ReservationID: second}}, nil},
	}
}

func TestListName(t *testing.T) {
	for _, c := range nameCases() {
		t.Run(c.name, func(t *testing.T) {
			result := listname.Given(t, todos.ListName{}, c.given...).When(c.when)
			if c.refused != nil {
				result.ThenRefused(c.refused)
				return
			}
			result.Then(c.then...)
		})
	}
}

func TestListName_Reactions(t *testing.T) {
	groceriesID, shopID := ids.ListName("groceries"), ids.ListName("shop")
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	given := func(history ...engine.Event) *engine.GivenReactions {
		return gen.GivenList(t, todos.List{}, history...)
	}

	given().On(asked[0]).ThenDispatched(groceriesID, listname.Reserve{ListID: holder, ReservationID: first})
	given(groceries()...).On(renamed[len(renamed)-1]).ThenDispatched(shopID, listname.Reserve{ListID: holder, ReservationID: second})
	given().OnRefused(asked[0], groceriesID, listname.Reserve{ListID: holder, ReservationID: first}, listname.Taken{}).
		ThenDispatched(holder, list.RefuseName{ReservationID: first})
	given().OnParked(asked[0], nil, "broken").ThenDispatched(holder, list.GiveUpName{ReservationID: first})
	given(asked...).On(list.NameClaimed{ReservationID: first}).ThenDispatched(groceriesID, listname.Confirm{ReservationID: first})
	given(asked...).OnRefused(list.NameClaimed{ReservationID: first}, groceriesID, listname.Confirm{ReservationID: first}, listname.NotReserved{}).
		ThenDispatched(holder, list.GiveUpName{ReservationID: first})
	given(asked...).OnParked(list.NameClaimed{ReservationID: first}, nil, "broken").ThenDispatched(holder, list.GiveUpName{ReservationID: first})
	given(asked...).On(list.NameConfirmed{Name: "Groceries", ReservationID: first}).ThenNothing()
	given(renamed...).On(confirmed).ThenDispatched(groceriesID, listname.Release{ReservationID: first})
	given(groceries(list.Archived{})...).On(list.Deleted{}).ThenDispatched(groceriesID, listname.Release{ReservationID: first})
}

func TestListName_ReactionsOfTheName(t *testing.T) {
	name := ids.ListName("groceries")
	reserved := engine.In("groceries", listname.Reserved{ListID: holder, ReservationID: first})
	confirmed := engine.In("groceries", listname.Confirmed{ListID: holder, ReservationID: first})
	given := func(history ...engine.Event) *engine.GivenReactions {
		return gen.GivenListName(t, todos.ListName{}, history...)
	}

	given().On(reserved).ThenDispatched(holder, list.ClaimName{ReservationID: first}).ThenScheduled("PT1M", name, listname.Expire{ReservationID: first})
	given().OnRefused(reserved, holder, list.ClaimName{ReservationID: first}, list.NameNotWanted{}).ThenDispatched(name, listname.Expire{ReservationID: first})
	given().OnParked(reserved, nil, "broken").ThenDispatched(name, listname.Expire{ReservationID: first})
	given(reserved).On(confirmed).ThenDispatched(holder, list.Activate{ReservationID: first})
	given(reserved).OnRefused(confirmed, holder, list.Activate{ReservationID: first}, list.NameNotWanted{}).ThenDispatched(name, listname.Release{ReservationID: first})
}
