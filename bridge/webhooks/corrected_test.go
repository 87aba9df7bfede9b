package webhooks_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// TestQuirksOfWhatFiresAndWhatIsSent shows the two modes side by side.
func TestQuirksOfWhatFiresAndWhatIsSent(t *testing.T) {
	const call = `"hook":"channel_create"`
	sends := func(hook, message, name string) func(*testing.T, *stage) string {
		return func(t *testing.T, s *stage) string {
			t.Helper()
			text := s.sent(t, hook, message)
			if text == "nothing" || name == "" {
				return text
			}
			return field(text, name)
		}
	}
	rows := []struct {
		quirk, what      string
		kazoo, corrected string
		show             func(*testing.T, *stage) string
	}{
		{"null-as-text", "a null header", "null", "absent", sends(call, callMessage("CHANNEL_CREATE", `"Caller-ID-Name":null`), "caller_id_name")},
		{"custom-data-blocks", "a notifications hook with custom_data and no type", "nothing", "n", sends(`"hook":"notifications","custom_data":{"x":"1"}`, notificationMessage("voicemail_full", `"Max-Message-Count":1,"Message-Count":1,"Voicemail-Box":"b"`), "node")},
		{"custom-data-blocks", "an object hook with a type and no action", "nothing", "doc_edited", sends(`"hook":"object","custom_data":{"type":"user"}`, userEdited(), "action")},
		{"custom-data-blocks", "another type is another type", "nothing", "nothing", sends(`"hook":"object","custom_data":{"type":"device"}`, userEdited(), "")},
		{"type-action-stripped", "custom_data.type of a call hook", "absent", "mine", sends(call+`,"custom_data":{"type":"mine"}`, callMessage("CHANNEL_CREATE", ""), "type")},
		{"type-action-stripped", "custom_data.action of a notifications hook", "absent", "mine", sends(`"hook":"notifications","custom_data":{"type":"all","action":"mine"}`, notificationMessage("low_balance", `"Current-Balance":1`), "action")},
		{"type-action-stripped", "custom_data.type where it filters", "user", "user", sends(`"hook":"object","custom_data":{"type":"all","action":"all"}`, userEdited(), "type")},
		{"request-missing", "what was dialled", "absent", "100@r", sends(call, callMessage("CHANNEL_CREATE", `"Request":"100@r"`), "request")},
		{"request-missing", "where the call began", "absent", "200@r", sends(call, `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Custom-Channel-Vars":{"Inception":"200@r","Account-ID":"`+stageAcme+`"}}`, "inception")},
		{"resource-used-default", "a call without a resource", "true", "false", sends(call, callMessage("CHANNEL_CREATE", ""), "local_resource_used")},
		{"no-hook-event", "parking", "absent", "parking", sends(`"hook":"parking"`, callMessage("PARK_PARKED", ""), "hook_event")},
		{"no-hook-event", "object", "absent", "object", sends(`"hook":"object"`, userEdited(), "hook_event")},
		{"no-hook-event", "notifications", "absent", "notifications", sends(`"hook":"notifications"`, notificationMessage("low_balance", `"Current-Balance":1`), "hook_event")},
		{"no-hook-event", "sms", "absent", "sms", sends(`"hook":"sms"`, textMessage("sms"), "hook_event")},
		{"no-hook-event", "mms", "absent", "mms", sends(`"hook":"mms"`, textMessage("mms"), "hook_event")},
		{"key-bytes", "a key beyond ASCII in form text", "absent", "x", sends(`"hook":"parking"`, callMessage("PARK_PARKED", `"É-A":"x"`), "É_a")},
		{"migrated-type", "a migrated hook and another notification", "n", "nothing", sends(`"hook":"notifications","type":"inbound_fax"`, notificationMessage("low_balance", `"Current-Balance":1`), "node")},
		{"migrated-type", "a migrated hook and its own", "n", "n", sends(`"hook":"notifications","type":"inbound_fax"`, notificationMessage("inbound_fax", inboundFax), "node")},
		{"object-twice", "an account's change, in the database of accounts", "doc_edited", "nothing", sends(`"hook":"object"`, `{"Event-Category":"configuration","Event-Name":"doc_edited","ID":"`+stageAcme+`","Type":"account","Database":"accounts","Msg-ID":"m","App-Name":"d","App-Version":"4"}`, "action")},
		{"ccv-vanish", "Custom-Channel-Vars, their reserved list unset", "absent", "1", func(t *testing.T, s *stage) string {
			t.Helper()
			unset := on(t, stage{dialect: s.dialect, compat: s.compat, reserved: &payload.ReservedVars{}})
			return field(unset.sent(t, call, richCall()), "custom_channel_vars[X]")
		}},
	}
	for _, row := range rows {
		t.Run(row.quirk+": "+row.what, func(t *testing.T) {
			g := NewWithT(t)
			for _, dialect := range []fidelity.Dialect{fidelity.Talk, fidelity.V50} {
				g.Expect(row.show(t, on(t, stage{dialect: dialect, compat: fidelity.Kazoo}))).To(Equal(row.kazoo), "kazoo, %s", dialect)
				g.Expect(row.show(t, on(t, stage{dialect: dialect, compat: fidelity.Corrected}))).To(Equal(row.corrected), "corrected, %s", dialect)
			}
		})
	}
}

func TestABrokenKeyIsWholeInJSON(t *testing.T) {
	g := NewWithT(t)
	for _, compat := range fidelity.Compats() {
		s := on(t, stage{dialect: fidelity.V50, compat: compat})
		text := s.sent(t, `"hook":"parking","format":"json"`, callMessage("PARK_PARKED", `"ÉTÉ-Я":{"Ω":1},"שלום":2,"漢字":3`))
		doc, err := jobj.ParseObject([]byte(text))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(doc.Int("ÉtÉ_Я", "Ω")).To(Equal(int64(1)), "%s: %s", compat, text)
		g.Expect(doc.Int("שלום")).To(Equal(int64(2)))
		g.Expect(doc.Int("漢字")).To(Equal(int64(3)))
	}
}

func TestHooksOfKazoo322AreMigrated(t *testing.T) {
	g := NewWithT(t)
	migrated, extra, ok := webhooks.Migrate(document(t, `{"uri":"http://h/","hook":"inbound_fax","custom_data":{"x":"1"}}`), "h1", "h2")
	g.Expect(ok).To(BeTrue())
	g.Expect(string(jobj.Append(nil, migrated))).To(Equal(`{"uri":"http://h/","hook":"notifications","custom_data":{"x":"1"},"type":"inbound_fax","other_id":"h2"}`))
	g.Expect(string(jobj.Append(nil, extra))).To(Equal(`{"uri":"http://h/","hook":"notifications","custom_data":{"x":"1"},"type":"inbound_fax_error","other_id":"h1"}`))

	migrated, extra, ok = webhooks.Migrate(document(t, `{"uri":"http://h/","hook":"callflow"}`), "h1", "h2")
	g.Expect(ok).To(BeTrue())
	g.Expect(extra).To(BeNil())
	g.Expect(string(jobj.Append(nil, migrated))).To(Equal(`{"uri":"http://h/","hook":"notifications","type":"callflow"}`))

	_, _, ok = webhooks.Migrate(document(t, `{"uri":"http://h/","hook":"channel_create"}`), "h1", "h2")
	g.Expect(ok).To(BeFalse())
}
