package pbx_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// demo is an account of which much is known.
func demo() pbx.Spec {
	return pbx.Spec{AccountID: account, AccountRealm: "acme.sip.example.com", ResellerID: reseller}
}

func composed(t testing.TB, seed string, k pbx.Kind, spec pbx.Spec) []kapi.Message {
	t.Helper()
	events, err := newSwitch(seed).Compose(k, spec)
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	messages := make([]kapi.Message, len(events))
	for i, e := range events {
		if unknown := e.Unknown(); len(unknown) > 0 {
			t.Fatalf("%s: fields that never reach the wire: %v", k.Name, unknown)
		}
		messages[i] = message(t, e)
	}
	return messages
}

// golden holds a message as it is on the wire, but a field a line and below its key.
func golden(m kapi.Message) string {
	obj, _ := jobj.ParseObject(m.Body)
	var b strings.Builder
	b.WriteString(m.Exchange + " " + m.Key + "\n")
	if m.CallID != "" {
		b.WriteString("call-id " + m.CallID + "\n")
	}
	for _, f := range obj {
		b.Write(jobj.AppendString(nil, f.Key))
		b.WriteString(": ")
		b.Write(jobj.Append(nil, f.Value))
		b.WriteByte('\n')
	}
	return b.String()
}

func TestKindsAreThoseOfTheGoldenFiles(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, k := range pbx.Kinds() {
		file := strings.Trim(regexp.MustCompile(`[^a-z]+`).ReplaceAllString(strings.ToLower(k.Group), "_"), "_") + ".golden"
		for i, m := range composed(t, "golden", k, demo()) {
			texts[file] += fmt.Sprintf("== %s %d: %s\n%s\n", k.Name, i+1, k.About, golden(m))
		}
	}
	for file, got := range texts {
		path := filepath.Join("testdata", file)
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; go test -update writes it anew\n%s", path, got)
		}
	}
}

// What holds for any message of any kind.
func TestEveryKindIsAMessageAsKazooPublishesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.SampledFrom(pbx.Kinds()).Draw(rt, "kind")
		seed := rapid.String().Draw(rt, "seed")
		kind, ok := kapi.FindPublication(k.Category(), k.Event())
		if !ok {
			rt.Fatalf("%s is published by nothing", k.Name)
		}
		spec := rapid.SampledFrom([]pbx.Spec{demo(), {AccountID: account}}).Draw(rt, "account")
		again := composed(t, seed, k, spec)
		for i, m := range composed(t, seed, k, spec) {
			if string(m.Body) != string(again[i].Body) || m.Key != again[i].Key {
				rt.Fatalf("%s: one seed, two messages", k.Name)
			}
			obj, err := jobj.ParseObject(m.Body)
			if err != nil {
				rt.Fatal(err)
			}
			checkWire(rt, kind.Definition, obj)
			if m.Exchange != kind.Exchange || m.Gzip != kind.Gzip || m.Mandatory != kind.Mandatory {
				rt.Fatalf("%s is sent as %+v", k.Name, m)
			}
			if category, name := obj.String("Event-Category"), obj.String("Event-Name"); category != k.Category() || name != k.Event() {
				rt.Fatalf("%s says it is %s / %s", k.Name, category, name)
			}
			if strings.ContainsAny(m.Key, "{}* ") || strings.Contains(m.Key, "..") {
				rt.Fatalf("%s has the key %s", k.Name, m.Key)
			}
		}
	})
}

// checkWire: fields of the closed list only, in the order of the wire, nothing
// empty, and every place filled.
func checkWire(t *rapid.T, def kapi.Definition, obj jobj.Object) {
	order := slices.Concat(
		strings.Fields("App-Name App-Version Event-Category Event-Name Msg-ID"),
		slices.DeleteFunc(strings.Fields(`Access-Group Defer-Response Destination-Server Geo-Location System-Log-ID Account-ID
			Call-ID Node Server-Queue-ID Raw-Headers Server-ID`), func(field string) bool {
			return slices.Contains(def.Optional, field) || slices.Contains(def.Required, field)
		}),
		def.Required, def.Either, def.Optional)
	last := len(order)
	for _, f := range obj {
		at := slices.Index(order, f.Key)
		if at < 0 || at >= last {
			t.Fatalf("%s is out of order or unknown: %s", f.Key, jobj.Append(nil, obj))
		}
		last = at
		if place := hole(f.Value); place != "" {
			t.Fatalf("%s holds %s", f.Key, place)
		}
	}
}

// hole finds a null, an empty text or a place that was not filled.
func hole(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if v == "" {
			return "an empty text"
		}
		return regexp.MustCompile(`\{[a-z_0-9]+\}`).FindString(v)
	case []any:
		for _, element := range v {
			if place := hole(element); place != "" {
				return place
			}
		}
	case jobj.Object:
		for _, m := range v {
			if place := hole(m.Value); place != "" {
				return m.Key + " with " + place
			}
		}
	}
	return ""
}

func TestEveryKindOfMessageCanBeTriggered(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	for _, k := range pbx.Kinds() {
		has[k.Category()+"/"+k.Event()] = true
	}
	for _, p := range kapi.Publications() {
		names := p.Names
		if p.Name != "" {
			names = []string{p.Name}
		}
		for _, name := range names {
			switch name {
			case "skel", "db_views_updated": // an example; and one that nothing sends
				continue
			}
			if !has[p.Category+"/"+name] {
				t.Errorf("%s / %s cannot be triggered", p.Category, name)
			}
		}
	}
	for name := range strings.FieldsSeq(`CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE
		CHANNEL_UNBRIDGE CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_DESTROY CHANNEL_EXECUTE_COMPLETE CHANNEL_METAFLOW DTMF DETECTED_TONE
		RECORD_START RECORD_STOP CHANNEL_TRANSFEREE CHANNEL_TRANSFEROR CHANNEL_REPLACED CHANNEL_DIRECT CHANNEL_INTERCEPTED
		CHANNEL_FAX_STATUS CHANNEL_DISCONNECTED CHANNEL_CONNECTED CHANNEL_PIVOT PARK_PARKED PARK_RETRIEVED PARK_ABANDONED`) {
		if !has["call_event/"+name] {
			t.Errorf("%s cannot be triggered", name)
		}
	}
	for _, event := range kapi.ConferenceEvents() {
		if k, ok := pbx.FindKind(event); !ok || k.Name != event {
			t.Errorf("%s of a conference cannot be triggered", event)
		}
	}
}

// A kind names the hook that hears it: the one whose binding its key meets.
func TestTheHookOfAKindHearsIt(t *testing.T) {
	t.Parallel()
	bindings := map[string]*topic.Index[string]{}
	for _, l := range kapi.HookListeners() {
		for _, b := range l.Bindings {
			if bindings[b.Exchange] == nil {
				bindings[b.Exchange] = &topic.Index[string]{}
			}
			bindings[b.Exchange].Insert(b.Key, l.Name)
		}
	}
	for _, k := range pbx.Kinds() {
		heard := ""
		m := composed(t, "hooks", k, demo())[0]
		if bound := bindings[m.Exchange]; bound != nil {
			bound.Match(m.Key, func(hook string) { heard = hook })
		}
		if k.Name == kapi.EventTypeUpdate { // the binding of objects takes it, and their validator refuses it
			heard = ""
		}
		if k.Name == "webhook" { // the binding of notifications takes it, for the hook that it brings
			heard = "callflow"
		}
		if heard != k.Hook {
			t.Errorf("%s is for %q, but %q hears it: %s", k.Name, k.Hook, heard, m.Key)
		}
	}
}

func TestAKindIsFoundByAnySpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"channel_create": "channel_create", "CHANNEL_CREATE": "channel_create", "Channel-Create": "channel_create",
		"parking": "park_parked", "object": "doc_edited", "sms": "sms_inbound", "mms": "mms_inbound", "callflow": "webhook",
		"add-member": "add-member", "add_member": "add-member", "update": "presence_update", "report": "cdr_report",
		"inbound": "", "event": "", "notifications": "", "": "", "nothing": "",
	} {
		if got, _ := pbx.FindKind(text); got.Name != want {
			t.Errorf("%q finds %q, want %q", text, got.Name, want)
		}
	}
}

func TestNamesOfKindsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range pbx.Kinds() {
		name := strings.ReplaceAll(k.Name, "-", "_")
		if seen[name] || k.About == "" || strings.HasSuffix(k.About, ".") || k.Group == "" {
			t.Errorf("%s: %q in %q", k.Name, k.About, k.Group)
		}
		seen[name] = true
	}
}

func TestAChangeLiesWhereDocumentsOfItsTypeDo(t *testing.T) {
	t.Parallel()
	const db = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
	created, _ := pbx.FindKind("doc_created")
	for typ, want := range map[string][]string{
		"":                {"doc_created." + db + ".device."},
		"user":            {"doc_created." + db + ".user."},
		"parked_call":     {"doc_created." + db + ".parked_call."},
		"account":         {"doc_created." + db + ".account." + account, "doc_created.accounts.account." + account},
		"fax":             {"doc_created." + db + "-202403.fax.202403-"},
		"mailbox_message": {"doc_created." + db + "-202403.mailbox_message.202403-"},
		"call_recording":  {"doc_created." + db + "-202403.call_recording.202403-"},
		"webhook":         {"doc_created.webhooks.webhook."},
		"port_request":    {"doc_created.port_requests.port_request."},
		"number":          {"doc_created.numbers%2F%2B1415.number.%2B1415"},
	} {
		spec := demo()
		spec.Type = typ
		messages := composed(t, "types", created, spec)
		if len(messages) != len(want) {
			t.Errorf("%s: %d messages, want %d", typ, len(messages), len(want))
			continue
		}
		for i, m := range messages {
			if !strings.HasPrefix(m.Key, want[i]) {
				t.Errorf("%s: sent to %s, want %s…", typ, m.Key, want[i])
			}
		}
	}
}

// The values of a scene are told by all of its messages alike.
func TestAFaxIsOneFax(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"fax_outgoing": "start,prepare,prepare,send,send,send,send,send,end", "fax_outgoing_error": "start,prepare,prepare,send,error",
		"fax_incoming": "start,receive,receive,receive,end", "fax_incoming_error": "start,receive,error",
	} {
		k, _ := pbx.FindKind(name)
		var states, ids []string
		for _, m := range composed(t, "fax", k, demo()) {
			obj, _ := jobj.ParseObject(m.Body)
			states = append(states, obj.String("Fax-State"))
			ids = append(ids, obj.String("Job-ID"), obj.String("Msg-ID"))
		}
		slices.Sort(ids)
		if got := strings.Join(states, ","); got != want || len(slices.Compact(ids)) != len(states)+1 {
			t.Errorf("%s: states %s of %v", name, got, ids)
		}
	}
}
