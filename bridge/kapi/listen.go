package kapi

import "strings"

// Binding is a binding of a queue to a topic exchange.
type Binding struct{ Exchange, Key string }

// Answers names the messages that a listener handles; name "*" is any.
type Answers struct{ Category, Name string }

// Listener is what one part of the reference's webhooks application listens to.
type Listener struct {
	// Name is that of the hook as documents spell it, or what the messages are for.
	Name      string
	Exchanges []string // declared before anything is bound
	Bindings  []Binding
	Answers   []Answers
}

// HookListeners lists what the hook modules bind (webhooks_*:bindings_and_responders/0),
// one listener a hook. Their queue is one for all nodes.
func HookListeners() []Listener {
	return []Listener{
		onCalls("channel_create", ChannelCreate),
		onCalls("channel_answer", ChannelAnswer),
		onCalls("channel_bridge", ChannelBridge),
		onCalls("channel_destroy", ChannelDestroy),
		onCalls("parking", ParkParked, ParkRetrieved, ParkAbandoned),
		{
			Name:      "object",
			Exchanges: []string{ExchangeConfiguration},
			Bindings:  []Binding{{ExchangeConfiguration, "#"}}, // four wild words collapse to it
			Answers:   []Answers{{CategoryConfiguration, "*"}},
		},
		onNotifications(),
		onMessages(CategorySMS),
		onMessages(CategoryMMS),
	}
}

// HookDocumentsKey binds the changes of hook documents on ExchangeConfiguration.
const HookDocumentsKey = "*." + DatabaseWebhooks + ".webhook.*"

// KeepingListeners lists what the application itself binds to keep its table of
// hooks (webhooks_listener, webhooks_shared_listener).
func KeepingListeners() []Listener {
	on := func(name, key, event string) Listener {
		return Listener{
			Name:      name,
			Exchanges: []string{ExchangeConfiguration},
			Bindings:  []Binding{{ExchangeConfiguration, key}},
			Answers:   []Answers{{CategoryConfiguration, event}},
		}
	}
	return []Listener{
		on("hook documents", HookDocumentsKey, "*"),
		on("account deletions", "doc_deleted.*.account.*", "*"),
		on("re-enable requests", TypeUpdateKey("webhook"), EventTypeUpdate),
	}
}

func onCalls(hook string, events ...string) Listener {
	l := Listener{Name: hook, Exchanges: CallEventExchanges(), Bindings: CallEventBindings("*", events...)}
	for _, event := range events {
		l.Answers = append(l.Answers, Answers{CategoryCallEvent, event})
	}
	return l
}

// CallEventBindings are those for the named events of one call, or of every call
// with id "*". Without names it is every event (kapi_call:bind_q/2).
func CallEventBindings(id string, events ...string) []Binding {
	if len(events) == 0 {
		events = []string{"*"}
	}
	bindings := make([]Binding, len(events))
	for i, event := range events {
		bindings[i] = Binding{ExchangeCallEvents, CallEventKey(event, id)}
	}
	return bindings
}

// CallEventExchanges are those that whoever binds call events declares
// (kapi_call:declare_exchanges/0).
func CallEventExchanges() []string { return []string{ExchangeCallEvents, ExchangeCallManager} }

func onNotifications() Listener {
	l := Listener{
		Name:      "notifications",
		Exchanges: []string{ExchangeNotifications},
		Answers:   []Answers{{CategoryNotification, "*"}},
	}
	for _, n := range Notifications() {
		if n.Hooked {
			l.Bindings = append(l.Bindings, Binding{ExchangeNotifications, n.Key()})
		}
	}
	return l
}

// onMessages listens to what carriers bring; what accounts send one another is
// onnet, and no hook binds it.
func onMessages(category string) Listener {
	return Listener{
		Name:      category,
		Exchanges: []string{ExchangeMessages},
		Bindings:  []Binding{{ExchangeMessages, strings.Join([]string{category, "inbound", "offnet", "*"}, ".")}},
		Answers:   []Answers{{category, "inbound"}},
	}
}

// Declared are the exchanges that whoever binds to one declares
// (declare_exchanges/0 of the kapi modules).
func Declared(exchange string) []string {
	switch exchange {
	case ExchangeCallEvents:
		return CallEventExchanges()
	case ExchangeFaxes:
		return []string{ExchangeFaxes, ExchangeTargeted, ExchangeCallManager}
	}
	return []string{exchange}
}
