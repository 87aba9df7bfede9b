package scenario

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// Step is one thing that happens.
type Step struct {
	At    *Duration `yaml:"at" doc:"when, from the story's beginning, or from that of the repeat or branch it is in" default:"after" eg:"3s"`
	After *Duration `yaml:"after" doc:"how long after the step before is done" default:"as long as people take for it" eg:"200ms"`

	Call       *Call         `yaml:"call" is:"one" doc:"a call begins, and is given to a callflow"`
	Ring       *Ring         `yaml:"ring" is:"one" doc:"telephones ring"`
	Answer     *Answer       `yaml:"answer" is:"one" doc:"somebody whose telephone rings answers"`
	Play       *Play         `yaml:"play" is:"one" doc:"the callflow answers, where nobody has, and plays something"`
	Press      *Press        `yaml:"press" is:"one" doc:"somebody presses keys"`
	Hold       *Hold         `yaml:"hold" is:"one" doc:"somebody puts the other on hold"`
	Resume     *Resume       `yaml:"resume" is:"one" doc:"somebody takes the other back from hold"`
	Transfer   *Transfer     `yaml:"transfer" is:"one" doc:"somebody hands a call on"`
	Forward    *Forward      `yaml:"forward" is:"one" doc:"a telephone sends its call elsewhere, by a pair of loopback legs, and does not ring itself"`
	Intercept  *Intercept    `yaml:"intercept" is:"one" doc:"somebody takes a call that rings elsewhere"`
	Bridge     *Bridge       `yaml:"bridge" is:"one" doc:"two calls are made one"`
	Park       *Park         `yaml:"park" is:"one" doc:"a call is parked in a slot"`
	Retrieve   *Retrieve     `yaml:"retrieve" is:"one" doc:"somebody takes a call out of its slot"`
	Record     *Record       `yaml:"record" is:"one" doc:"a conversation is recorded"`
	Voicemail  *Voicemail    `yaml:"voicemail" is:"one" doc:"nobody answers, and the caller leaves a message"`
	Hangup     *Hangup       `yaml:"hangup" is:"one" doc:"somebody hangs up, or does not want the call that rings"`
	Conference *Conference   `yaml:"conference" is:"one" doc:"somebody joins a conference, leaves it, or is muted"`
	Fax        *Fax          `yaml:"fax" is:"one" doc:"a fax is sent or received"`
	Message    *Message      `yaml:"message" is:"one" doc:"a text message is sent"`
	Register   *Registration `yaml:"register" is:"one" doc:"a telephone registers"`
	Unregister *Registration `yaml:"unregister" is:"one" doc:"a telephone is gone"`
	Edit       *Edit         `yaml:"edit" is:"one" doc:"a document changes"`
	Emit       *Emit         `yaml:"emit" is:"one" doc:"any event of kazoolab trigger"`
	Load       *Load         `yaml:"load" is:"one" doc:"many calls, beside what else happens"`
	REST       *REST         `yaml:"rest" is:"one" doc:"a request to the REST API"`
	Send       *Send         `yaml:"send" is:"one" doc:"a command over a websocket"`
	Fault      *Fault        `yaml:"fault" is:"one" doc:"something breaks"`
	Wait       *Duration     `yaml:"wait" is:"one" doc:"nothing happens for a while" eg:"5s"`
	Repeat     *Repeat       `yaml:"repeat" is:"one" doc:"steps happen several times"`
	Together   [][]Step      `yaml:"together" is:"one" doc:"branches of steps that happen side by side"`
	Expect     []Expectation `yaml:"expect" is:"one" doc:"what must have come by now"`
}

// Call begins a call.
type Call struct {
	Name   Label  `yaml:"name" is:"required" doc:"what the story calls it" eg:"first"`
	From   string `yaml:"from" is:"required" doc:"the person or user who calls" eg:"pat"`
	To     string `yaml:"to" is:"required" doc:"the number or extension that is dialled, or the user, group or person who has it; a user reaches another account by a number of that" eg:"\"+14155550100\""`
	CallID string `yaml:"call_id" doc:"the Call-ID of its first leg" default:"one of the switch's making"`

	Number string `yaml:"-"` // what is dialled
	// Rings are those whose telephones are meant; none where it goes to the network.
	Rings   []string `yaml:"-"`
	Account string   `yaml:"-"` // whose call it is
	// Across says that a user of another account calls.
	Across bool `yaml:"-"`
}

// Ring has telephones ring.
type Ring struct {
	Call  string   `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	Who   []string `yaml:"who" doc:"the users, or the person outside" default:"those whom the number dialled is meant for" eg:"[dana, remy]"`
	Early bool     `yaml:"early" doc:"whether the caller hears a sound of the far end's, before the answer" default:"false"`
}

// Answer takes a call.
type Answer struct {
	Call string `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who answers" default:"the only one whose telephone rings" eg:"dana"`
}

// Play has the callflow play something.
type Play struct {
	Call string   `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	For  Duration `yaml:"for" doc:"how long" default:"4s" eg:"4s"`
}

// Press presses keys.
type Press struct {
	Call string `yaml:"call" is:"required" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who" default:"the caller" eg:"pat"`
	Keys Keys   `yaml:"keys" is:"required" doc:"the keys, one after the other" eg:"\"12#\""`
}

// Hold puts on hold.
type Hold struct {
	Call string `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who holds" default:"who answered" eg:"dana"`
}

// Resume takes back from hold.
type Resume struct {
	Call string `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who took it" default:"who answered" eg:"dana"`
}

// Transfer hands a call on.
type Transfer struct {
	Call string `yaml:"call" is:"required" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who hands it on" default:"who answered" eg:"dana"`
	To   string `yaml:"to" is:"required" doc:"the user, person or number it goes to" eg:"remy"`
	How  string `yaml:"how" doc:"blind: the other rings, and an answer follows; attended: the two have spoken before" of:"blind|attended" default:"blind"`

	Number string `yaml:"-"` // of To
}

// Forward sends a call elsewhere.
type Forward struct {
	Call string `yaml:"call" is:"required" doc:"the call" eg:"first"`
	User string `yaml:"user" doc:"whose telephone does" default:"the only one whom the call is meant for" eg:"dana"`
	To   string `yaml:"to" is:"required" doc:"the person or number where it rings instead" eg:"pat"`

	Number string `yaml:"-"` // of To
}

// Intercept takes a call that rings elsewhere.
type Intercept struct {
	Call string `yaml:"call" is:"required" doc:"the call" eg:"first"`
	By   string `yaml:"by" is:"required" doc:"the user who takes it" eg:"remy"`
}

// Bridge makes two calls one.
type Bridge struct {
	Call string `yaml:"call" is:"required" doc:"the call whose caller stays" eg:"first"`
	With string `yaml:"with" is:"required" doc:"the call to whose caller that one is connected" eg:"second"`
}

// Park parks a call.
type Park struct {
	Call string `yaml:"call" is:"required" doc:"the call" eg:"first"`
	By   string `yaml:"by" doc:"who parks the other" default:"who answered" eg:"dana"`
	Slot Slot   `yaml:"slot" is:"required" doc:"the slot" eg:"\"*3101\""`
}

// Retrieve takes a call out of its slot.
type Retrieve struct {
	Slot Slot   `yaml:"slot" is:"required" doc:"the slot" eg:"\"*3101\""`
	By   string `yaml:"by" is:"required" doc:"the user who takes it" eg:"remy"`

	Call    string `yaml:"-"` // which is in it
	Account string `yaml:"-"`
}

// Record takes a conversation down.
type Record struct {
	Call string   `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	For  Duration `yaml:"for" doc:"how long" default:"10s" eg:"10s"`
}

// Voicemail leaves a message.
type Voicemail struct {
	Call    string   `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	Box     string   `yaml:"box" doc:"the user whose box it is" default:"who rings first for it, and has one" eg:"remy"`
	Message Duration `yaml:"message" doc:"how long the message is" default:"20s" eg:"20s"`
	Heard   string   `yaml:"heard" doc:"what the owner does with the message afterwards, of which the telephone's lamp tells" of:"saved|deleted" default:"nothing"`
}

// Hangup ends a call, or refuses one that rings.
type Hangup struct {
	Call  string `yaml:"call" is:"required short" doc:"the call" eg:"first"`
	By    string `yaml:"by" doc:"who" default:"the caller" eg:"dana"`
	Cause string `yaml:"cause" doc:"the Hangup-Cause" default:"that of the moment: NORMAL_CLEARING, ORIGINATOR_CANCEL, USER_BUSY" eg:"USER_BUSY"`
}

// Emit makes any event.
type Emit struct {
	Event   string      `yaml:"event" is:"required short" doc:"an event of kazoolab trigger --list, or call for a whole one" eg:"voicemail_new"`
	Account string      `yaml:"account" doc:"whose" default:"the only account" eg:"acme"`
	Call    string      `yaml:"call" doc:"the call that it is about" default:"one of its own" eg:"first"`
	Set     jobj.Object `yaml:"set" doc:"fields of the message to change, by their names on the bus; dots lead into objects" eg:"{Caller-ID-Number: \"+15551234567\"}"`
}
