package webhooks

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/bridge/webhooks/lanes"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config sets how deliveries are made. Start from DefaultConfig.
type Config struct {
	// Dialect is the version whose hooks and payloads are spoken.
	Dialect fidelity.Dialect
	// Compat says whether that version's quirks are reproduced.
	Compat fidelity.Compat
	// Concurrency is how many requests run at once for one hook. More serves a
	// slow receiver faster and asks more of it.
	Concurrency int
	// MaxRequests is how many run at once for all hooks. A hook may have a quarter of
	// what is free of them, and an account as many as are free.
	MaxRequests int
	// Prefetch is how many events may be taken and not yet safe. It bounds memory and
	// how much is delivered again after a crash; below 500 the broker's CPU for an
	// event rises.
	Prefetch int
	// MaxEvent is the largest message that is read, in bytes. Kazoo's have a few
	// thousand.
	MaxEvent int
	// DeliveryLimit is how often the broker may deliver an event that is not finished
	// before it goes to the Graveyard unread: one that ends each node that takes it
	// must not go round for ever. What a lost connection or the end of a node
	// interrupts counts too, and so do the up to Prefetch events taken along with it.
	// 0 is any number.
	DeliveryLimit int
	// ConnectTimeout bounds dialling (webhooks.connect_timeout_ms).
	ConnectTimeout time.Duration
	// RequestTimeout bounds the wait for an answer; the reference waits for ever
	// (quirk no-timeout).
	RequestTimeout time.Duration
	// Guard says which addresses receivers may not have. Its zero value refuses this
	// machine's own; the reference has none.
	Guard guard.Guard
	// TLSUnverified takes any certificate of a receiver, as the reference does
	// (quirk tls-unverified).
	TLSUnverified bool
	// RetryPause is the time between two tries (webhooks_util:retry_hook/3). It
	// doubles, less some chance, from try to try where a status is tried again.
	RetryPause time.Duration
	// RetryMaxWait bounds that pause, and what a receiver may ask for with
	// Retry-After. The event's message waits as long: keep all pauses of a hook well
	// below the time RabbitMQ lets a consumer hold a message, 30 minutes.
	RetryMaxWait time.Duration
	// LogSuccessfulAttempts stores attempts that succeeded too
	// (webhooks.log_successful_attempts).
	LogSuccessfulAttempts bool
	// AttemptsKeep and AttemptsMax bound what Retention leaves stored.
	AttemptsKeep time.Duration
	AttemptsMax  int
	// FailureLimit is how many failures switch a hook off, where neither its account
	// nor its reseller says otherwise (webhooks.attempt_failure_count and
	// attempt_failure_expiry_ms).
	FailureLimit disabler.Limit
	// DisableDisabler leaves hooks on however often they fail
	// (webhooks.disable_disabler).
	DisableDisabler bool
	// Reserved are the Custom-Channel-Vars no receiver sees.
	Reserved payload.ReservedVars
}

// DefaultConfig is what Kazoo does, bounded where it is not.
func DefaultConfig() Config {
	return Config{
		Dialect:        fidelity.Talk,
		Compat:         fidelity.Kazoo,
		Concurrency:    64,
		MaxRequests:    1024,
		Prefetch:       2000,
		MaxEvent:       1 << 20,
		DeliveryLimit:  20,
		ConnectTimeout: 10 * time.Second,
		RequestTimeout: 60 * time.Second,
		RetryPause:     2 * time.Second,
		AttemptsKeep:   31 * 24 * time.Hour,
		AttemptsMax:    1_000_000,
		RetryMaxWait:   time.Minute,
		FailureLimit:   disabler.DefaultLimit(),
		Reserved:       payload.DefaultReservedVars(),
	}
}

// Accounts tells who an event concerns.
type Accounts interface {
	Get(id string) (account.Account, bool)
	Ancestors(id string) []string // from the root to the parent
	NumberOwner(number string) (accountID string, ok bool)
}

// Failures is told of each try that failed: an answer that is no success, or none.
type Failures interface {
	Failed(hook *Hook, at time.Time)
}

// Documents are the documents of hooks.
type Documents interface {
	Get(ctx context.Context, db, id string) (store.Document, error)
}

// Dependencies are what an engine works with. Fields without a remark are required.
type Dependencies struct {
	Hooks    *Registry
	Accounts Accounts
	Records  Records
	Failures Failures // nil tells nobody
	// Backlogs is where deliveries are parked that cannot be made now. Nil parks none:
	// they wait in memory, and their messages in the broker.
	Backlogs Backlogs
	// Documents tells a hook that is off from one that is gone; nil where nothing is
	// parked.
	Documents Documents
	// Node names this process among those that share the Backlogs.
	Node      string
	Clock     clock.Clock
	IDs       *ids.Source
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	ClusterID string
	// Graveyard keeps broken messages; without it they are dropped.
	Graveyard Graveyard
	// Journal remembers events and what became of them; nil remembers none.
	Journal *journal.Journal
}

// Engine delivers events. Handle takes them, Run lets them be recorded.
type Engine struct {
	cfg      Config
	dep      Dependencies
	client   *delivery.Client
	lanes    *lanes.Lanes
	recorder *recorder
	parking  *parking // nil without Dependencies.Backlogs
	burials  *burials
	metrics  *metrics
	reader   *payload.Reader
}

// New makes an engine that does nothing yet.
func New(cfg Config, dep Dependencies) *Engine {
	machine := clock.Machine(dep.Clock)
	e := &Engine{
		cfg: cfg,
		dep: dep,
		client: delivery.NewClient(delivery.Config{
			Compat:         cfg.Compat,
			Guard:          cfg.Guard,
			TLSUnverified:  cfg.TLSUnverified,
			ConnectTimeout: cfg.ConnectTimeout,
			AnswerTimeout:  cfg.RequestTimeout,
			IdlePerHost:    cfg.Concurrency,
			KeepBody:       64 << 10,
		}),
		recorder: newRecorder(dep.Records, dep.Clock, dep.Log),
		burials:  newBurials(dep),
		reader:   payload.NewReader(payload.Rules{Dialect: cfg.Dialect, Compat: cfg.Compat, Reserved: cfg.Reserved}),
		metrics:  newMetrics(dep.Metrics, func() float64 { return float64(dep.Hooks.Len()) }),
	}
	rules := lanes.Config{Width: cfg.Concurrency, Total: cfg.MaxRequests, Room: room, Clock: machine}
	if dep.Backlogs != nil {
		rules.Patience = patience
		e.parking = newParking(e, machine)
	}
	e.lanes = lanes.New(rules)
	return e
}

// How many deliveries wait in memory before no more events are taken, and how long one
// may have to wait because its receiver is slow before it is parked.
const (
	room     = 512
	patience = 250 * time.Millisecond
)

// Run records attempts, and parks deliveries and takes them out again, until ctx
// ends. Deliveries need it to finish.
func (e *Engine) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { e.recorder.run(ctx) })
	if e.parking != nil {
		running.Go(func() { e.parking.run(ctx) })
	}
	running.Wait()
}

// Stored is why the store has refused what it was last given, or nil.
func (e *Engine) Stored() error {
	if problem := e.recorder.failing.Load(); problem != nil {
		return *problem
	}
	return nil
}

// Drain returns when all that was taken is finished, or given up because the
// context it was handled with ended. What is parked stays for other nodes, or the
// next start.
func (e *Engine) Drain(ctx context.Context) {
	if e.parking != nil {
		e.parking.stop()
	}
	e.lanes.Wait()
	e.burials.running.Wait()
	e.recorder.flush(ctx)
	e.client.Close()
}

// Probe has the receiver asked at once for which a hook's deliveries are parked, if
// this node takes them out.
func (e *Engine) Probe(hook store.HookKey) {
	if e.parking != nil {
		e.parking.probe(hook)
	}
}

// Waiting is what a node knows of a hook with parked deliveries.
type Waiting struct {
	Off  bool      // the hook is switched off, and they wait until it is on
	Next time.Time // when its silent receiver is tried again; zero where that is not known
}

// Waiting tells what this node knows of a hook's parked deliveries.
func (e *Engine) Waiting(hook store.HookKey) Waiting {
	if e.parking == nil {
		return Waiting{}
	}
	off, pause := e.parking.waiting(hook)
	w := Waiting{Off: off}
	if pause > 0 {
		w.Next = e.dep.Clock.Now().Add(pause)
	}
	return w
}

// Leave frees what is parked and held by this node, once it is drained.
func (e *Engine) Leave(ctx context.Context) {
	if e.parking != nil {
		e.parking.leave(ctx)
	}
}

// Handle takes one message and returns when there is room for the next; the message
// is acknowledged when each of its deliveries has an outcome that is recorded, or is
// parked. When ctx ends first, it is left to the broker, which delivers it again.
// Handle is called by one goroutine at a time, which makes arrival order delivery
// order for each hook and call.
func (e *Engine) Handle(ctx context.Context, msg Message) {
	// A message that breaks the code must not come back to break the next node.
	defer func() {
		if problem := recover(); problem != nil {
			e.dep.Log.Error("an event broke its handler", "panic", problem, "stack", string(debug.Stack()))
			e.drop(ctx, msg, "panic", fmt.Errorf("panic: %v", problem))
		}
	}()
	if limit := e.cfg.DeliveryLimit; limit > 0 && msg.Returns >= limit {
		e.drop(ctx, msg, "delivery_limit", fmt.Errorf("delivered %d times without being finished", msg.Returns))
		return
	}
	read, err := e.read(msg)
	if err != nil {
		e.refuse(ctx, msg, err)
		return
	}
	ev, hooks, err := e.find(read)
	if err != nil {
		e.refuse(ctx, msg, err)
		return
	}
	e.dep.Log.Debug("event", "event", ev.Name, ev.IDKind, ev.label, "account_id", ev.owner.ID, "hooks", len(hooks))
	ev.record = e.remember(msg, journal.Event{AccountID: ev.owner.ID}, hooks)
	if len(hooks) == 0 {
		e.finish(msg)
		return
	}
	e.metrics.inFlight.Inc()
	e.metrics.deliveries.Add(float64(len(hooks)))
	from := &taken{Message: msg}
	from.finish = func(lost bool) {
		e.metrics.inFlight.Dec()
		if !lost {
			e.letGo(ctx, from)
		}
	}
	from.left.Store(int64(len(hooks)))
	for _, hook := range hooks {
		ev.rendition(hook).Payload()
		e.admit(ctx, e.newInHand(hook, ev, from))
	}
	e.recorder.await(ctx)
	_ = e.lanes.Await(ctx) // with ctx all ends anyway
}

// Message is what the bus brought.
type Message struct {
	Body            []byte
	ContentType     string
	ContentEncoding string
	// Exchange and RoutingKey are those it was first published with.
	Exchange   string
	RoutingKey string
	// Returns is how often it was delivered before without being finished.
	Returns int
	// Ack lets the broker forget the message. An error means that it will
	// deliver it again.
	Ack func() error
	// Stale, if set, tells that the broker has taken the message back already, as
	// it does when the connection is lost: it will come again.
	Stale func() bool
}

func (e *Engine) finish(msg Message) {
	if err := msg.Ack(); err != nil {
		e.dep.Log.Debug("message not acknowledged; the broker delivers it again", "key", msg.RoutingKey, "error", err)
	}
}

// refuse lets a message go that becomes no delivery.
func (e *Engine) refuse(ctx context.Context, msg Message, err error) {
	switch reason := dropReason(err); reason {
	case "": // not even dropped: nobody expects anything of it
		e.finish(msg)
	case "no_account": // ordinary on a cluster: calls that belong to nobody here
		e.metrics.drops.WithLabelValues(reason).Inc()
		e.dep.Log.Debug("event without an account", "key", msg.RoutingKey)
		e.remember(msg, journal.Event{}, nil)
		e.finish(msg)
	default:
		e.drop(ctx, msg, reason, err)
	}
}

// drop puts a broken message aside.
func (e *Engine) drop(ctx context.Context, msg Message, reason string, err error) {
	e.metrics.drops.WithLabelValues(reason).Inc()
	e.dep.Log.Warn("broken message put aside", "reason", reason, "error", clip(err.Error()), "key", msg.RoutingKey,
		"content_type", msg.ContentType, "bytes", len(msg.Body))
	e.remember(msg, journal.Event{Dropped: reason, Problem: clip(err.Error())}, nil)
	e.bury(ctx, msg, reason, clip(err.Error()))
}
