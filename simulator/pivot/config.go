package pivot

import (
	"cmp"
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
	Await func(request.Request) (release func())
	// RequestTimeout is for actions that say none; 0 is 5 s (pivot.request_timeout_ms).
	RequestTimeout time.Duration
	// Requests is how often a call may ask; 0 is 1000. Kazoo has no bound.
	Requests int
}

// What an app can make the engine do besides. Kazoo has no bound.
const (
	// MaxBody is how many bytes an answer may have: no Asker need read more.
	MaxBody = 2 << 20

	maxVariables     = 200 // that a call has
	maxVariableBytes = 64 << 10
	maxEndpoints     = 100 // that a Dial rings together
)

// settings are what else Kazoo's system configuration says; the zero value is its default. Only the records of
// the reference say otherwise.
type settings struct {
	TextBytes          int    // pivot.tts_texts_size: 4000
	ConferenceMusic    string // pivot.twiml.conference_moh: $${hold_music}
	MaxRecording       int64  // kzt_twiml_util.max_length, seconds: 3600
	Engine             string // speech.tts_provider: flite
	Language           string // speech.tts_language: en-us
	Voice              string // speech.tts_voice: male
	RecordingExtension string // callflow.call_recording.extension: mp3
}

func (s settings) filled() settings {
	return settings{
		TextBytes: cmp.Or(s.TextBytes, 4000), ConferenceMusic: cmp.Or(s.ConferenceMusic, "$${hold_music}"),
		MaxRecording: cmp.Or(s.MaxRecording, 3600), Engine: cmp.Or(s.Engine, "flite"), Language: cmp.Or(s.Language, "en-us"),
		Voice: cmp.Or(s.Voice, "male"), RecordingExtension: cmp.Or(s.RecordingExtension, "mp3"),
	}
}
