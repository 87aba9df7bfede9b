package webhooks_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// TestHookPayloadsVector compares what every hook but notifications sends, byte for
// byte.
func TestHookPayloadsVector(t *testing.T) { comparePayloads(t, "hook_payloads") }

// TestNotificationPayloadsVector compares what the notifications hook sends for each
// type.
func TestNotificationPayloadsVector(t *testing.T) { comparePayloads(t, "notification_payloads") }

func comparePayloads(t *testing.T, name string) {
	t.Helper()
	tally := vectortest.NewTally(t, name)
	for _, r := range vectortest.Read(t, name, "kind", "label", "event", "account_id", "reseller_id",
		"hook", "config", "fired", "requests", "failed_attempts", "payload", "querystring", "error", "load_error") {
		b := newBench(t, answer{status: 200})
		hook := r.Object.Object("hook")
		reserved := payload.ReservedVars{}
		if keys, ok := r.Get("config", "reserved_ccv_keys"); ok {
			reserved = payload.NewReservedVars(texts(keys))
		}
		loaded := b.run(t, play{
			event:    b.receiver.here(string(r.RawMember("event"))), // a callflow's names the receiver
			hook:     hook.Set("uri", b.receiver.here(hook.String("uri"))),
			accounts: recordedAccounts(r.String("account_id"), r.String("reseller_id")),
			reserved: reserved,
		})
		got := b.receiver.requests()
		want := recordedRequests(r)
		switch {
		case r.Has("load_error"):
			if loaded {
				tally.Disagree(r, "the hook was loaded, recorded %s", r.String("load_error"))
			} else {
				tally.Agree()
			}
		case r.Has("failed_attempts"):
			b.compareBrackets(t, tally, r, got)
		case strings.HasSuffix(r.String("error"), " badmatch"):
			b.compareRefusal(t, tally, r, got)
		case r.Has("error"):
			compareCrash(tally, r, loaded, got)
		default:
			if diff := diffRequests(got, want); diff != "" {
				tally.Disagree(r, "%s: %s", r.String("label"), diff)
			} else {
				tally.Agree()
			}
		}
	}
}

// compareRefusal: the reference's validator refused the message, and so does ours.
func (b *bench) compareRefusal(t *testing.T, tally *vectortest.Tally, r vectortest.Record, got []received) {
	t.Helper()
	if len(got) > 0 || counted(t, b.metrics, "kazoolab_webhook_dropped_total", "invalid") != 1 {
		tally.Disagree(r, "%s: a message that %s refuses went through: %+v", r.String("label"), r.String("error"), got)
		return
	}
	tally.Agree()
}

// compareBrackets: the reference's client refused a GET with brackets; ours sends
// it (quirk uri-brackets), with the recorded text.
func (b *bench) compareBrackets(t *testing.T, tally *vectortest.Tally, r vectortest.Record, got []received) {
	t.Helper()
	target := "/hook?" + r.String("querystring")
	switch {
	case !strings.Contains(string(r.RawMember("failed_attempts")), `"client_error":"invalid_uri"`):
		tally.Disagree(r, "an attempt failed for another reason than brackets")
	case !strings.ContainsAny(target, "[]"):
		tally.Disagree(r, "refused without brackets: %s", target)
	case len(got) != 1 || got[0].Target != target:
		tally.Disagree(r, "got %+v\nwant target %s", got, target)
	default:
		tally.Differ("uri-brackets")
	}
}

// compareCrash: the reference crashed on sound input and sent nothing. Ours sends:
// null in form text as an empty member, a hook without format as form text, a key
// whose letters it would break unbroken, and what is in a list of lists as text. A
// verb or address that no request can be made with is refused when the hook is
// loaded: nothing is sent there either.
func compareCrash(tally *vectortest.Tally, r vectortest.Record, loaded bool, got []received) {
	crash := r.String("error")
	form := ""
	if len(got) == 1 {
		form = got[0].Body
		if got[0].Method == http.MethodGet {
			form = got[0].Target
		}
	}
	_, hasFormat := r.Get("hook", "format")
	switch {
	case strings.Contains(crash, "do_fire/3") && !loaded:
		tally.Agree()
	case strings.Contains(crash, "do_fire/3") && !hasFormat && form != "":
		tally.Differ("format-absent")
	case strings.Contains(crash, "jiffy:encode/2") && json.Valid([]byte(form)):
		tally.Differ("key-bytes")
	case strings.Contains(form, "=&") || strings.HasSuffix(form, "="):
		tally.Differ("null-crash")
	case strings.Contains(string(r.RawMember("event")), "[[") && form != "":
		tally.Differ("nested-list-bytes")
	default:
		tally.Disagree(r, "recorded %s, got %+v", crash, got)
	}
}
