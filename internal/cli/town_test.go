package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// town is a broker, an up beside it, and what the receiver of its hooks got. The accounts
// of all towns are alike, but for their names and ids.
type town struct {
	t       *testing.T
	broker  *brokertest.Broker
	program *program
	lab     lab
	inbox   inbox
}

// inbox keeps requests, whose targets say whose hook it is and of which sort.
type inbox struct {
	mu  sync.Mutex
	got []receiver.Request
}

func (i *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, receiver.Request{Method: r.Method, Target: r.RequestURI, Header: r.Header, Body: body})
}

func (i *inbox) all() []receiver.Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

func (i *inbox) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = nil
}

// lastHook is the target of a hook that hears one event, which is the last.
const lastHook = "/last"

// newTown starts one, with hooks of every kind and format for each customer, and one for
// everything below the reseller.
func newTown(t *testing.T, seed string) *town {
	t.Helper()
	w := &town{t: t, broker: brokertest.New(t)}
	server := httptest.NewServer(&w.inbox)
	t.Cleanup(server.Close)
	w.program, w.lab = up(t, w.broker, "--seed", seed)
	for n, account := range w.lab.Accounts {
		hook := func(target, more string) {
			w.rest(w.token(account), account, http.MethodPut, "/webhooks", `{"data":{"name":"a hook","uri":"`+server.URL+target+`",`+more+`}}`)
		}
		switch account.Kind {
		case runfile.Customer:
			for _, kind := range w.kinds() {
				for _, format := range []string{"json", "form-data"} {
					hook(fmt.Sprintf("/%d/%s/%s", n, kind, format), `"hook":"`+kind+`","format":"`+format+`","http_verb":"post"`+modifiers(kind))
				}
			}
			hook(fmt.Sprintf("/%d/get", n), `"hook":"channel_destroy","http_verb":"get"`)
		case runfile.Reseller:
			hook("/all", `"hook":"all","format":"json","http_verb":"put","include_subaccounts":true`)
		default:
			hook(lastHook, `"hook":"channel_create","http_verb":"post","format":"json"`)
		}
	}
	w.last()
	w.webhooks() // of what was made so far, and for some hooks came too early
	w.inbox.forget()
	return w
}

// kinds are those of all hooks.
func (w *town) kinds() (kinds []string) {
	status, answer := call(w.t, http.MethodGet, w.lab.REST+"/v2/webhooks", "", "")
	list, _ := answer["data"].([]any)
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		kinds = append(kinds, fmt.Sprint(fields["id"]))
	}
	if status != http.StatusOK || len(kinds) < 10 {
		w.t.Fatalf("hooks: %d %v", status, answer)
	}
	return kinds
}

// modifiers are those that let everything pass.
func modifiers(kind string) string {
	switch kind {
	case "object":
		return `,"custom_data":{"type":"all","action":"all"}`
	case "notifications":
		return `,"custom_data":{"type":"all"}`
	}
	return ""
}

// token lets an account in.
func (w *town) token(account runfile.Account) string {
	w.t.Helper()
	status, answer := call(w.t, http.MethodPut, w.lab.REST+"/v2/api_auth", "", `{"data":{"api_key":"`+account.APIKey+`"}}`)
	token, _ := answer["auth_token"].(string)
	if status != http.StatusCreated {
		w.t.Fatalf("log in: %d %v", status, answer)
	}
	return token
}

// rest makes a request of an account's, which must succeed, and returns the answer's data.
func (w *town) rest(token string, account runfile.Account, method, path, body string) any {
	w.t.Helper()
	status, answer := call(w.t, method, w.lab.REST+"/v2/accounts/"+account.ID+path, token, body)
	if status/100 != 2 {
		w.t.Fatalf("%s %s %s: %d %v", method, path, body, status, answer)
	}
	return answer["data"]
}

// account is one of a kind.
func (w *town) account(kind string) runfile.Account {
	at := slices.IndexFunc(w.lab.Accounts, func(a runfile.Account) bool { return a.Kind == kind })
	return w.lab.Accounts[at]
}

// allSorts is a mix with much of everything.
const allSorts = "call=40,hold=10,transfer=8,consult=6,park=10,conference=8,fax=10,register=4,edit=4"

// busy has everything happen: many calls, and amid them one of each that can be triggered.
func (w *town) busy(calls string) {
	w.t.Helper()
	load := beside(w.program, "simulate", "--rate", "20", "--calls", calls, "--speed", "max", "--seed", "calls", "--mix", allSorts).start()
	listed := beside(w.program, "trigger", "--list", "-o", "json").start().expect(cli.ExitOK)
	kinds := 0
	for line := range strings.Lines(listed.stdout.String()) {
		var kind struct{ Event string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			w.t.Fatal(err)
		}
		beside(w.program, "trigger", kind.Event, "--account", w.account(runfile.Customer).ID, "--seed", "of "+kind.Event, "--timeout", "1m").start().expect(cli.ExitOK)
		kinds++
	}
	if kinds < 80 {
		w.t.Errorf("only %d kinds were triggered", kinds)
	}
	load.expect(cli.ExitOK)
	w.last()
}

// last has the event happen that only lastHook hears.
func (w *town) last() {
	w.t.Helper()
	beside(w.program, "trigger", "channel_create", "--account", w.account(runfile.Master).ID, "--timeout", "1m").start().expect(cli.ExitOK)
}

// webhooks are all that came, once nothing more is under way: the last event has been taken
// from the queue, and each that was has been delivered, if not put aside for a while.
func (w *town) webhooks() []receiver.Request {
	w.t.Helper()
	master := w.account(runfile.Master)
	token := w.token(master)
	NewWithT(w.t).Eventually(w.t.Context(), func(g Gomega) {
		g.Expect(slices.ContainsFunc(w.inbox.all(), func(r receiver.Request) bool { return r.Target == lastHook })).To(BeTrue())
		req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.lab.REST+"/metrics", http.NoBody)
		g.Expect(err).NotTo(HaveOccurred())
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).To(And(
			ContainSubstring("\nkazoolab_webhook_events_in_flight 0\n"), ContainSubstring("\nkazoolab_webhook_deliveries_in_flight 0\n")))
		g.Expect(w.rest(token, master, http.MethodGet, "/kazoolab/backlogs", "")).To(BeEmpty())
	}).WithTimeout(2 * eventually).WithPolling(50 * time.Millisecond).Should(Succeed())
	return w.inbox.all()
}

// webhook is a request of a hook as one object: whose it is, and the fields of its payload.
type webhook struct {
	about  string // what is compared as it is
	fields jobj.Object
}

func readWebhook(t *testing.T, r receiver.Request) (w webhook) {
	t.Helper()
	target, _, _ := strings.Cut(r.Target, "?")
	w = webhook{about: r.Method + " " + target + " " + r.Header.Get("Content-Type")}
	account := jobj.Member{Key: "X-Account-ID", Value: r.AccountID()}
	defer func() {
		var rest jobj.Object // without what the bridge adds, and no message has
		for _, m := range w.fields {
			switch m.Key {
			case "hook_event":
				w.about += fmt.Sprint(" ", m.Value)
			case "cluster_id":
				w.about += " of a cluster" // each has its own
			default:
				rest = append(rest, m)
			}
		}
		w.fields = rest
	}()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		body, err := jobj.ParseObject(r.Body)
		if err != nil {
			t.Fatalf("%s: %v", r.Body, err)
		}
		w.fields = append(jobj.Object{account}, body...)
		return w
	}
	w.fields = jobj.Object{account}
	for _, f := range r.Fields() {
		path := strings.FieldsFunc(f.Key, func(r rune) bool { return r == '[' || r == ']' }) // a[b][]
		w.fields = nested(w.fields, path, f.Value)
	}
	return w
}

// nested adds a value at a path.
func nested(o jobj.Object, path []string, value any) jobj.Object {
	if len(path) == 1 {
		return append(o, jobj.Member{Key: path[0], Value: value})
	}
	return o.Set(path[0], nested(o.Object(path[0]), path[1:], value))
}

// flat is an object without objects in it: the fields of all, by their own names. Text that
// is JSON is one, too, as it is in forms.
func flat(o jobj.Object) jobj.Object {
	var out jobj.Object
	var add func(name string, value any)
	add = func(name string, value any) {
		switch v := value.(type) {
		case jobj.Object:
			for _, m := range v {
				add(m.Key, m.Value)
			}
		case []any:
			for _, element := range v {
				add(name, element)
			}
		case string:
			if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
				if nested, err := jobj.Parse([]byte(v)); err == nil {
					add(name, nested)
					return
				}
			}
			out = append(out, jobj.Member{Key: name, Value: v})
		default:
			out = append(out, jobj.Member{Key: name, Value: string(jobj.Append(nil, v))})
		}
	}
	for _, m := range o {
		add(m.Key, m.Value)
	}
	return out
}
