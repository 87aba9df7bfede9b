package crossbar_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// builtAreas are the parts of the REST face that exist; records of the others are
// left to later.
func builtAreas() []string {
	return []string{
		"envelope", "auth", "access", "etag", "webhooks", "attempts", "accounts", "users", "devices", "callflows", "menus",
		"vmboxes", "media", "faxboxes", "faxes", "conferences", "other objects", "schemas", "channels", "websockets",
	}
}

// TestCrossbarVectors plays whole transcripts recorded from the running reference.
func TestCrossbarVectors(t *testing.T) {
	records := vectortest.Read(t, "crossbar", "area", "transcript", "step", "label", "setup", "note",
		"unstable", "event", "sent", "received", "request", "response", "bus")
	tally := vectortest.NewTally(t, "crossbar")
	shared := newKeys()
	for len(records) > 0 {
		n := 1
		for n < len(records) && sameTranscript(records[0], records[n]) {
			n++
		}
		play(t, tally, shared, records[:n])
		records = records[n:]
	}
}

func sameTranscript(a, b vectortest.Record) bool {
	return a.String("area") == b.String("area") && a.String("transcript") == b.String("transcript")
}

func play(t *testing.T, tally *vectortest.Tally, shared *keys, records []vectortest.Record) {
	t.Helper()
	area := records[0].String("area")
	if !slices.Contains(builtAreas(), area) {
		for range records {
			tally.Left(area)
		}
		return
	}
	s := newStage(t, shared, records[0].String("setup"))
	s.around = newSurroundings(t, s.world, &s.names, records)
	for i, record := range records {
		if !record.Has("request") {
			if err := s.around.play(record.String("event"), records[i:]); err != nil {
				tally.Disagree(record, "%v", err)
				continue
			}
			tally.Agree()
			continue
		}
		got, err := s.send(record.Object.Object("request"))
		if err != nil {
			tally.Disagree(record, "%s: no answer: %v", title(record), err)
			continue
		}
		bus := s.changes.take()
		record, err = s.heard(record)
		if err != nil {
			tally.Disagree(record, "%s: %v", title(record), err)
			continue
		}
		if record.Bool(false, "unstable") {
			tally.Agree()
			continue
		}
		trial := s.names.clone()
		problem := trial.response(record, got, bus)
		if problem == nil {
			s.names = trial
			s.learnKeys(record, got)
			for _, row := range recordedAttempts(records[i : i+1]) {
				s.shown[string(jobj.Append(nil, row))] = true
			}
			tally.Agree()
			continue
		}
		if id := s.excuse(record, got, bus); id != "" {
			tally.Differ(id)
			continue
		}
		tally.Disagree(record, "%s: %v\n\t%s", title(record), problem, got.body)
	}
}

func title(record vectortest.Record) string {
	request := record.Object.Object("request")
	return fmt.Sprintf("%s, %s, step %d: %s %s?%s", record.String("area"), record.String("transcript"), record.Int("step"),
		request.String("method"), request.String("path"), request.String("query"))
}

// stage is a world behind a real server, so that requests arrive as they were sent.
type stage struct {
	*world
	t       *testing.T
	around  *surroundings
	address string
	names   names
	keys    map[string]string // recorded start keys to ours
	shown   map[string]bool   // recorded rows of lists of attempts
}

func newStage(t *testing.T, shared *keys, setup string) *stage {
	t.Helper()
	hosts, networks := []string{"blocked.ref.test"}, []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}
	if setup != "" {
		hosts, networks = blockList(t, setup)
	}
	w := newWorld(t, shared, func(cfg *crossbar.Config) {
		cfg.BlockedHosts, cfg.BlockedNetworks = hosts, networks
		cfg.Bindings = bindings.Listing(cfg.Dialect, false)
	})
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	return &stage{world: w, t: t, address: server.Listener.Addr().String(), names: names{}, keys: map[string]string{}, shown: map[string]bool{}}
}

// learnKeys remembers which of our start keys stands for a recorded one: what they
// hold is not compared, but clients send them back.
func (s *stage) learnKeys(record vectortest.Record, got response) {
	ours, err := jobj.ParseObject(got.body)
	if err != nil {
		return
	}
	for _, name := range []string{"start_key", "next_start_key"} {
		if theirs := record.String("response", "json", name); theirs != "" {
			s.keys[theirs] = ours.String(name)
		}
	}
}

// blockList reads a setup such as "kazoo_web client.blacklist: hosts localhost; cidrs 10.0.0.0/8, ::1/128".
func blockList(t *testing.T, setup string) ([]string, []netip.Prefix) {
	t.Helper()
	_, lists, ok := strings.Cut(setup, ": hosts ")
	hosts, cidrs, ok2 := strings.Cut(lists, "; cidrs ")
	if !ok || !ok2 {
		t.Fatalf("setup %q is not understood", setup)
	}
	var networks []netip.Prefix
	for cidr := range strings.SplitSeq(cidrs, ", ") {
		networks = append(networks, netip.MustParsePrefix(cidr))
	}
	return strings.Split(hosts, ", "), networks
}

type response struct {
	status int
	header http.Header
	body   []byte
}

func (s *stage) send(request jobj.Object) (response, error) {
	var raw bytes.Buffer
	target := s.fill(request.String("path"))
	if query := request.String("query"); query != "" {
		parameters := strings.Split(s.fill(query), "&")
		for i, parameter := range parameters {
			if theirs, ok := strings.CutPrefix(parameter, "start_key="); ok && s.keys[theirs] != "" {
				parameters[i] = "start_key=" + s.keys[theirs]
			}
		}
		target += "?" + strings.Join(parameters, "&")
	}
	method := request.String("method")
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\n", method, target)
	headers, _ := request.Get("headers")
	for _, pair := range headers.([]any) {
		pair := pair.([]any)
		fmt.Fprintf(&raw, "%s: %s\r\n", pair[0], s.fill(pair[1].(string)))
	}
	body, _ := request.Get("body")
	text, hasBody := body.(string)
	text = s.fill(text)
	if hasBody || method == http.MethodPut || method == http.MethodPost {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n", len(text))
	}
	fmt.Fprintf(&raw, "Connection: close\r\n\r\n%s", text)

	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.address)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(raw.Bytes()); err != nil {
		return response{}, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return response{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, s.around.recorded(got)}, err
}

// fill puts tokens, times and what was learned before into a request.
func (s *stage) fill(text string) string {
	for {
		start := strings.Index(text, "<token:")
		if start < 0 {
			break
		}
		end := start + strings.IndexByte(text[start:], '>')
		name := text[start : end+1]
		if _, ok := s.names[name]; !ok {
			s.names[name] = s.token(s.t, strings.TrimSuffix(strings.TrimPrefix(name, "<token:"), ">"))
		}
		text = text[:start] + s.names[name] + text[end+1:]
	}
	now := kapi.Gregorian(s.clock.Now())
	for {
		start := strings.Index(text, "{now")
		if start < 0 {
			return s.names.fill(text)
		}
		end := start + strings.IndexByte(text[start:], '}')
		offset, _ := strconv.ParseInt(text[start+len("{now"):end], 10, 64) // "" is 0
		text = text[:start] + strconv.FormatInt(now+offset, 10) + text[end+1:]
	}
}

// response compares an answer and what it published with the record.
func (n names) response(record vectortest.Record, got response, changes []kapi.DocChange) error {
	want := record.Object.Object("response")
	if status := int(want.Int("status")); status != got.status {
		return fmt.Errorf("status %d, recorded %d", got.status, status)
	}
	if err := n.headers(want, got.header); err != nil {
		return err
	}
	if json, _ := want.Get("json"); json != nil {
		value, err := jobj.Parse(got.body)
		if err != nil {
			return fmt.Errorf("body is not JSON: %w", err)
		}
		if err := n.json("json", json, value, notCompared); err != nil {
			return err
		}
	} else if want.String("body") == "" && len(got.body) > 0 && record.String("request", "method") != http.MethodHead {
		return fmt.Errorf("body %q, recorded none", got.body)
	}
	bus, _ := record.Get("bus")
	return n.bus(bus.([]any), changes)
}

func notCompared(path string) bool {
	switch path {
	case "json.version", "json.tokens", "json.start_key", "json.next_start_key":
		return true
	}
	return false
}

func (n names) headers(want jobj.Object, got http.Header) error {
	recorded := http.Header{}
	list, _ := want.Get("headers")
	for _, pair := range list.([]any) {
		pair := pair.([]any)
		recorded.Add(pair[0].(string), pair[1].(string))
	}
	for _, name := range []string{
		"Content-Type", "Etag", "Location", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
		"Access-Control-Allow-Headers", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
	} {
		a, b := recorded.Get(name), got.Get(name)
		if name == "Access-Control-Allow-Methods" {
			a, b = sorted(a), sorted(b)
		}
		if err := n.text(a, b); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	return nil
}

func sorted(list string) string {
	words := strings.Split(list, ", ")
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// bus compares what was published, as a set.
func (n names) bus(want []any, changes []kapi.DocChange) error {
	var got []any
	for _, change := range changes {
		text, err := change.Message("node@host", func() string { return "id" })
		if err != nil {
			return err
		}
		payload, err := jobj.ParseObject(text)
		if err != nil {
			return err
		}
		got = append(got, jobj.Object{
			{Key: "exchange", Value: kapi.ExchangeConfiguration},
			{Key: "routing_key", Value: change.Key()}, {Key: "payload", Value: payload},
		})
	}
	for _, one := range want {
		var last error
		at := slices.IndexFunc(got, func(other any) bool {
			trial := n.clone()
			if err := trial.json("bus", one, other, func(string) bool { return false }); err != nil {
				last = err
				return false
			}
			maps.Copy(n, trial)
			return true
		})
		if at < 0 {
			return fmt.Errorf("bus lacks %s (%w)", show(one), last)
		}
		got = slices.Delete(got, at, at+1)
	}
	if len(got) > 0 {
		return fmt.Errorf("bus has too much: %s", show(got))
	}
	return nil
}

// excuse names the deliberate difference that explains an unequal answer, having
// checked that it is the one; "" when there is none.
//
//	rest-crash        a crash of the reference (500) is a clean refusal here
//	hook-scope        a hook answers under its own account only
//	id-as-text        an id that a client gives as a number is text from then on
//	re-enable-direct  hooks are switched on again at once, not by a message
//	account-id-taken  the id of an account that exists is refused, and nothing is deleted
//	refused-is-kept   what is refused is not stored
//	bearer-token      a token is also taken as a bearer
//	server-refusal    the HTTP server refuses a bad escape itself, and says so
//	attempt-pages     a start key of attempts goes on after the last one shown
//	tenant-hole       a socket answers under its own account only
//	notify-later      notifications of new accounts and users are not sent yet
//	conference-absent a conference that does not exist is not made up
//	outgoing-unlisted the list of faxes that wait holds them
//	schemas-own       schemas are described in words of our own, and are fewer
func (s *stage) excuse(record vectortest.Record, got response, changes []kapi.DocChange) string {
	want := record.Object.Object("response")
	request := record.Object.Object("request")
	status := want.Int("status")
	refused := got.status >= 400 && got.status < 500
	switch {
	case status == http.StatusInternalServerError && refused && isCrash(want) && len(changes) == 0:
		return "rest-crash"
	case status < 300 && got.status == http.StatusNotFound && s.strangeHook(request):
		return "hook-scope"
	case status == http.StatusOK && got.status == http.StatusNotFound && s.around.sockets.foreign(request.String("path")):
		return "tenant-hole"
	case status == http.StatusCreated && got.status == http.StatusConflict && strings.HasPrefix(request.String("path"), "/v2/accounts"):
		return "account-id-taken"
	case status == http.StatusUnauthorized && got.status < 300 && s.isBearer(request):
		return "bearer-token"
	case status == http.StatusOK && got.status == http.StatusNotFound && strings.Contains(request.String("path"), "/conferences/"):
		return "conference-absent"
	case strings.HasSuffix(request.String("path"), "/faxes/outgoing") && isEmptyList(want) && got.status == http.StatusOK:
		return "outgoing-unlisted"
	case strings.HasPrefix(request.String("path"), "/v2/schemas") && status == http.StatusOK && ownSchemas(want, got):
		return "schemas-own"
	case got.status == http.StatusOK && s.repeatsItself(record):
		return "attempt-pages"
	case status == http.StatusBadRequest && bytes.HasPrefix(got.body, []byte("400 Bad Request")) && want.String("body") == "":
		return "server-refusal"
	}
	bus, _ := record.Get("bus")
	without := func(prefix string) []any {
		return slices.DeleteFunc(slices.Clone(bus.([]any)), func(one any) bool {
			return strings.HasPrefix(one.(jobj.Object).String("routing_key"), prefix)
		})
	}
	agrees := func(rest []any) bool { return s.agreesWith(record.Set("bus", rest), got, changes) }
	switch {
	case s.around.sockets.mixed(record) && s.agreesWith(s.around.sockets.unmixed(record), got, changes):
		return "tenant-hole"
	case strings.Contains(want.String("body"), `"unique"`) && agrees([]any{}):
		return "refused-is-kept"
	case agrees(without("configuration.doc_type_update.")):
		return "re-enable-direct"
	case agrees(without("notifications.")):
		return "notify-later"
	}
	text := string(record.Raw)
	if asText := strings.ReplaceAll(text, `"id": 5`, `"id": "5"`); asText != text {
		changed, err := jobj.ParseObject([]byte(asText))
		trial := s.names.clone()
		if err == nil && trial.response(vectortest.Record{Object: changed.Set("bus", []any{})}, got, nil) == nil {
			s.names = trial
			return "id-as-text"
		}
	}
	return ""
}

func isEmptyList(want jobj.Object) bool {
	data, _ := want.Get("json", "data")
	rows, isList := data.([]any)
	return isList && len(rows) == 0
}

// ownSchemas tells an answer that differs from the recorded one only in what it lacks.
func ownSchemas(want jobj.Object, got response) bool {
	if got.status == http.StatusNotFound {
		return true
	}
	ours, err := jobj.ParseObject(got.body)
	theirs, _ := want.Get("json", "data")
	data, _ := ours.Get("data")
	return err == nil && within(theirs, data)
}

// within says whether b is a, less some of its members and elements.
func within(a, b any) bool {
	switch b := b.(type) {
	case jobj.Object:
		a, ok := a.(jobj.Object)
		return ok && !slices.ContainsFunc(b, func(m jobj.Member) bool {
			value, has := a.Get(m.Key)
			return !has || !within(value, m.Value)
		})
	case []any:
		a, ok := a.([]any)
		return ok && !slices.ContainsFunc(b, func(element any) bool {
			return !slices.ContainsFunc(a, func(other any) bool { return within(other, element) })
		})
	}
	return string(jobj.Append(nil, a)) == string(jobj.Append(nil, b))
}

// repeatsItself tells a later page of attempts that begins with one that an earlier
// page of the recording had shown.
func (s *stage) repeatsItself(record vectortest.Record) bool {
	data, _ := record.Get("response", "json", "data")
	rows, _ := data.([]any)
	return len(rows) > 0 && strings.HasSuffix(record.String("request", "path"), "/attempts") &&
		strings.Contains(record.String("request", "query"), "start_key=") && s.shown[string(jobj.Append(nil, rows[0]))]
}

func (s *stage) isBearer(request jobj.Object) bool {
	headers, _ := request.Get("headers")
	return slices.ContainsFunc(headers.([]any), func(pair any) bool {
		return strings.HasPrefix(pair.([]any)[1].(string), "Bearer <token:")
	})
}

func isCrash(want jobj.Object) bool {
	switch want.String("json", "message") {
	case "init failed", "validation failed to run on the server":
		return true
	}
	return want.String("body") == ""
}

// strangeHook says whether a path names a hook of another account than its own.
func (s *stage) strangeHook(request jobj.Object) bool {
	parts := strings.Split(s.names.fill(request.String("path")), "/")
	if len(parts) != 6 || parts[4] != "webhooks" {
		return false
	}
	doc, err := s.store.Get(s.t.Context(), kapi.DatabaseWebhooks, parts[5])
	return err == nil && !doc.Deleted && doc.Type == store.TypeWebhook && doc.AccountID != parts[3]
}
