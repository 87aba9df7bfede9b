package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
)

// Profile says what a deployment is, where it is reached, and what may be done to it. It is
// written by hand, as YAML.
type Profile struct {
	Name         string      `yaml:"name" is:"required" doc:"what reports call the target" eg:"staging"`
	About        string      `yaml:"about" doc:"more about it, for people"`
	Dialect      string      `yaml:"dialect" of:"auto|talk|5.0|4.3" default:"auto" doc:"version of Kazoo whose shapes are demanded; auto asks the target"`
	REST         Address     `yaml:"rest" is:"required" doc:"base URL of Crossbar" eg:"http://kazoo.example.com:8000"`
	Sockets      Address     `yaml:"sockets" doc:"URL of the websockets (blackhole)" default:"there are none" eg:"ws://kazoo.example.com:5555"`
	AMQP         Address     `yaml:"amqp" doc:"URL of the broker. One that has a password in it is taken from env or file" default:"no access to the bus" eg:"{env: KAZOO_AMQP}"`
	Management   Address     `yaml:"management" doc:"URL of the broker's management API, where the target's connections may be closed to see what it makes of that; whom amqp names is let in" default:"they are left alone" eg:"http://rabbit.example.com:15672"`
	Credentials  Credentials `yaml:"credentials" is:"required" doc:"who the harness is; an account in which it may make others"`
	Features     Features    `yaml:"features" doc:"what the target has; auto finds out"`
	Clock        ClockPlan   `yaml:"clock" doc:"how time passes for rules about minutes"`
	Receiver     Receiver    `yaml:"receiver" doc:"the harness's receivers of webhooks"`
	May          string      `yaml:"may" of:"write|own-subaccount|read-only" default:"write" doc:"write makes accounts below the credentials' account; own-subaccount makes one there, and all others within it; read-only changes nothing"`
	Timeouts     Timeouts    `yaml:"timeouts" doc:"how long is waited"`
	Concurrency  int         `yaml:"concurrency" min:"1" max:"64" default:"8" doc:"groups of requirements that are carried out at once"`
	Expectations string      `yaml:"expectations" doc:"file of the failures that are known, from the profile's folder on" eg:"known.yaml"`
}

// What a harness may do to a target.
const (
	Write         = "write"
	OwnSubaccount = "own-subaccount"
	ReadOnly      = "read-only"
)

// Address is a URL, as it stands or from somewhere else.
type Address struct {
	URL  string `yaml:"url" is:"one short" doc:"the URL itself, without a secret in it"`
	Env  string `yaml:"env" is:"one" doc:"name of the environment variable that has it" eg:"KAZOO_REST"`
	File string `yaml:"file" is:"one" doc:"file that has it"`
}

// Secret is a value that does not stand in a profile, unless somebody wants it to.
type Secret struct {
	Env    string `yaml:"env" is:"one" doc:"name of the environment variable that has it" eg:"KAZOO_API_KEY"`
	File   string `yaml:"file" is:"one" doc:"file that has it"`
	Inline string `yaml:"inline" is:"one" doc:"the secret itself: for targets that have none worth the name"`
}

// Credentials are of one of three kinds.
type Credentials struct {
	User   *User   `yaml:"user" is:"one" doc:"a user's name and password"`
	APIKey *Secret `yaml:"api_key" is:"one" doc:"an account's API key"`
	Token  *Token  `yaml:"token" is:"one" doc:"a token that somebody else got"`
}

// User logs in by PUT /v2/user_auth.
type User struct {
	Name        string `yaml:"name" is:"required" doc:"the user's name"`
	Password    Secret `yaml:"password" is:"required" doc:"the user's password"`
	AccountName string `yaml:"account_name" is:"one" doc:"name of the account"`
	Realm       string `yaml:"realm" is:"one" doc:"realm of the account"`
}

// Token is a token and the account that it is for.
type Token struct {
	Value   Secret `yaml:"value" is:"required" doc:"the token"`
	Account string `yaml:"account" is:"required" doc:"id of the account that it is for"`
}

// Features are those of the suite (suite.Features), each on, off or auto.
type Features struct {
	Sockets      string `yaml:"sockets" of:"on|off|auto" default:"auto" doc:"websockets; auto: where the profile names a URL for them"`
	Bus          string `yaml:"bus" of:"on|off|auto" default:"auto" doc:"AMQP; auto: where the profile names a broker"`
	Hooks        string `yaml:"hooks" of:"on|off|auto" default:"auto" doc:"webhooks, and that the target reaches the harness; auto tries"`
	Switch       string `yaml:"switch" of:"on|off|auto" default:"auto" doc:"a switch that answers questions and obeys commands; auto asks on the bus"`
	Pivot        string `yaml:"pivot" of:"on|off|auto" default:"auto" doc:"Pivot, which takes calls that a callflow hands to it; auto hands it one on the bus"`
	PivotSockets string `yaml:"pivot-sockets" of:"on|off|auto" default:"auto" doc:"websockets at which apps of Pivot register; auto asks at one, unless lab is off"`
	PivotApps    string `yaml:"pivot-apps" of:"on|off|auto" default:"auto" doc:"Pivot that asks apps at websockets; auto hands it a call for one, unless lab is off"`
	Lab          string `yaml:"lab" of:"on|off|auto" default:"auto" doc:"extensions of kazoolab; auto: where REST answers /livez"`
	Clock        string `yaml:"clock" of:"on|off|auto" default:"auto" doc:"whether rules about minutes are judged; off leaves them out"`
	OneNode      string `yaml:"one-node" of:"on|off|auto" default:"auto" doc:"one node takes all events, so that those of a call have an order; auto: where a lab's clock is"`
}

// ClockPlan says how time is put forward.
type ClockPlan struct {
	Lab   string  `yaml:"lab" doc:"URL of a lab's clock API" default:"real time passes" eg:"http://127.0.0.1:8000/_dev/clock/advance"`
	Token *Secret `yaml:"token" doc:"the token that it wants"`
}

// Receiver is where the harness hears webhooks.
type Receiver struct {
	Listen    string `yaml:"listen" default:"127.0.0.1:0" doc:"address on which the harness listens; port 0 takes a free one" eg:"0.0.0.0:8090"`
	Advertise string `yaml:"advertise" default:"made of listen" doc:"URL under which the target reaches that" eg:"http://10.0.0.7:8090"`
}

// Timeouts bound a run.
type Timeouts struct {
	Preflight Duration `yaml:"preflight" default:"1m" doc:"finding out what the target is" eg:"30s"`
	Run       Duration `yaml:"run" default:"10m" doc:"all of it" eg:"20m"`
	Group     Duration `yaml:"group" default:"3m, or 15m where minutes pass in real time" doc:"one group of requirements" eg:"5m"`
	Reply     Duration `yaml:"reply" default:"made of the latency that was measured" doc:"an answer of REST, or to a command on a socket" eg:"20s"`
	Delivery  Duration `yaml:"delivery" default:"made of the latency that was measured" doc:"from an event to its webhook or frame" eg:"30s"`
}

// Duration is a length of time as people write it.
type Duration time.Duration

// Parse reads it.
func (d *Duration) Parse(text string) error {
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return fmt.Errorf("%q is no length of time such as 30s, 5m or 1m30s", text)
	}
	*d = Duration(parsed)
	return nil
}

// Keywords says so to editors.
func (*Duration) Keywords() jobj.Object {
	return jobj.Object{{Key: "pattern", Value: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`}}
}

// or is the length of time, or another where none was given.
func (d *Duration) or(other time.Duration) time.Duration {
	if *d == 0 {
		return other
	}
	return time.Duration(*d)
}

// Read reads a profile. The error is a *form.FileError with all that is wrong, by line and column.
func Read(name string, text []byte) (Profile, error) {
	var p Profile
	r := form.Read(name, text, &p)
	p.check(r)
	if err := r.Err(); err != nil {
		return Profile{}, err
	}
	p.fill()
	return p, nil
}

// check notes what the types do not say.
func (p *Profile) check(r *form.Reading) {
	if r.Has("compat") {
		r.WrongKey("compat", "is no member of a profile: Kazoo's own wire is what is certified, quirks included. Leave it out, and have the target run with compat kazoo")
	}
	p.REST.check(r, "rest", "http", "http://kazoo.example.com:8000")
	p.Sockets.check(r, "sockets", "ws", "ws://kazoo.example.com:5555")
	p.AMQP.check(r, "amqp", "amqp", "amqp://rabbit.example.com:5672/")
	p.Management.check(r, "management", "http", "http://rabbit.example.com:15672")
	if p.Receiver.Advertise != "" {
		(&Address{URL: p.Receiver.Advertise}).check(r, "receiver.advertise", "http", "http://10.0.0.7:8090")
	}
	if p.Clock.Lab != "" {
		(&Address{URL: p.Clock.Lab}).check(r, "clock.lab", "http", "http://127.0.0.1:8000/_dev/clock/advance")
	} else if p.Clock.Token != nil {
		r.WrongKey("clock.token", "is for a lab's clock; give its URL as lab, or leave it out")
	}
	if p.Features.Sockets == on && p.Sockets.empty() {
		r.Wrong("features.sockets", "is on, but the profile names no sockets; add sockets: ws://…")
	}
	if p.Features.Bus == on && p.AMQP.empty() {
		r.Wrong("features.bus", "is on, but the profile names no broker; add amqp: {env: NAME}")
	}
	if c := p.Credentials; c.Token != nil && c.Token.Account != "" && len(c.Token.Account) != 32 {
		r.Wrong("credentials.token.account", "%q is no id of an account: 32 hexadecimal digits", c.Token.Account)
	}
}

func (a *Address) empty() bool { return *a == Address{} }

// check wants a URL of a scheme, or of that with TLS, and no password that is worth hiding.
func (a *Address) check(r *form.Reading, path, scheme, example string) {
	if a.URL == "" {
		return
	}
	at := path
	u, err := url.Parse(a.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != scheme && u.Scheme != scheme+"s":
		r.Wrong(at, "is no URL that begins with %s:// or %[1]ss:// and names a host; write it as %s", scheme, example)
	case secretIn(u):
		r.Wrong(at, "has a password in it, and profiles are passed around; write {env: NAME} or {file: PATH} in its place")
	}
}

// secretIn tells whether a URL has a password other than RabbitMQ's own, which everybody knows.
func secretIn(u *url.URL) bool {
	password, has := u.User.Password()
	return has && (u.User.Username() != "guest" || password != "guest")
}

// What a feature can be.
const (
	on   = "on"
	off  = "off"
	auto = "auto"
)

// fill puts in what was left out.
func (p *Profile) fill() {
	defaults := []struct {
		to   *string
		text string
	}{
		{&p.Dialect, auto}, {&p.May, Write}, {&p.Receiver.Listen, "127.0.0.1:0"},
		{&p.Features.Sockets, auto}, {&p.Features.Bus, auto}, {&p.Features.Hooks, auto}, {&p.Features.Switch, auto}, {&p.Features.Pivot, auto},
		{&p.Features.Lab, auto}, {&p.Features.Clock, auto},
	}
	for _, d := range defaults {
		if *d.to == "" {
			*d.to = d.text
		}
	}
	if p.Concurrency == 0 {
		p.Concurrency = 8
	}
}

// Schema is the JSON Schema of profiles, for editors.
func Schema() ([]byte, error) {
	o := form.Schema(reflect.TypeFor[Profile](), "kazoolab target profile",
		"A deployment that kazoolab certify judges. See docs/certify.md.")
	var text bytes.Buffer
	if err := json.Indent(&text, jobj.Append(nil, o), "", "  "); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// Outside is where values that do not stand in a profile come from.
type Outside struct {
	Getenv   func(name string) string
	ReadFile func(name string) ([]byte, error)
}

var errEmpty = errors.New("it is empty")

// value returns what one of three places has. field names it in an error.
func (o Outside) value(field, here, env, file string) (string, error) {
	switch {
	case env != "":
		if v := strings.TrimSpace(o.Getenv(env)); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("%s: the environment variable %s is not set; set it, or change the profile", field, env)
	case file != "":
		text, err := o.ReadFile(file)
		v := strings.TrimSpace(string(text))
		if err == nil && v == "" {
			err = errEmpty
		}
		if err != nil {
			return "", fmt.Errorf("%s: file %s: %w", field, file, err)
		}
		return v, nil
	}
	return here, nil
}

func (o Outside) secret(field string, s Secret) (string, error) {
	return o.value(field, s.Inline, s.Env, s.File)
}

// address also looks at what came from outside.
func (o Outside) address(field string, a Address, schemes ...string) (string, error) {
	v, err := o.value(field, a.URL, a.Env, a.File)
	if err != nil || v == "" {
		return "", err
	}
	u, err := url.Parse(v)
	if err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		return "", fmt.Errorf("%s: what %s%s has is no URL that begins with %s://", field, a.Env, a.File, strings.Join(schemes, ":// or "))
	}
	if u.User != nil && !slices.Contains(schemes, "amqp") { // it would stand in logs and reports
		return "", fmt.Errorf("%s: the URL has a user in it, which only a broker takes; leave it out", field)
	}
	return strings.TrimRight(v, "/"), nil
}

// RunLimit is how long a run may take.
func (p *Profile) RunLimit() time.Duration { return p.Timeouts.Run.or(10 * time.Minute) }

// GroupLimit is how long one group may take: longer where its minutes pass in real time.
func (p *Profile) GroupLimit(realWaits bool) time.Duration {
	if realWaits {
		return p.Timeouts.Group.or(15 * time.Minute)
	}
	return p.Timeouts.Group.or(3 * time.Minute)
}
