// Package config owns the settings: their names, meanings, defaults and where
// each value came from. The tags of Config are the only list; names of
// environment variables, flags and the example file are derived from it. The
// package never acts on a setting and keeps nothing between two loads.
//
// A value is taken from the first of: flag, environment, file, default.
package config

import "time"

// Config is every setting of every command. The tags say:
//
//	koanf      name; nested names are joined by dots
//	for        commands that read it
//	help       one line for people
//	default    text of the default; default-<command> replaces it for one command
//	check      rule of the text: choice (see choices), amqp, store, address, apikey, user
//	choices    accepted words, separated by |
//	min        smallest number, size or duration accepted
//	max        largest number accepted
//	empty      "yes" accepts an empty text although the default is none
//	by         name of another setting: an empty text then means that of the tag
//	           by-WORD, WORD being what the other says
//	secret     "yes" hides the value, "url" the password in it
//
// An int64 is a size in bytes, written as 256MiB, 1GB or 1048576. A list is written
// with commas between its members; a flag of one may also be repeated.
type Config struct {
	AMQPURL              string        `koanf:"amqp-url" for:"up,bridge,trigger,simulate,call,record,replay,queues" default:"amqp://guest:guest@127.0.0.1:5672/" default-up:"" check:"amqp" secret:"url" help:"broker to use; left empty, up has one of its own"`
	Store                string        `koanf:"store" for:"bridge" default:"sqlite:kazoolab.db" check:"store" secret:"url" help:"where everything is kept: sqlite:FILE, sqlite::memory:, or postgres://USER:PASSWORD@HOST/DATABASE, which several nodes share and which is waited for, 30s"`
	Data                 string        `koanf:"data" for:"up" help:"folder that keeps accounts and hooks between runs; empty means a temporary one"`
	RunFile              string        `koanf:"run-file" for:"up,trigger,simulate,call,record,replay,listen,health,env,clock,hooks,queues,certify" help:"file in which up tells the other commands about itself; empty means one in the user's runtime folder"`
	Seed                 string        `koanf:"seed" for:"up,trigger,simulate,call" default:"demo" default-trigger:"" default-simulate:"" default-call:"" help:"makes ids and names repeatable; for trigger, simulate and call empty means new calls each time"`
	Dialect              string        `koanf:"dialect" for:"up,bridge" default:"talk" check:"choice" choices:"talk|5.0|4.3" help:"version of Kazoo that is spoken"`
	Compat               string        `koanf:"compat" for:"up,bridge,pivot" default:"kazoo" check:"choice" choices:"kazoo|corrected" help:"whether that version's quirks are reproduced; see kazoolab quirks"`
	AllowLoopbackTargets bool          `koanf:"allow-loopback-targets" for:"up,bridge" default:"false" default-up:"true" help:"let webhooks point at this machine itself: an exception of the REST API's block list and of webhooks.guard"`
	DrainTimeout         time.Duration `koanf:"drain-timeout" for:"up,bridge" default:"30s" default-up:"5s" min:"0s" help:"how long to finish deliveries under way when stopping"`
	REST                 REST          `koanf:"rest"`
	Log                  Log           `koanf:"log"`
	Webhooks             Webhooks      `koanf:"webhooks"`
	Bootstrap            Bootstrap     `koanf:"bootstrap"`
	Broker               Broker        `koanf:"broker"`
	Websockets           Websockets    `koanf:"websockets"`
	Pivot                Pivot         `koanf:"pivot"`
}

// REST is the HTTP side.
type REST struct {
	Listen string `koanf:"listen" for:"up,bridge,health" default:"0.0.0.0:8000" default-up:"127.0.0.1:8000" check:"address" help:"address of the REST API, /livez, /readyz and /metrics; port 0 takes a free one"`
}

// Log is what the program says about itself on standard error.
type Log struct {
	Level  string `koanf:"level" for:"up,bridge,broker,trigger,simulate,call,record,replay,pivot" default:"info" default-pivot:"error" default-up:"warn" default-trigger:"error" default-simulate:"error" default-call:"error" default-record:"error" default-replay:"error" check:"choice" choices:"debug|info|warn|error" help:"lowest level that is written"`
	Format string `koanf:"format" for:"up,bridge,broker,trigger,simulate,call,record,replay,pivot" default:"text" check:"choice" choices:"text|json" help:"form of a log line"`
}

// Webhooks is how events are delivered. Kazoo keeps these in its system
// configuration, category webhooks: connect_timeout_ms, log_successful_attempts,
// attempt_failure_count, attempt_failure_expiry_ms and disable_disabler. An account
// can have its own of the two about failures. Kazoo has no request timeout.
type Webhooks struct {
	Concurrency           int           `koanf:"concurrency" for:"up,bridge" default:"64" min:"1" help:"requests under way at once for one hook"`
	Prefetch              int           `koanf:"prefetch" for:"up,bridge" default:"2000" min:"1" max:"65535" help:"events taken from the queue and not yet safe; bounds memory"`
	MaxRequests           int           `koanf:"max-requests" for:"up,bridge" default:"1024" min:"1" help:"requests at once for all webhooks together; each is an open file"`
	ConnectTimeout        time.Duration `koanf:"connect-timeout" for:"up,bridge" default:"10s" min:"1ms" help:"longest wait for a receiver to take the connection, TLS included"`
	RequestTimeout        time.Duration `koanf:"request-timeout" for:"up,bridge" by:"compat" by-kazoo:"60s" by-corrected:"10s" min:"1ms" help:"longest wait for a receiver's whole answer; empty means 60s, or 10s with compat corrected"`
	DeliveryLimit         int           `koanf:"delivery-limit" for:"up,bridge" default:"20" min:"0" help:"times an event may be taken and not finished, the ends of nodes and connections included, before it goes to the dead-letter queue; 0 is any number"`
	RetryMaxWait          time.Duration `koanf:"retry-max-wait" for:"up,bridge" default:"1m" min:"1ms" help:"longest pause before a 5xx or 429 is tried again, Retry-After included; the event's message is held as long"`
	Guard                 string        `koanf:"guard" for:"up,bridge" default:"on" check:"choice" choices:"on|strict|off" help:"addresses receivers may not have, looked at when dialled: on refuses this machine, its link and cloud metadata, strict private networks too"`
	TLSVerify             bool          `koanf:"tls-verify" for:"up,bridge" default:"true" help:"check the certificates of receivers"`
	ExplainEvents         int           `koanf:"explain-events" for:"up,bridge" default:"1000" min:"0" help:"events remembered for kazoolab explain, and as many that belong to no account; 0 is none"`
	LogSuccessfulAttempts bool          `koanf:"log-successful-attempts" for:"up,bridge" default:"false" help:"record deliveries that succeeded too, not only failures"`
	AttemptsKeep          time.Duration `koanf:"attempts-keep" for:"up,bridge" default:"744h" min:"0s" help:"how long recorded attempts are kept; 0s is for ever"`
	AttemptsMax           int           `koanf:"attempts-max" for:"up,bridge" default:"1000000" min:"0" help:"how many recorded attempts are kept, of all hooks together; 0 is any number"`
	AttemptFailureCount   int           `koanf:"attempt-failure-count" for:"up,bridge" default:"6" min:"1" max:"10000" help:"failed requests of one hook within webhooks.attempt-failure-expiry that switch it off"`
	AttemptFailureExpiry  time.Duration `koanf:"attempt-failure-expiry" for:"up,bridge" default:"1m" min:"100ms" help:"how long a failed request counts; looked at every quarter of it"`
	DisableDisabler       bool          `koanf:"disable-disabler" for:"up,bridge" default:"false" help:"never switch a hook off for its failures"`
}

// Bootstrap is the first account of an empty store.
type Bootstrap struct {
	AccountName string `koanf:"account-name" for:"bridge" help:"name of the master account to make when the store has no account"`
	User        string `koanf:"user" for:"bridge" default:"admin" help:"its administrator's user name"`
	Password    string `koanf:"password" for:"bridge" secret:"yes" help:"the administrator's password; better given in the environment or the file"`
	APIKey      string `koanf:"api-key" for:"bridge" check:"apikey" secret:"yes" help:"the account's API key, 64 hexadecimal digits; empty means a random one"`
}

// Broker is the broker that the program has in itself.
type Broker struct {
	Listen    string   `koanf:"listen" for:"broker" default:"127.0.0.1:5672" check:"address" help:"address for AMQP clients; port 0 takes a free one"`
	HTTP      string   `koanf:"http" for:"broker" default:"127.0.0.1:15672" check:"address" empty:"yes" help:"address of the management API; empty means none"`
	MaxMemory int64    `koanf:"max-memory" for:"broker" default:"256MiB" min:"1" help:"messages held before publishers have to wait, as 256MiB, 1GB or a number of bytes"`
	User      []string `koanf:"user" for:"broker" check:"user" secret:"yes" help:"who may log in, as name:password; several with commas between; left empty, guest with password guest, from this machine only"`
	Vhost     []string `koanf:"vhost" for:"broker" default:"/" help:"virtual hosts; several with commas between"`
}

// Websockets is how sockets are served. Kazoo keeps these in its system configuration:
// port, ip, use_ssl, ssl_port, ssl_cert, ssl_key, max_connections_per_ip and
// send_timeout_ms of category blackhole, and the bucket of category token_buckets. It
// has no limits for a frame, what may wait, an account, or bindings.
type Websockets struct {
	Listen         string        `koanf:"listen" for:"up,bridge" default:"0.0.0.0:5555" default-up:"127.0.0.1:5555" check:"address" empty:"yes" help:"address for websockets; port 0 takes a free one, empty means none"`
	TLSListen      string        `koanf:"tls-listen" for:"up,bridge" check:"address" help:"address for websockets over TLS, as 0.0.0.0:5556; empty means none"`
	TLSCertificate string        `koanf:"tls-certificate" for:"up,bridge" help:"PEM file with the certificate for websockets.tls-listen and those above it; read again when it changes"`
	TLSKey         string        `koanf:"tls-key" for:"up,bridge" help:"PEM file with that certificate's key; read again when it changes"`
	TrustedProxies []string      `koanf:"trusted-proxies" for:"up,bridge" default:"127.0.0.1" check:"network" help:"addresses or networks of proxies whose X-Forwarded-For is believed, over REST, too; several with commas between"`
	IdleTimeout    time.Duration `koanf:"idle-timeout" for:"up,bridge" default:"1h" min:"1s" help:"how long a client may send nothing, not even a ping, before its socket is closed"`
	SendTimeout    time.Duration `koanf:"send-timeout" for:"up,bridge" default:"5s" min:"100ms" help:"how long a client may take nothing of what is written before its socket is closed"`
	MaxFrame       int64         `koanf:"max-frame" for:"up,bridge" default:"1MiB" min:"1KiB" help:"largest frame of a client; a larger one closes its socket"`
	MaxQueue       int           `koanf:"max-queue" for:"up,bridge" default:"1000" min:"1" help:"events that may wait for one slow socket before it is closed"`
	MaxQueueBytes  int64         `koanf:"max-queue-bytes" for:"up,bridge" default:"1MiB" min:"1KiB" help:"the same in bytes"`
	MaxPerAddress  int           `koanf:"max-per-address" for:"up,bridge" default:"0" min:"0" help:"sockets that one address may have open at a node; 0 is any number"`
	MaxPerAccount  int           `koanf:"max-per-account" for:"up,bridge" default:"0" min:"0" help:"sockets that one account may have open at a node; 0 is any number"`
	MaxBindings    int           `koanf:"max-bindings" for:"up,bridge" default:"10000" min:"0" help:"bindings of one socket; 0 is any number"`
	RateBurst      int           `koanf:"rate-burst" for:"up,bridge" default:"100" min:"0" help:"commands of one socket at once; 0 is any number"`
	RatePerSecond  int           `koanf:"rate-per-second" for:"up,bridge" default:"10" min:"1" help:"commands a second that one socket may give on from there"`
	Extensions     string        `koanf:"extensions" for:"up,bridge" default:"quiet" check:"choice" choices:"quiet|listed|off" help:"what no Kazoo has, such as resume and api: quiet answers who uses it, listed shows it in GET /websockets too"`
	ReplayEvents   int           `koanf:"replay-events" for:"up,bridge" default:"10000" min:"0" help:"events kept for clients that come back with resume, of all bindings together"`
	ReplayBytes    int64         `koanf:"replay-bytes" for:"up,bridge" default:"16MiB" min:"1" help:"the same in bytes"`
	ReplayKeep     time.Duration `koanf:"replay-keep" for:"up,bridge" default:"5m" min:"1m" help:"how long a binding's events are kept after the last socket with resume has left it"`
}

// Pivot is how apps are asked what is next for a call. Kazoo keeps the first in its system configuration, category
// pivot: request_timeout_ms. It asks without bound.
type Pivot struct {
	RequestTimeout time.Duration `koanf:"request-timeout" for:"up" default:"5s" min:"1ms" help:"longest wait for an app's answer, where the action has no req_timeout_ms"`
	MaxRequests    int           `koanf:"max-requests" for:"up" default:"1000" min:"1" help:"times a call may ask by TwiML before that is taken for a loop, and the call hung up"`
}
