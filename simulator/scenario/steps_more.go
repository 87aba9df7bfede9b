package scenario

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// Conference is what somebody does in a conference.
type Conference struct {
	Name    Label  `yaml:"name" is:"required" doc:"what the story calls the conference" eg:"standup"`
	Account string `yaml:"account" doc:"whose it is" default:"that of who joins first" eg:"acme"`

	Join   []string `yaml:"join" is:"one" doc:"users or people who dial in" eg:"[dana, pat]"`
	Leave  []string `yaml:"leave" is:"one" doc:"those who hang up" eg:"pat"`
	Mute   []string `yaml:"mute" is:"one" doc:"those who are not heard from now on" eg:"pat"`
	Unmute []string `yaml:"unmute" is:"one" doc:"those who are heard again" eg:"pat"`
	Deaf   []string `yaml:"deaf" is:"one" doc:"those who hear nothing from now on" eg:"pat"`
	Undeaf []string `yaml:"undeaf" is:"one" doc:"those who hear again" eg:"pat"`
	Talk   []string `yaml:"talk" is:"one" doc:"those who say something" eg:"dana"`
	Kick   []string `yaml:"kick" is:"one" doc:"those who are thrown out" eg:"pat"`
	Lock   *bool    `yaml:"lock" is:"one" doc:"whether nobody else may join from now on" eg:"true"`
}

// Fax is a fax from its beginning to its end.
type Fax struct {
	From   string `yaml:"from" is:"required" doc:"the user who sends it, or the person from whom it comes" eg:"dana"`
	To     string `yaml:"to" is:"required" doc:"the person or number it goes to; a number of an account for one that comes in" eg:"pat"`
	Pages  int    `yaml:"pages" doc:"how many pages it has" min:"1" max:"100" default:"2"`
	Result string `yaml:"result" doc:"what becomes of it: all pages are there; one that comes in breaks off; one that goes out finds the other busy, or nobody there" of:"ok|broken|busy|no_answer" default:"ok"`

	Account  string `yaml:"-"`
	Number   string `yaml:"-"` // that it goes to
	Incoming bool   `yaml:"-"`
}

// Message is a text message.
type Message struct {
	From string `yaml:"from" is:"required" doc:"the person or user who sends it" eg:"pat"`
	To   string `yaml:"to" is:"required" doc:"the number, user or person it goes to" eg:"dana"`
	Body string `yaml:"body" is:"required" doc:"what it says" eg:"On my way"`
	Kind string `yaml:"kind" doc:"sms, or mms for one with a picture" of:"sms|mms" default:"sms"`

	Account  string `yaml:"-"`
	Number   string `yaml:"-"` // that it goes to
	Incoming bool   `yaml:"-"`
}

// Registration is of a telephone.
type Registration struct {
	User string `yaml:"user" is:"required short" doc:"whose telephone" eg:"dana"`
}

// Edit changes a document.
type Edit struct {
	Account string `yaml:"account" doc:"whose" default:"the only account" eg:"acme"`
	Type    string `yaml:"type" is:"required" doc:"its type in Kazoo" eg:"user"`
	Action  string `yaml:"action" doc:"what becomes of it" of:"created|edited|deleted" default:"edited"`
	ID      string `yaml:"id" doc:"its id; the same for the same document" default:"a new one" eg:"\"{dana}\""`
}

// Load is many calls, as simulate makes them.
type Load struct {
	Rate     float64  `yaml:"rate" doc:"calls a second" min:"0.001" max:"1000" default:"1" eg:"5"`
	Arrivals string   `yaml:"arrivals" doc:"how they come" of:"steady|poisson|bursts|day" default:"poisson"`
	For      Duration `yaml:"for" doc:"for how long calls begin" default:"until there were so many calls" eg:"1m"`
	Calls    int      `yaml:"calls" doc:"how many" min:"1" max:"1000000" default:"as many as begin in that time" eg:"50"`
	Accounts []string `yaml:"accounts" doc:"whose" default:"those of all accounts that have telephones" eg:"[acme]"`
}

// REST is a request to the REST API. Exactly one of the methods is there.
type REST struct {
	Account string `yaml:"account" doc:"whose key it is made with; the path is below it" default:"the only account" eg:"acme"`
	Get     string `yaml:"get" is:"one" doc:"what is read" eg:"\"/webhooks/{calls}\""`
	Put     string `yaml:"put" is:"one" doc:"where something is created" eg:"/webhooks"`
	Post    string `yaml:"post" is:"one" doc:"what is replaced" eg:"\"/webhooks/{calls}\""`
	Patch   string `yaml:"patch" is:"one" doc:"what is changed" eg:"\"/webhooks/{calls}\""`
	Delete  string `yaml:"delete" is:"one" doc:"what is removed" eg:"\"/webhooks/{calls}\""`
	Body    any    `yaml:"body" doc:"the data that is sent" eg:"{enabled: true}"`
	Status  int    `yaml:"status" doc:"the HTTP status that must be answered" min:"100" max:"599" default:"any of success"`
	Data    any    `yaml:"data" doc:"what the answer's data must have; see matching. Members of a list are 0, 1 and so on" eg:"{enabled: true}"`

	Method string  `yaml:"-"`
	Target string  `yaml:"-"` // the path
	Wants  []Match `yaml:"-"` // of the data; the field data is all of what is no mapping, 0 a list's first
}

// Send is a command over a websocket. Exactly one of the first four is there.
type Send struct {
	Socket      string      `yaml:"socket" doc:"the websocket" default:"the only one" eg:"console"`
	Subscribe   []string    `yaml:"subscribe" is:"one" doc:"bindings that it hears from now on, each by a command of its own" eg:"[\"object.*.user\"]"`
	Unsubscribe []string    `yaml:"unsubscribe" is:"one" doc:"bindings that it hears no more, each by a command of its own" eg:"[\"call.*.*\"]"`
	API         *API        `yaml:"api" is:"one" doc:"a request to the REST API that the websocket passes on"`
	Frame       jobj.Object `yaml:"frame" is:"one" doc:"any other command as it goes over the wire; auth_token and request_id are filled in where there are none" eg:"{action: ping}"`
	Status      string      `yaml:"status" doc:"what each reply must say; of api, what REST must answer" of:"success|error" default:"success"`
	Data        any         `yaml:"data" doc:"what the data of the last reply must have, which of api is the whole answer; see matching" eg:"{response: pong}"`

	Request *REST   `yaml:"-"` // of API
	Wants   []Match `yaml:"-"` // of the data
}

// API is a request to the REST API over a websocket. Exactly one of the methods is there.
type API struct {
	Get    string `yaml:"get" is:"one" doc:"what is read; the path is below the websocket's account" eg:"/channels"`
	Put    string `yaml:"put" is:"one" doc:"where something is created" eg:"\"/channels/{first}\""`
	Post   string `yaml:"post" is:"one" doc:"what is replaced, or commanded" eg:"\"/channels/{first}\""`
	Patch  string `yaml:"patch" is:"one" doc:"what is changed" eg:"\"/webhooks/{calls}\""`
	Delete string `yaml:"delete" is:"one" doc:"what is removed" eg:"\"/webhooks/{calls}\""`
	Body   any    `yaml:"body" doc:"the data that is sent" eg:"{action: hangup}"`
}

// Fault breaks something.
type Fault struct {
	Duplicate    int      `yaml:"duplicate" is:"one" doc:"so many of the next messages are published twice" min:"1" max:"1000" eg:"1"`
	OutOfOrder   int      `yaml:"out_of_order" is:"one" doc:"so many of the next messages are published in the opposite order" min:"2" max:"1000" eg:"2"`
	Malformed    int      `yaml:"malformed" is:"one" doc:"so many messages are published that are no JSON" min:"1" max:"1000" eg:"1"`
	BrokerDrop   bool     `yaml:"broker_drop" is:"one" doc:"the broker closes every connection" eg:"true"`
	ReceiverDown string   `yaml:"receiver_down" is:"one" doc:"the receiver takes no connection" eg:"crm"`
	For          Duration `yaml:"for" doc:"how long the receiver is down" default:"to the end" eg:"10s"`
}

// Repeat has steps happen several times.
type Repeat struct {
	Times int      `yaml:"times" is:"required" doc:"how often" min:"1" max:"10000" eg:"3"`
	Every Duration `yaml:"every" doc:"from one beginning to the next" default:"as long as the steps take" eg:"10s"`
	Steps []Step   `yaml:"steps" is:"required" doc:"the steps; calls of the same name are each time others: first.2 is that of the second time"`
}

// Expectation is something that must have come.
type Expectation struct {
	Webhooks *Webhooks `yaml:"webhooks" is:"one" doc:"requests that a receiver got"`
	Frames   *Frames   `yaml:"frames" is:"one" doc:"frames that a websocket got"`
	Bus      *Bus      `yaml:"bus" is:"one" doc:"messages that were on the bus"`
	REST     *REST     `yaml:"rest" is:"one" doc:"what the REST API answers"`
	Within   Duration  `yaml:"within" doc:"how long it may take to come, on the wall" default:"5s" eg:"5s"`
}

// Webhooks are requests at a receiver.
type Webhooks struct {
	Hook        string        `yaml:"hook" doc:"those of a hook" default:"of all hooks of the receiver" eg:"calls"`
	Receiver    string        `yaml:"receiver" doc:"those at a receiver" default:"the hook's" eg:"crm"`
	Body        jobj.Object   `yaml:"body" doc:"those with these fields; see matching" eg:"{hook_event: channel_create}"`
	Headers     jobj.Object   `yaml:"headers" doc:"those with these headers" eg:"{Content-Type: application/json}"`
	Method      string        `yaml:"method" doc:"those of this method" of:"GET|POST|PUT"`
	Exactly     *int          `yaml:"exactly" doc:"how many there are" min:"0"`
	AtLeast     *int          `yaml:"at_least" doc:"how many there are at least" min:"0" default:"1"`
	AtMost      *int          `yaml:"at_most" doc:"how many there are at most" min:"0"`
	InOrder     []jobj.Object `yaml:"in_order" doc:"fields of requests that come one after the other; others may come between" eg:"[{hook_event: channel_create}, {hook_event: channel_destroy}]"`
	NothingElse bool          `yaml:"nothing_else" doc:"whether there is no other request" default:"false"`
}

// Frames are events at a websocket.
type Frames struct {
	Socket      string        `yaml:"socket" doc:"the websocket" default:"the only one" eg:"console"`
	Frame       jobj.Object   `yaml:"frame" doc:"those with these members, of the frame or of its data" eg:"{name: CHANNEL_CREATE}"`
	Exactly     *int          `yaml:"exactly" doc:"how many there are" min:"0"`
	AtLeast     *int          `yaml:"at_least" doc:"how many there are at least" min:"0" default:"1"`
	AtMost      *int          `yaml:"at_most" doc:"how many there are at most" min:"0"`
	InOrder     []jobj.Object `yaml:"in_order" doc:"members of frames that come one after the other; others may come between" eg:"[{name: CHANNEL_CREATE}, {name: CHANNEL_DESTROY}]"`
	NothingElse bool          `yaml:"nothing_else" doc:"whether there is no other event" default:"false"`
}

// Bus are messages on the bus.
type Bus struct {
	Event       string        `yaml:"event" doc:"those with this Event-Name" eg:"CHANNEL_DESTROY"`
	Fields      jobj.Object   `yaml:"fields" doc:"those with these fields, by their names on the bus" eg:"{Hangup-Cause: NORMAL_CLEARING}"`
	Exactly     *int          `yaml:"exactly" doc:"how many there are" min:"0"`
	AtLeast     *int          `yaml:"at_least" doc:"how many there are at least" min:"0" default:"1"`
	AtMost      *int          `yaml:"at_most" doc:"how many there are at most" min:"0"`
	InOrder     []jobj.Object `yaml:"in_order" doc:"fields of messages that come one after the other; others may come between" eg:"[{Event-Name: CHANNEL_CREATE}, {Event-Name: CHANNEL_DESTROY}]"`
	NothingElse bool          `yaml:"nothing_else" doc:"whether there is no other message of that event, or none at all" default:"false"`
}
