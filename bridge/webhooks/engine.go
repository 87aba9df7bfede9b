package webhooks

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config sets how deliveries are made. Start from DefaultConfig.
type Config struct {
	// Concurrency is how many requests run at once for one hook. More serves a
	// slow receiver faster and asks more of it.
	Concurrency int
	// Prefetch is how many events may be taken and not yet finished. It bounds
	// memory, how much is delivered again after a crash, and how many events
	// silent receivers can hold before others have to wait for them; below 500
	// the broker's CPU for an event rises.
	Prefetch int
	// MaxEvent is the largest message that is read, in bytes. Kazoo's have a few
	// thousand.
	MaxEvent int
	// ConnectTimeout bounds dialling (webhooks.connect_timeout_ms).
	ConnectTimeout time.Duration
	// RequestTimeout bounds the wait for an answer; the reference waits for ever
	// (quirk no-timeout).
	RequestTimeout time.Duration
	// RetryPause is the time between two tries (webhooks_util:retry_hook/3).
	RetryPause time.Duration
	// LogSuccessfulAttempts stores attempts that succeeded too
	// (webhooks.log_successful_attempts).
	LogSuccessfulAttempts bool
	// Reserved are the Custom-Channel-Vars no receiver sees.
	Reserved payload.ReservedVars
}

// DefaultConfig is what Kazoo does, bounded where it is not.
func DefaultConfig() Config {
	return Config{
		Concurrency:    64,
		Prefetch:       5000,
		MaxEvent:       1 << 20,
		ConnectTimeout: 10 * time.Second,
		RequestTimeout: 60 * time.Second,
		RetryPause:     2 * time.Second,
		Reserved:       payload.DefaultReservedVars(),
	}
}

// Accounts tells who an event concerns.
type Accounts interface {
	Get(id string) (account.Account, bool)
	Ancestors(id string) []string // from the root to the parent
	NumberOwner(number string) (accountID string, ok bool)
}

// Dependencies are what an engine works with. All are required.
type Dependencies struct {
	Hooks     *Registry
	Accounts  Accounts
	Attempts  AttemptStore
	Clock     clock.Clock
	IDs       *ids.Source
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	ClusterID string
}

// Engine delivers events. Handle takes them, Run lets them be recorded.
type Engine struct {
	cfg      Config
	dep      Dependencies
	client   *delivery.Client
	lanes    *lanes
	recorder *recorder
	metrics  *metrics
}

// New makes an engine that does nothing yet.
func New(cfg Config, dep Dependencies) *Engine {
	return &Engine{
		cfg: cfg,
		dep: dep,
		client: delivery.NewClient(delivery.Config{
			Clock:          dep.Clock,
			ConnectTimeout: cfg.ConnectTimeout,
			AnswerTimeout:  cfg.RequestTimeout,
			IdlePerHost:    cfg.Concurrency,
			KeepBody:       64 << 10,
		}),
		lanes:    newLanes(cfg.Concurrency),
		recorder: newRecorder(dep.Attempts, dep.Clock, dep.Log),
		metrics:  newMetrics(dep.Metrics, func() float64 { return float64(dep.Hooks.Len()) }),
	}
}

// Run records attempts until ctx ends. Deliveries need it to finish.
func (e *Engine) Run(ctx context.Context) { e.recorder.run(ctx) }

// Drain returns when all that was taken is finished, or given up because the
// context it was handled with ended.
func (e *Engine) Drain() {
	e.lanes.wait()
	e.client.Close()
}

// Handle takes one message and returns at once; the message is acknowledged when
// each of its deliveries has an outcome that is recorded. When ctx ends first, it
// is left to the broker, which delivers it again. Handle is called by one
// goroutine at a time, which makes arrival order delivery order for each hook
// and call.
func (e *Engine) Handle(ctx context.Context, msg Message) {
	// A message that breaks the code must not come back to break the next node.
	defer func() {
		if problem := recover(); problem != nil {
			e.dep.Log.Error("an event broke its handler", "panic", problem, "stack", string(debug.Stack()))
			e.drop(msg, "panic")
		}
	}()
	event, reason := e.read(msg)
	if reason != "" {
		e.drop(msg, reason)
		return
	}
	owner, ok := e.owner(event)
	if !ok {
		// Ordinary on a cluster: calls that belong to nobody here.
		e.metrics.drops.WithLabelValues("no_account").Inc()
		e.dep.Log.Debug("event without an account", "event", event.Name, "call_id", event.CallID())
		e.finish(msg)
		return
	}
	fire := e.match(event, owner)
	if len(fire.hooks) == 0 {
		e.finish(msg)
		return
	}
	e.metrics.inFlight.Inc()
	e.metrics.deliveries.Add(float64(len(fire.hooks)))
	var left atomic.Int64
	left.Store(int64(len(fire.hooks)))
	var given atomic.Bool // back to the broker, by one delivery at least
	msg.Body = nil        // what waits in a lane keeps only what it needs
	for _, hook := range fire.hooks {
		e.lanes.add(hook.key(), fire.call, func() {
			defer e.metrics.deliveries.Dec()
			safe := e.deliver(ctx, hook, fire, msg)
			if !safe {
				given.Store(true)
			}
			if left.Add(-1) > 0 {
				return
			}
			e.metrics.inFlight.Dec()
			if !given.Load() {
				e.finish(msg)
			}
		})
	}
}

// Message is what the bus brought.
type Message struct {
	Body            []byte
	ContentType     string
	ContentEncoding string
	RoutingKey      string
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

func (e *Engine) drop(msg Message, reason string) {
	e.metrics.drops.WithLabelValues(reason).Inc()
	e.dep.Log.Warn("message dropped", "reason", reason, "key", msg.RoutingKey,
		"content_type", msg.ContentType, "bytes", len(msg.Body))
	e.finish(msg)
}

// owner finds the account of an event: the one it names, else the owner of the
// dialled number, who is then written into the event. An account without a
// document has no hooks.
func (e *Engine) owner(event *payload.Channel) (account.Account, bool) {
	id := event.AccountID()
	if id == "" {
		owner, ok := e.dep.Accounts.NumberOwner(kapi.E164(event.DialledUser()))
		if !ok {
			return account.Account{}, false
		}
		event.SetAccountID(owner)
		id = owner
	}
	return e.dep.Accounts.Get(id)
}

// firing is one event on its way to the hooks it concerns.
type firing struct {
	event  string
	callID string
	call   string // callID, or what stands for it where there is none
	hooks  []*Hook
	base   payload.Payload
	// The two encodings that hooks without custom_data share.
	form, json func() encoded
}

type encoded struct {
	payload payload.Payload
	text    []byte
}

func (e *Engine) match(event *payload.Channel, owner account.Account) *firing {
	name := strings.ToLower(event.Name)
	e.metrics.events.WithLabelValues(name).Inc()
	found := e.dep.Hooks.Find(name, owner.ID, e.dep.Accounts.Ancestors(owner.ID))
	if len(found) == 0 {
		return &firing{}
	}
	base := event.Payload(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID}, e.cfg.Reserved)
	hooks := slices.DeleteFunc(found, func(hook *Hook) bool {
		if event.Internal && !hook.IncludeInternalLegs {
			return true
		}
		_, passes := base.Passes(hook.Modifiers)
		return !passes
	})
	plain := sync.OnceValue(func() payload.Payload { return base.Merge(nil, e.dep.ClusterID) })
	e.dep.Log.Debug("event", "event", name, "call_id", event.CallID(), "account_id", owner.ID, "hooks", len(hooks))
	call := event.CallID()
	if call == "" {
		call = e.dep.IDs.Hex(10)
	}
	return &firing{
		event: name, callID: event.CallID(), call: call, hooks: hooks, base: base,
		form: sync.OnceValue(func() encoded { return encoded{plain(), plain().Form()} }),
		json: sync.OnceValue(func() encoded { return encoded{plain(), plain().JSON()} }),
	}
}

// encode gives the bytes of one hook's request.
func (e *Engine) encode(hook *Hook, fire *firing) encoded {
	asJSON := hook.JSON && hook.Verb != "get"
	switch {
	case hook.CustomData == nil && asJSON:
		return fire.json()
	case hook.CustomData == nil:
		return fire.form()
	}
	merged := fire.base.Merge(hook.CustomData, e.dep.ClusterID)
	if asJSON {
		return encoded{merged, merged.JSON()}
	}
	return encoded{merged, merged.Form()}
}

// deliver makes the tries of one hook for one event. It reports whether the
// outcome is safe; false means that ctx ended, or that the broker has the message
// again.
func (e *Engine) deliver(ctx context.Context, hook *Hook, fire *firing, msg Message) (recorded bool) {
	defer func() {
		if problem := recover(); problem != nil {
			e.metrics.drops.WithLabelValues("panic").Inc()
			e.dep.Log.Error("an event broke its delivery", "hook_id", hook.ID, "panic", problem, "stack", string(debug.Stack()))
			recorded = true
		}
	}()
	if msg.Stale != nil && msg.Stale() {
		return false
	}
	body := e.encode(hook, fire)
	if len(body.text) > payload.MaxEncoded {
		e.metrics.drops.WithLabelValues("too_large_encoded").Inc()
		e.dep.Log.Warn("event not sent: its text is too large", "hook_id", hook.ID, "call_id", fire.callID, "limit", payload.MaxEncoded)
		return true
	}
	t := try{hook: hook, eventID: e.dep.IDs.Hex(10), payload: body.payload, request: request(hook, body.text)}
	for t.left = hook.Tries; ; t.left-- {
		t.outcome = e.client.Do(ctx, t.request)
		if ctx.Err() != nil {
			return false
		}
		if e.note(ctx, t, fire) != nil {
			return false
		}
		if t.final() {
			return true
		}
		if clock.Sleep(ctx, e.dep.Clock, e.cfg.RetryPause) != nil {
			return false
		}
	}
}

func request(hook *Hook, text []byte) delivery.Request {
	r := delivery.Request{
		HookID: hook.ID, AccountID: hook.AccountID, URI: hook.URI,
		Method: strings.ToUpper(hook.Verb), Text: text,
	}
	switch {
	case r.Method == http.MethodGet:
	case hook.JSON:
		r.ContentType = kapi.ContentType
	default:
		r.ContentType = "application/x-www-form-urlencoded"
	}
	return r
}

// note counts, logs and, where that is asked for, stores a try.
func (e *Engine) note(ctx context.Context, t try, fire *firing) error {
	outcome := "answered_failure"
	switch {
	case t.succeeded():
		outcome = "success"
	case t.outcome.Err != nil:
		outcome = "no_answer"
	}
	e.metrics.tries.WithLabelValues(outcome).Inc()
	e.metrics.latency.Observe(t.outcome.Elapsed.Seconds())
	level := slog.LevelDebug
	if !t.succeeded() {
		level = slog.LevelInfo
	}
	e.dep.Log.Log(ctx, level, "webhook", "outcome", outcome, "event", fire.event, "call_id", fire.callID,
		"account_id", t.hook.AccountID, "hook_id", t.hook.ID, "event_id", t.eventID,
		"tries_left", t.left, "status", t.outcome.Status, "client_error", t.outcome.ClientError,
		"cause", t.outcome.Err, "ms", t.outcome.Elapsed.Milliseconds())
	if t.succeeded() && !e.cfg.LogSuccessfulAttempts {
		return nil
	}
	return e.recorder.record(ctx, t.document(e.dep.IDs.Hex(32), e.dep.Clock.Now()))
}
