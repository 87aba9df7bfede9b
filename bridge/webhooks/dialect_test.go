package webhooks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// versionRow is one subject on which versions of Kazoo differ, and what each of our
// dialects does. talk is 5.0 wherever the talk itself prints nothing; where Kazoo
// 3.22, which it describes, did something else, because says so.
type versionRow struct {
	subject        string
	talk, v50, v43 string
	because        string
	show           func(t *testing.T, d fidelity.Dialect) string
}

func same(s string) (talk, v50, v43 string) { return s, s, s }

func versionRows() []versionRow {
	row := func(subject string, show func(*testing.T, fidelity.Dialect) string, talk, v50, v43, because string) versionRow {
		return versionRow{subject: subject, talk: talk, v50: v50, v43: v43, because: because, show: show}
	}
	alike := func(subject, all, because string, show func(*testing.T, fidelity.Dialect) string) versionRow {
		talk, v50, v43 := same(all)
		return row(subject, show, talk, v50, v43, because)
	}
	const plain = `"hook":"channel_create"`
	return []versionRow{
		row("success", showSuccess, "post 200, put 200 201", "post 200, put 200 201", "post 200, put 200", "3.22 had no put"),
		alike("verbs and formats", "get post put form-data json", "3.22: get, post and form text only", showVerbs),
		alike("sub-accounts and internal legs", "hooks of ancestors fire; internal legs can be left out",
			"3.22: own account only, all legs; the talk wishes for the first", showFanOut),
		alike("cluster_id", "c1", "3.22 had none", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			return field(on(t, stage{dialect: d}).sent(t, plain, callMessage("CHANNEL_CREATE", "")), "cluster_id")
		}),
		row("type and action of custom_data", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			text := on(t, stage{dialect: d}).sent(t, `"hook":"object","custom_data":{"type":"user","action":"doc_edited","x":"1"}`,
				userEdited())
			other := on(t, stage{dialect: d}).sent(t, `"hook":"sms","custom_data":{"type":"mine","x":"1"}`, textMessage("sms"))
			return "object " + field(text, "type") + ", sms " + field(other, "type") + ", x " + field(other, "x")
		}, "object user, sms sms, x 1", "object user, sms sms, x 1", "object user, sms mine, x 1", "3.22 as 4.3"),
		row("object filter", showObjectFilter, "all is all; offered: yes", "all is all; offered: yes", "all is a word; offered: no", "3.22 had none but modifiers"),
		row("hooks", showHooks,
			"channel_create channel_answer channel_bridge channel_destroy parking object notifications sms mms inbound_fax outbound_fax callflow",
			"channel_create channel_answer channel_bridge channel_destroy parking object notifications sms mms",
			"channel_create channel_answer channel_bridge channel_destroy parking object notifications sms mms", ""),
		row("a fax and its error", showFaxes, "inbound_fax with pages 2, inbound_fax with pages 2", "refused", "refused", ""),
		row("request", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			return field(on(t, stage{dialect: d}).sent(t, plain, callMessage("CHANNEL_CREATE", `"Request":"100@r"`)), "request")
		}, "absent", "absent", "100@r", "3.22 as 4.3"),
		row("call_direction, caller and callee ids", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			text := on(t, stage{dialect: d}).sent(t, plain, callMessage("CHANNEL_CREATE", `"Call-Direction":"","Caller-ID-Name":7`))
			return "call_direction " + field(text, "call_direction") + ", caller_id_name " + field(text, "caller_id_name")
		}, "call_direction absent, caller_id_name 7", "call_direction absent, caller_id_name 7", "call_direction , caller_id_name 7", "3.22 as 4.3"),
		alike("parking", stageAcme, "3.22: no account_id", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			return field(on(t, stage{dialect: d}).sent(t, `"hook":"parking"`, callMessage("PARK_PARKED", "")), "account_id")
		}),
		alike("custom_channel_vars, custom_application_vars, is_internal_leg", "X 1, a 1, false", "3.22 had none of them",
			func(t *testing.T, d fidelity.Dialect) string {
				t.Helper()
				text := on(t, stage{dialect: d}).sent(t, plain, richCall())
				return "X " + field(text, "custom_channel_vars[X]") + ", a " + field(text, "custom_application_vars[a]") + ", " + field(text, "is_internal_leg")
			}),
		alike("order of a channel payload",
			"account_id call_direction call_id custom_channel_vars custom_application_vars emergency_resource_used from local_resource_used"+
				" is_internal_leg reseller_id timestamp to hook_event cluster_id",
			"3.22: call_direction first, then timestamp", func(t *testing.T, d fidelity.Dialect) string {
				t.Helper()
				return names(on(t, stage{dialect: d}).sent(t, plain, richCall()))
			}),
		row("deletion of an account", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			s := on(t, stage{dialect: d})
			NewWithT(t).Expect(s.hook(t, plain)).To(Succeed())
			s.hooks.AccountDeleted(stageAcme, d)
			return fmt.Sprint(s.hooks.Len(), " hooks left")
		}, "0 hooks left", "0 hooks left", "1 hooks left", "3.22 as 4.3"),
		alike("time for an answer", "1m0s", "the reference waits for ever, which no mode does; 3.22: 10 s", func(_ *testing.T, d fidelity.Dialect) string {
			cfg := webhooks.DefaultConfig()
			cfg.Dialect = d
			return cfg.RequestTimeout.String()
		}),
		alike("connection refused", "2 tries", "3.22: 1", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			s := on(t, stage{dialect: d})
			s.sent(t, plain+`,"uri":"http://127.0.0.1:1/","retries":2`, callMessage("CHANNEL_CREATE", ""))
			return fmt.Sprint(len(s.ledger.attempts), " tries")
		}),
		alike("end of tries", "retries exceeded", "3.22: one more attempt that says so", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			s := on(t, stage{dialect: d}, answer{close: true})
			s.sent(t, plain+`,"retries":3`, callMessage("CHANNEL_CREATE", ""))
			return s.ledger.attempts[len(s.ledger.attempts)-1].Body.String("retries_left")
		}),
		alike("members of an attempt",
			"resp_status_code resp_headers resp_body try retries_left result reason hook_id hook_event event_id uri method req_headers req_body"+
				" pvt_modified pvt_created pvt_type pvt_account_id pvt_account_db",
			"3.22: hook_id result reason and three more", func(t *testing.T, d fidelity.Dialect) string {
				t.Helper()
				s := on(t, stage{dialect: d}, answer{status: 500})
				s.sent(t, plain, callMessage("CHANNEL_CREATE", ""))
				var keys []string
				for _, m := range s.ledger.attempts[0].Body {
					keys = append(keys, m.Key)
				}
				return strings.Join(keys, " ")
			}),
		row("an account's threshold that is no number, the system's being 9", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			settings := disabler.NewSettings(disabler.Limit{Failures: 9, Within: time.Minute}, d, func(string) string { return "" })
			settings.Set(stageAcme, document(t, `{"attempt_failure_count":"many"}`))
			return fmt.Sprint(settings.Limit(stageAcme).Failures, " failures")
		}, "10 failures", "10 failures", "6 failures", "unknown of 3.22"),
		row("what a document without them has", func(t *testing.T, d fidelity.Dialect) string {
			t.Helper()
			s := on(t, stage{dialect: d}, answer{close: true})
			s.sent(t, plain, callMessage("CHANNEL_CREATE", ""))
			return fmt.Sprint(strings.ToLower(s.receiver.requests()[0].Method), ", ", len(s.receiver.requests()), " tries")
		}, "post, 2 tries", "post, 2 tries", "get, 3 tries", "3.22 as 4.3"),
	}
}

// richCall is a call with most of what the payload has a place for.
func richCall() string {
	members := `"Custom-Application-Vars":{"a":"1"},"Call-Direction":"inbound","Timestamp":63877472675,"From":"1@r","To":"2@r"`
	return strings.Replace(callMessage("CHANNEL_CREATE", members), `"Account-ID"`, `"X":"1","Account-ID"`, 1)
}

// TestWhatEachDialectDoes has a row for each subject on which versions of Kazoo
// differ.
func TestWhatEachDialectDoes(t *testing.T) {
	for _, row := range versionRows() {
		t.Run(row.subject, func(t *testing.T) {
			g := NewWithT(t)
			for dialect, want := range map[fidelity.Dialect]string{fidelity.Talk: row.talk, fidelity.V50: row.v50, fidelity.V43: row.v43} {
				g.Expect(row.show(t, dialect)).To(Equal(want), "dialect %s; %s", dialect, row.because)
			}
		})
	}
}

func showSuccess(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	good := func(verb string) string {
		text := verb
		for _, status := range []int{200, 201, 202, 204, 302, 500} {
			s := on(t, stage{dialect: d}, answer{status: status})
			s.sent(t, `"hook":"channel_create","http_verb":"`+verb+`"`, callMessage("CHANNEL_CREATE", ""))
			if len(s.ledger.attempts) == 0 { // only failures are stored
				text += fmt.Sprint(" ", status)
			}
		}
		return text
	}
	return good("post") + ", " + good("put")
}

func showVerbs(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	s := on(t, stage{dialect: d})
	var taken []string
	for _, verb := range []string{"get", "post", "put"} {
		if s.hook(t, `"hook":"all","http_verb":"`+verb+`"`) == nil {
			taken = append(taken, verb)
		}
	}
	for format, begins := range map[string]string{"form-data": "account_id=", "json": "{\n"} {
		if text := on(t, stage{dialect: d}).sent(t, `"hook":"all","http_verb":"post","format":"`+format+`"`, callMessage("CHANNEL_CREATE", "")); !strings.HasPrefix(text, begins) {
			return text
		}
	}
	return strings.Join(append(taken, "form-data", "json"), " ")
}

func showFanOut(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	g := NewWithT(t)
	s := on(t, stage{dialect: d})
	g.Expect(s.hookOf(t, stageReseller, "above", `"hook":"all","include_subaccounts":true,"include_internal_legs":false`)).To(Succeed())
	g.Expect(s.hookOf(t, stageReseller, "alone", `"hook":"all"`)).To(Succeed())
	g.Expect(s.hookOf(t, stageRival, "beside", `"hook":"all","include_subaccounts":true`)).To(Succeed())
	if n := len(s.send(t, callMessage("CHANNEL_CREATE", ""))); n != 1 {
		return fmt.Sprint(n, " hooks fired")
	}
	if n := len(s.send(t, callMessage("CHANNEL_CREATE", `"Channel-Is-Loopback":true`))); n != 0 {
		return "an internal leg fired"
	}
	return "hooks of ancestors fire; internal legs can be left out"
}

func showObjectFilter(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	text := "all is a word"
	if on(t, stage{dialect: d}).sent(t, `"hook":"object","custom_data":{"type":"all","action":"all"}`, userEdited()) != "nothing" {
		text = "all is all"
	}
	hooks, err := catalogue.ForDialect(d)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, hook := range hooks {
		if hook.Name != payload.HookObject {
			continue
		}
		if strings.Contains(strings.Join(catalogue.Choices(hook.Modifiers.Object("type")), " "), "all ") {
			return text + "; offered: yes"
		}
	}
	return text + "; offered: no"
}

// showHooks: what fires is what the catalogue offers.
func showHooks(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	hooks, err := catalogue.ForDialect(d)
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(webhooks.Names(d)).To(ConsistOf(catalogue.Names(hooks)))
	return strings.Join(webhooks.Names(d), " ")
}

func showFaxes(t *testing.T, d fidelity.Dialect) string {
	t.Helper()
	s := on(t, stage{dialect: d})
	if s.hook(t, `"hook":"inbound_fax","http_verb":"post"`) != nil {
		return "refused"
	}
	var seen []string
	for _, name := range []string{"inbound_fax", "inbound_fax_error"} {
		for _, r := range s.send(t, notificationMessage(name, inboundFax)) {
			seen = append(seen, field(r.Body, "hook_event")+" with pages "+field(r.Body, "fax_total_pages"))
		}
	}
	return strings.Join(seen, ", ")
}
