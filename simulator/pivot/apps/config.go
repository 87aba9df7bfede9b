package apps

import (
	"errors"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// Config is what a Directory works with. All are required.
type Config struct {
	// Clock measures deadlines and the silence of nodes: the machine's own, where a lab's
	// may be put forward.
	Clock   clock.Clock
	IDs     *ids.Source
	Log     *slog.Logger
	Node    string // in messages, as name@host
	Version string
}

// Why nobody has answered. Errors of Ask wrap one, or that of its context.
var (
	// ErrNobody says that no socket has the application registered.
	ErrNobody = errors.New("nobody has registered it at a websocket of this bridge (pivot_register)")
	// ErrBusy says that every socket of the application has as many requests as it takes.
	ErrBusy = errors.New("every socket of it has as many requests as it accepts")
	// ErrLost says that the socket which had the request ended, and no other came in time.
	ErrLost = errors.New("its socket was lost, and no other has come in time")
	// ErrDeadline says that the application had the request, and has not answered in time.
	ErrDeadline = errors.New("it has not answered in time")
	// ErrAddress says that a URL names no application.
	ErrAddress = errors.New("no application at a websocket: http://NAME" + request.SocketHost + "/PATH, the name of at most 32 of a-z, 0-9 and -")
)

const (
	// defaultTimeout is that of a request without one (pivot's own).
	defaultTimeout = 5 * time.Second
	// silence is how long a registration is believed in of which nothing is heard.
	silence = 35 * time.Second
	// sweepPause is how often that is looked at.
	sweepPause = 5 * time.Second
	// longCall is how long a call that asks nothing may yet ask: none sleeps for longer (cf_sleep). The end of one
	// can be missed, while there is no broker, and it is not kept for ever then.
	longCall = 24 * time.Hour
	// maxEnded requests are remembered, to say what became of them.
	maxEnded = 10_000
)
