package caller

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// File is a script as it is written.
type File struct {
	Title      string                `yaml:"caller" is:"required" doc:"what the caller wants, in a line" eg:"A caller chooses sales"`
	About      string                `yaml:"about" doc:"more about it, for people"`
	From       string                `yaml:"from" doc:"who calls: an extension of the account, or a number in E.164" default:"1001" eg:"\"+12125550199\""`
	Name       string                `yaml:"name" doc:"the name that the caller shows" default:"Alice Doe"`
	To         string                `yaml:"to" doc:"what is dialled, where no step dials" default:"2000" eg:"\"2000\""`
	Telephones form.Named[Telephone] `yaml:"telephones" doc:"who takes the calls that the app makes for the caller"`
	Steps      []Step                `yaml:"steps" doc:"what the caller does, in order" default:"the caller listens until the app hangs up"`
	Expect     []Expectation         `yaml:"expect" doc:"what must have come of it"`
}

// Telephone is somebody whom the app can call.
type Telephone struct {
	ID      string            `yaml:"id" doc:"the id of the user and of the device by which the app dials it" default:"its name in the script" eg:"1d9a0c4be7f24b6d9a3c55e0b7f1a2c3"`
	Number  string            `yaml:"number" doc:"the number of the telephone network that the app dials instead" eg:"\"+14155550100\""`
	Does    string            `yaml:"does" is:"short" doc:"what becomes of a call to it: somebody answers, refuses it, is in another call, or lets it ring" of:"answers|refuses|busy|ignores" default:"answers" eg:"busy"`
	After   scenario.Duration `yaml:"after" doc:"how long it rings before that" default:"4s"`
	HangsUp scenario.Duration `yaml:"hangs_up" doc:"how long after they are connected it hangs up" default:"never: the caller does, or the app" eg:"20s"`
}

// Step is one thing that the caller does.
type Step struct {
	After   *scenario.Duration `yaml:"after" doc:"how long after the step before is done" default:"as long as people take for it"`
	Dial    *Dial              `yaml:"dial" is:"one" doc:"the call begins; it is the first step, or left out"`
	WaitFor *WaitFor           `yaml:"wait_for" is:"one" doc:"the caller listens until something is heard, or happens"`
	Press   *Press             `yaml:"press" is:"one" doc:"the caller presses keys"`
	Speak   *scenario.Duration `yaml:"speak" is:"one" doc:"the caller speaks for so long, as into a recording" eg:"5s"`
	Wait    *scenario.Duration `yaml:"wait" is:"one" doc:"nothing happens for a while" eg:"2s"`
	Hangup  string             `yaml:"hangup" is:"one" doc:"somebody hangs up: caller, or the name of a telephone" eg:"caller"`
}

// Dial begins the call.
type Dial struct {
	To string `yaml:"to" is:"required short" doc:"what is dialled" eg:"\"2000\""`
}

// WaitFor is what the caller waits for.
type WaitFor struct {
	Prompt    string            `yaml:"prompt" is:"one short" doc:"words of what is said, or of the address of what is played; /regular expression/ for a pattern" eg:"Press one for sales"`
	Silence   scenario.Duration `yaml:"silence" is:"one" doc:"nothing is heard for so long" eg:"2s"`
	Ringing   string            `yaml:"ringing" is:"one" doc:"a telephone rings, by its name" eg:"remy"`
	Connected string            `yaml:"connected" is:"one" doc:"the caller speaks with a telephone, by its name; conference stands for one that the caller is in" eg:"remy"`
	End       bool              `yaml:"end" is:"one" doc:"the call is over"`
	ToTheEnd  bool              `yaml:"to_the_end" doc:"whether the caller hears a prompt to its end before the next step" default:"false"`
	Within    scenario.Duration `yaml:"within" doc:"how long it may take" default:"30s"`

	sounds int // so many have begun; of a recording alone
}

// Press is keys.
type Press struct {
	Keys  scenario.Keys      `yaml:"keys" is:"required short" doc:"the keys" eg:"\"12#\""`
	Every *scenario.Duration `yaml:"every" doc:"from one key to the next" default:"300ms"`
}

// Expectation is something that must have come of a call.
type Expectation struct {
	Request  *Request `yaml:"request" is:"one" doc:"a request that the app got"`
	Heard    []string `yaml:"heard" is:"one" doc:"prompts that the caller heard, one after the other; others may come between; written as those of wait_for" eg:"[Press one for sales, Goodbye]"`
	NotHeard []string `yaml:"not_heard" is:"one" doc:"prompts that the caller never heard" eg:"[Goodbye]"`
	Branches []string `yaml:"branches" is:"one" doc:"where the flow went, one after the other; others may come between; the words of the trace, as \"Gather: no digits\"" eg:"[\"menu: 1\"]"`
	Final    *Final   `yaml:"final" is:"one" doc:"how the call ended"`
}

// Request is what requests to the app must have been.
type Request struct {
	Number  int         `yaml:"number" is:"short" doc:"that request alone, counted from 1" min:"1" default:"any"`
	Method  string      `yaml:"method" doc:"its method" of:"GET|POST"`
	URL     string      `yaml:"url" doc:"its URL, with the query of a GET; see the rules of values" eg:"/choice/"`
	Params  jobj.Object `yaml:"params" doc:"parameters, by their names; see the rules of values" eg:"{Digits: \"1\", CallStatus: absent}"`
	Status  int         `yaml:"status" doc:"the HTTP status of the answer" min:"100" max:"599" eg:"200"`
	Exactly *int        `yaml:"exactly" doc:"how many there are" min:"0"`
	AtLeast *int        `yaml:"at_least" doc:"how many there are at least" min:"1" default:"1"`
}

// Final is how a call ended.
type Final struct {
	HungUp     string `yaml:"hung_up" doc:"who hung up: app, caller, or the name of a telephone" eg:"app"`
	Cause      string `yaml:"cause" doc:"the Hangup-Cause of the caller's leg; see the rules of values" eg:"NORMAL_CLEARING"`
	CallStatus string `yaml:"call_status" doc:"the CallStatus of the last request that had one; absent for none; see the rules of values" eg:"completed"`
	Outcome    string `yaml:"outcome" doc:"what became of the app's last answer: whether the document or flow was carried out to its end, or why not" of:"completed|failed" eg:"completed"`
	Seconds    string `yaml:"seconds" doc:"how long the call lasted; see the rules of values" eg:"< 60"`
}
