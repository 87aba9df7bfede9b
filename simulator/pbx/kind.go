package pbx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Kind is something that can be made to happen: one message, or several that
// follow each other.
type Kind struct {
	Name  string // as hooks spell it, or the bus where no hook hears it
	Group string
	About string // one line
	// Hook is the hook that hears it, "" where none does.
	Hook string

	category, event string // of the message
	by              origin
	at              phase // of the call that it is about
	// base are the fields that the switch itself writes of such a moment; nil for none.
	base func(*scene) jobj.Object
	// fields is a JSON object that is laid over them, "" for none; {places} in it are those
	// of scene.values.
	fields string
	// steps are laid over the fields, one for each message; without any there is one
	// message.
	steps []string
}

// on has the switch write the fields of a kind, over which the kind's own are laid.
func (k Kind) on(base func(*scene) jobj.Object) Kind {
	k.base = base
	return k
}

// Kinds lists everything that can be made to happen, group by group.
func Kinds() []Kind {
	kinds := slices.Concat(
		group("Calls", callKinds()),
		group("Parking", parkingKinds()),
		group("Call control and records", controlKinds()),
		group("Documents", documentKinds()),
		group("Notifications: accounts and users", accountKinds()),
		group("Notifications: numbers and ports", numberKinds()),
		group("Notifications: calls, phones and voicemail", callNotificationKinds()),
		group("Notifications: fax", faxNotificationKinds()),
		group("Text messages", textKinds()),
		group("Fax progress", faxKinds()),
		group("Conferences", conferenceKinds()),
		group("Presence", presenceKinds()),
		group("Registrations", registrarKinds()),
	)
	for _, n := range kapi.Notifications() {
		i := slices.IndexFunc(kinds, func(k Kind) bool { return k.category == n.Category && k.event == n.Name })
		if i >= 0 && n.Hooked {
			kinds[i].Hook = "notifications"
			if n.Name == "webhook" { // those leave it to the hook that it brings, and to these
				kinds[i].Hook = "callflow"
			}
		}
	}
	return kinds
}

func group(name string, kinds []Kind) []Kind {
	for i := range kinds {
		kinds[i].Group = name
	}
	return kinds
}

// FindKind looks a kind up by its name, in any case and with hyphens or
// underscores; by the name of a hook that hears it; or by an Event-Name that only one
// kind has.
func FindKind(text string) (Kind, bool) {
	name := plain(text)
	if name == "" {
		return Kind{}, false
	}
	for hook, kind := range map[string]string{
		"parking":  "park_parked",
		"object":   "doc_edited",
		"sms":      "sms_inbound",
		"mms":      "mms_inbound",
		"callflow": "webhook",
	} {
		if name == hook {
			name = kind
		}
	}
	var same []Kind
	for _, k := range Kinds() {
		if plain(k.Name) == name {
			return k, true
		}
		if plain(k.event) == name {
			same = append(same, k)
		}
	}
	if len(same) == 1 {
		return same[0], true
	}
	return Kind{}, false
}

func plain(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// kindOf finds a kind that a message could be of.
func kindOf(category, name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.category == category && k.event == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Event is the Event-Name of its messages.
func (k Kind) Event() string { return k.event }

// Category is their Event-Category.
func (k Kind) Category() string { return k.category }

// Messages is how many there are. A change of an account is one more than it says: it
// stands in two databases.
func (k Kind) Messages() int { return max(1, len(k.steps)) }

// Compose makes the events of a kind as of now, in the order in which they are
// published. Their values fit one another, as those of one call.
func (s *Switch) Compose(k Kind, spec Spec) ([]Event, error) {
	kind, ok := kapi.FindPublication(k.category, k.event)
	if !ok {
		return nil, &UnknownEventError{k.Name}
	}
	sc := s.newScene(k, spec)
	fields, err := sc.fill(k.fields)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	if k.base != nil {
		fields = k.base(sc).Merge(fields)
	}
	fields = fields.Set("Event-Name", k.event)
	sender := s.sender(k.by)
	var events []Event
	for _, step := range sc.steps(k) {
		over, err := sc.fill(step)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		events = append(events, Event{&kind, sender, s.stamp(fields.Merge(over), k.by, sender)})
	}
	return events, nil
}

// steps are the kind's, or a single empty one. A document of type account is
// written twice.
func (sc *scene) steps(k Kind) []string {
	switch {
	case k.steps != nil:
		return k.steps
	case sc.twice(k):
		return []string{"{}", `{"Database": "accounts"}`}
	}
	return []string{"{}"}
}

func (sc *scene) fill(text string) (jobj.Object, error) {
	if text == "" {
		return nil, nil
	}
	obj, err := jobj.ParseObject([]byte(text))
	if err != nil {
		return nil, err
	}
	filled, _ := fill(obj, sc.values).(jobj.Object)
	return filled, nil
}
