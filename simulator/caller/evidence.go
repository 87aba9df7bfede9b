package caller

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Sound is something that a caller hears.
type Sound struct {
	Kind string // say, play, tone, or another word of the switch
	// Text is what is said, or the address of what is played; what is heard in words for
	// anything else.
	Text string
}

// Question is digits that an app waits for, or a message.
type Question struct {
	By     string   `json:"by"`               // the verb or module that waits
	Most   int      `json:"most,omitempty"`   // digits; 0 is any number
	Finish string   `json:"finish,omitempty"` // the keys that end it
	Offers []string `json:"offers,omitempty"` // what the flow has an answer for
	Speech bool     `json:"speech,omitempty"` // a message is waited for, not digits
}

// Heard is a sound that a caller has heard.
type Heard struct {
	Sound

	At    time.Duration // since the call began
	Lasts time.Duration // as far as it was heard; 0 while it is
	Over  bool
	Why   string // it ended, where it was cut short
}

// Asked is a request that the app got, and what it answered.
type Asked struct {
	Method, URL string
	Params      jobj.Object
	Status      string // of the answer, in digits; why there is none in words
}

// Evidence is what came of a call.
type Evidence struct {
	Requests []Asked
	Heard    []*Heard
	Went     []string // where the flow went, in words of the trace

	HungUp string // who, as in a script; "" where the call is up
	Cause  string
	Failed string // why the app's last answer was not carried out; "" where it was
	Lasted time.Duration
}

// callStatus is that of the last request which had one.
func (e *Evidence) callStatus() (status string, there bool) {
	for _, r := range e.Requests {
		for _, name := range []string{"CallStatus", "Call-Status"} {
			if r.Params.Has(name) {
				status, there = r.Params.String(name), true
			}
		}
	}
	return status, there
}
