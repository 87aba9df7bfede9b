package crossbar_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// surroundings are what a transcript has beside REST: events on the bus, receivers
// behind the hooks' addresses, and the disabler's look at what failed.
type surroundings struct {
	*world
	t         *testing.T
	account   string            // that of the transcript's paths
	listening map[string]string // recorded port to that of a receiver here
	tracker   *disabler.Tracker
	sockets   *tracking
}

func newSurroundings(t *testing.T, w *world, learned *names, records []vectortest.Record) *surroundings {
	t.Helper()
	s := &surroundings{world: w, t: t, listening: map[string]string{}, tracker: disabler.New(disabler.Options{Collapse: true})}
	s.sockets = &tracking{world: w, names: learned}
	if records[0].String("area") == "websockets" {
		w.bus.answer = s.sockets.answer
	}
	for _, r := range records {
		parts := strings.Split(r.String("request", "path"), "/")
		if s.account == "" && len(parts) > 3 && parts[2] == "accounts" {
			s.account = parts[3]
		}
		if m := regexp.MustCompile(`^(\d+) answers (\d+)$`).FindStringSubmatch(r.String("note")); m != nil {
			s.listening[m[1]] = answering(t, m[2], recordedAttempts(records))
		}
	}
	return s
}

// play does what a row says that is no request.
func (s *surroundings) play(event string, coming []vectortest.Record) error {
	if s.sockets.play(coming[0]) {
		return nil
	}
	numbers := map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
	if m := regexp.MustCompile(`^(\w+) ([A-Z_]+) events? for the account on the bus$`).FindStringSubmatch(event); m != nil && numbers[m[1]] > 0 {
		s.events(numbers[m[1]], m[2], recordedAttempts(coming))
		return nil
	}
	if event == "the disabler looked" {
		return s.look()
	}
	return fmt.Errorf("what happens here is not understood: %s", event)
}

// events brings the engine some events, and returns when all came to their end.
func (s *surroundings) events(n int, name string, attempts []jobj.Object) {
	s.t.Helper()
	body, reserved := s.eventOf(name, attempts)
	cfg := webhooks.DefaultConfig()
	cfg.Dialect, cfg.Reserved = "5.0", reserved
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	engine := webhooks.New(cfg, webhooks.Dependencies{
		Hooks: s.liveHooks(), Accounts: s.changes.directory, Records: s.store, Failures: s, Clock: s.clock,
		IDs: ids.Seeded(s.t.Name()), Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), ClusterID: clusterID,
	})
	go engine.Run(ctx)
	go func() { // whoever waits does so between two tries
		for s.clock.BlockUntilContext(ctx, 1) == nil {
			s.clock.Advance(cfg.RetryPause)
		}
	}()
	for range n {
		s.clock.Advance(time.Millisecond)
		acked := make(chan struct{})
		engine.Handle(ctx, webhooks.Message{Body: body, Ack: func() error { close(acked); return nil }})
		select {
		case <-acked:
		case <-ctx.Done():
			s.t.Fatal("an event came to no end")
		}
	}
	engine.Drain(context.Background())
}

func (s *surroundings) Failed(hook *webhooks.Hook, at time.Time) {
	s.tracker.Failed(disabler.Key{AccountID: hook.AccountID, HookID: hook.ID}, at, disabler.DefaultLimit())
}

// look switches off what failed too often.
func (s *surroundings) look() error {
	for _, key := range s.tracker.Hooks() {
		if !s.tracker.Look(key, s.clock.Now(), disabler.DefaultLimit()).TooMany {
			continue
		}
		doc, err := s.store.Get(s.t.Context(), kapi.DatabaseWebhooks, key.HookID)
		if err != nil {
			return err
		}
		doc.Body = disabler.Disable(doc.Body)
		if _, err := s.store.Save(s.t.Context(), doc); err != nil {
			return err
		}
		s.tracker.Forget(key)
	}
	return nil
}

// liveHooks are the stored ones, pointed at the receivers of this test.
func (s *surroundings) liveHooks() *webhooks.Registry {
	s.t.Helper()
	docs, err := s.store.List(s.t.Context(), store.Query{DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook})
	if err != nil {
		s.t.Fatal(err)
	}
	hooks := webhooks.NewRegistry()
	for _, doc := range docs {
		if !webhooks.Loadable(doc.Body) {
			continue
		}
		hook, err := webhooks.ParseHook(doc.ID, doc.AccountID, doc.Body, webhooks.Names("5.0"))
		if err != nil {
			s.t.Fatal(err)
		}
		for recorded, here := range s.listening {
			hook.URI = strings.Replace(hook.URI, ":"+recorded, ":"+here, 1)
		}
		hooks.Set(hook)
	}
	return hooks
}

// recorded puts the recorded ports back into an answer.
func (s *surroundings) recorded(text []byte) []byte {
	for recorded, here := range s.listening {
		text = []byte(strings.ReplaceAll(string(text), ":"+here, ":"+recorded))
	}
	return text
}

// recordedAttempts are the rows of the lists of attempts in records.
func recordedAttempts(records []vectortest.Record) []jobj.Object {
	var rows []jobj.Object
	for _, r := range records {
		data, _ := r.Get("response", "json", "data")
		list, _ := data.([]any)
		for _, element := range list {
			if row, _ := element.(jobj.Object); strings.HasSuffix(r.String("request", "path"), "/attempts") && row != nil {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// eventOf is the event that the recorded requests were made of: a record does not
// say more of it than its name.
func (s *surroundings) eventOf(name string, attempts []jobj.Object) (body []byte, reserved payload.ReservedVars) {
	text := ""
	for _, a := range attempts {
		if sent, ok := a.Get("req_body"); ok && a.String("hook_event") == name && text == "" {
			text = flat(sent)
		}
	}
	vars := jobj.Object{{Key: "Account-ID", Value: s.account}}
	event := jobj.Object{{Key: "Event-Category", Value: "call_event"}, {Key: "Event-Name", Value: name}}
	for member := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(member, "=")
		value, _ = url.QueryUnescape(value)
		if inner, ok := strings.CutPrefix(key, "custom_channel_vars["); ok {
			vars = vars.Set(strings.TrimSuffix(inner, "]"), value)
			continue
		}
		words := strings.Split(key, "_")
		for i, word := range words {
			if word == "id" {
				words[i] = "ID"
			} else if word != "" {
				words[i] = strings.ToUpper(word[:1]) + word[1:]
			}
		}
		switch header := strings.Join(words, "-"); header {
		case "Account-ID", "Authorizing-ID", "Authorizing-Type", "Owner-ID":
			vars = vars.Set(header, value)
		case "":
		default:
			event = event.Set(header, value)
		}
	}
	if !event.Has("Call-ID") {
		event = event.Set("Call-ID", "c1")
	}
	if text == "" || strings.Contains(text, "custom_channel_vars") || strings.Contains(text, "&&") {
		reserved = payload.DefaultReservedVars()
	}
	return jobj.Append(nil, event.Set("Custom-Channel-Vars", vars)), reserved
}

// flat joins the texts of a nested list.
func flat(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var b strings.Builder
		for _, element := range value {
			b.WriteString(flat(element))
		}
		return b.String()
	}
	return ""
}

// answering starts a receiver that answers as the recorded attempts say, or else as
// those of the other records do, and returns its port.
func answering(t *testing.T, status string, attempts []jobj.Object) string {
	t.Helper()
	head, body := "content-type: text/plain\r\ncontent-length: 2\r\n", "ok"
	for _, a := range attempts {
		if a.String("resp_status_code") != status {
			continue
		}
		head, body = "", a.String("resp_body")
		for _, h := range a.Object("resp_headers") {
			value, _ := h.Value.(string)
			if strings.EqualFold(h.Key, "content-length") {
				value = fmt.Sprint(len(body))
			}
			head += h.Key + ": " + value + "\r\n"
		}
		break
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for in := bufio.NewReader(conn); ; {
					request, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s X\r\n%s\r\n%s", status, head, body)
					if !strings.Contains(strings.ToLower(head), "content-length") {
						return // where it ends is where the connection does
					}
				}
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
