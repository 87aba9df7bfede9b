package pivot

import (
	"context"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Bus is what the engine says and hears.
type Bus interface {
	// Publish sends a whole message, default headers included.
	Publish(exchange, key string, message jobj.Object)
	// Bind has what comes to a key handed to the engine's Hear from then on.
	Bind(queue, exchange, key string)
	Unbind(queue, exchange, key string)
}

// Asker makes one request to the app. It is called by a goroutine of its own.
type Asker interface {
	Ask(ctx context.Context, r request.Request) (client.Answer, error)
}

// Connected are apps that keep a connection to us, and are told by it what HTTP cannot tell. Its
// methods return at once.
type Connected interface {
	// Has says that a URL is for one of them.
	Has(url string) bool
	// Result tells what the answer to a request led to: processing or failed, and what was wrong with it.
	Result(r request.Request, outcome string, problems []any)
	// CDR sends the record of a call to the app at a cdr_url.
	CDR(accountID, callID, url string, params jobj.Object) error
	// Forget is told of a call that is over.
	Forget(callID string)
}

// Documents are those of accounts: an account's own under its id, devices and users.
type Documents interface {
	// Documents fetches those that an account has, by their ids. then is called on the goroutine of the
	// timeline, at once or later.
	Documents(accountID string, ids []string, then func(found map[string]jobj.Object))
}

// Flows says what a JSON answer is.
type Flows interface {
	Check(text []byte, compat fidelity.Compat) flow.Result
}

// Config is what an engine works with. Line, Bus, Asker, Flows, IDs and Log are required.
type Config struct {
	Line  *timeline.Timeline
	Bus   Bus
	Asker Asker
	Flows Flows
	// Connected are asked by the Asker, too; nil where there are none.
	Connected Connected
	// Documents tells of the call's account; nil knows none.
	Documents Documents
	// Save stores a document in a database; nil drops it.
	Save   func(database string, doc jobj.Object)
	Compat fidelity.Compat
	IDs    *ids.Source
	Node   string // as name@host
	Log    *slog.Logger
	// Trace is told every step of every call; nil tells nobody.
	Trace func(Step)
	// Await is told when an answer of the app begins to be waited for; release is called when it has
	// come. nil holds the timeline, so that a script sees the same times whatever the app takes.
	// Where the time is the wall's, use the timeline's Stay.
	Await    func(request.Request) (release func())
	Settings Settings
	Limits   Limits
}

// Settings are what Kazoo's system configuration says; the zero value is its default.
type Settings struct {
	RequestTimeout     time.Duration // pivot.request_timeout_ms: 5 s
	TextBytes          int           // pivot.tts_texts_size: 4000
	ConferenceMusic    string        // pivot.twiml.conference_moh: $${hold_music}
	MaxRecording       int64         // kzt_twiml_util.max_length, seconds: 3600
	Engine             string        // speech.tts_provider: flite
	Language           string        // speech.tts_language: en-us
	Voice              string        // speech.tts_voice: male
	RecordingExtension string        // callflow.call_recording.extension: mp3
}

func (s Settings) filled() Settings {
	set := func(to *string, otherwise string) {
		if *to == "" {
			*to = otherwise
		}
	}
	if s.RequestTimeout == 0 {
		s.RequestTimeout = 5 * time.Second
	}
	if s.TextBytes == 0 {
		s.TextBytes = 4000
	}
	if s.MaxRecording == 0 {
		s.MaxRecording = 3600
	}
	set(&s.ConferenceMusic, "$${hold_music}")
	set(&s.Engine, "flite")
	set(&s.Language, "en-us")
	set(&s.Voice, "male")
	set(&s.RecordingExtension, "mp3")
	return s
}

// Limits of an engine that is told of none.
const (
	DefaultRequests      = 1000
	DefaultBody          = 2 << 20
	DefaultVariables     = 200
	DefaultVariableBytes = 64 << 10
)

// Limits bound what an app can make the engine do; the zero value is the default. Kazoo has no bound.
type Limits struct {
	Requests      int // of one worker
	Body          int // bytes of an answer
	Variables     int // that a call has
	VariableBytes int // of their names and values
}

func (l Limits) filled() Limits {
	if l.Requests == 0 {
		l.Requests = DefaultRequests
	}
	if l.Body == 0 {
		l.Body = DefaultBody
	}
	if l.Variables == 0 {
		l.Variables = DefaultVariables
	}
	if l.VariableBytes == 0 {
		l.VariableBytes = DefaultVariableBytes
	}
	return l
}
