package scenario

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
)

// File is a scenario as it is written.
type File struct {
	Title     string               `yaml:"scenario" is:"required" doc:"what happens, in a line" eg:"A call rings two telephones"`
	About     string               `yaml:"about" doc:"more about it, for people"`
	Seed      string               `yaml:"seed" doc:"what ids, names and small delays are drawn from: the same seed gives the same bytes" default:"the file's name" eg:"monday"`
	Start     Moment               `yaml:"start" doc:"the moment at which it begins, as the messages tell it" default:"now"`
	Accounts  form.Named[Account]  `yaml:"accounts" is:"required" doc:"the accounts, by the names that the story has for them"`
	People    form.Named[Person]   `yaml:"people" doc:"people outside, in the telephone network"`
	Receivers form.Named[Receiver] `yaml:"receivers" doc:"HTTP receivers that the player runs, for hooks"`
	Hooks     form.Named[Hook]     `yaml:"hooks" doc:"webhooks, created over REST before the story begins"`
	Sockets   form.Named[Socket]   `yaml:"sockets" doc:"websockets, connected and subscribed before the story begins"`
	Steps     []Step               `yaml:"steps" is:"required" doc:"what happens, in order"`
	Expect    []Expectation        `yaml:"expect" doc:"what must have come of it in the end"`
}

// Account is an account of the story.
type Account struct {
	Name     string              `yaml:"name" doc:"its name in Kazoo" default:"made of the story's" eg:"Acme Dental"`
	Parent   string              `yaml:"parent" doc:"the account above it" default:"the provider's, who runs the system" eg:"beta"`
	Reseller bool                `yaml:"reseller" doc:"whether it resells, so that accounts below it are its own" default:"false"`
	Numbers  []Number            `yaml:"numbers" doc:"its telephone numbers; the first is the one it shows" eg:"[\"+14155550100\"]"`
	Users    form.Named[User]    `yaml:"users" doc:"its people, each of whom has a telephone"`
	Groups   form.Named[Members] `yaml:"groups" doc:"those of its people who ring together, by the group's name" eg:"{front: [dana, remy]}"`
}

// Members are the users of a group.
type Members []string

// Number is a telephone number of an account.
type Number struct {
	Number PhoneNumber `yaml:"number" is:"required short" doc:"the number, in E.164" eg:"\"+14155550100\""`
	Rings  []string    `yaml:"rings" doc:"who rings for it" default:"all users of the account" eg:"[dana, remy]"`
	Alert  []string    `yaml:"missed_call_alert" doc:"the mail addresses that a missed_call notification names when nobody takes a call to it" default:"nobody is told" eg:"[dana@acme.example.com]"`
}

// User is a person of an account.
type User struct {
	Name      string `yaml:"name" is:"short" doc:"what the telephone shows" default:"made of the story's" eg:"Dana Desk"`
	Extension Digits `yaml:"extension" doc:"what others in the account dial" default:"counted from 1001" eg:"\"1001\""`
	Voicemail bool   `yaml:"voicemail" doc:"whether there is a voicemail box" default:"false"`
}

// Person is somebody in the telephone network.
type Person struct {
	Number PhoneNumber `yaml:"number" is:"required short" doc:"the number, in E.164" eg:"\"+12125550199\""`
	Name   string      `yaml:"name" doc:"what the carrier says of who calls" default:"the carrier says none" eg:"PAT EXAMPLE"`
}

// Receiver is an HTTP receiver.
type Receiver struct {
	Answers Answers `yaml:"answers" is:"short" doc:"what it answers in turn, the last for ever: a status, slow:2s, drop, redirect:/path; 500x3 is three times 500" default:"200" eg:"500x2,200"`
}

// Hook is a webhook.
type Hook struct {
	Account            string      `yaml:"account" doc:"whose events it hears" default:"the only account" eg:"acme"`
	Hook               string      `yaml:"hook" is:"required" doc:"which events" of:"channel_create|channel_answer|channel_bridge|channel_destroy|parking|object|notifications|sms|mms|inbound_fax|outbound_fax|callflow|all" eg:"channel_create"`
	Receiver           string      `yaml:"receiver" doc:"the receiver that gets them" default:"the only receiver, where there is no uri" eg:"crm"`
	URI                string      `yaml:"uri" doc:"where else they go; no receiver of the story counts them" eg:"http://127.0.0.1:8099/"`
	Format             string      `yaml:"format" doc:"the form of what is sent" of:"form-data|json" default:"form-data"`
	HTTPVerb           string      `yaml:"http_verb" doc:"the method of requests" of:"get|post|put" default:"post"`
	Retries            *int        `yaml:"retries" doc:"how often a request is tried" min:"0" max:"4" default:"2"`
	IncludeSubaccounts bool        `yaml:"include_subaccounts" doc:"whether it hears the accounts below, too" default:"false"`
	IncludeInternal    *bool       `yaml:"include_internal_legs" doc:"whether it hears loopback legs" default:"true"`
	CustomData         jobj.Object `yaml:"custom_data" doc:"members that are sent along; type and action choose among the events of object and notifications" eg:"{type: user, action: doc_edited}"`
	Name               string      `yaml:"name" doc:"its name in Kazoo" default:"the story's"`
}

// Socket is a websocket.
type Socket struct {
	Account   string   `yaml:"account" doc:"whose events it hears" default:"the only account" eg:"acme"`
	Subscribe []string `yaml:"subscribe" is:"required" doc:"the bindings" eg:"[\"call.*.*\"]"`
}
