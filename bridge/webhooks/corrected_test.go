package webhooks_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// Beside the rows of TestQuirksSideBySide: how far a correction goes, in each dialect.
func TestHowFarCorrectionsGo(t *testing.T) {
	const blocked = `"custom_data":{"type":"user","x":"1"}`
	everywhere := []fidelity.Dialect{fidelity.Talk, fidelity.V50, fidelity.V43}
	newer := []fidelity.Dialect{fidelity.Talk, fidelity.V50}
	rows := []struct {
		quirk, what         string
		dialects            []fidelity.Dialect
		hook, message, name string // of the member that is looked at
		kazoo, corrected    string
	}{
		{"custom-data-blocks", "an object hook with a type and no action", everywhere, `"hook":"object",` + blocked, userEdited(), "action", "nothing", "doc_edited"},
		{"custom-data-blocks", "a notifications hook without a type", everywhere, `"hook":"notifications","custom_data":{"x":"1"}`, notificationMessage("low_balance", `"Current-Balance":1`), "node", "nothing", "n"},
		{"custom-data-blocks", "another type is another type", everywhere, `"hook":"object","custom_data":{"type":"device"}`, userEdited(), "", "nothing", "nothing"},
		{"type-action-stripped", "custom_data.action of a notifications hook", newer, `"hook":"notifications","custom_data":{"type":"all","action":"mine"}`, notificationMessage("low_balance", `"Current-Balance":1`), "action", "absent", "mine"},
		{"type-action-stripped", "custom_data.type where it filters", newer, `"hook":"object","custom_data":{"type":"all","action":"all"}`, userEdited(), "type", "user", "user"},
		{"no-hook-event", "parking", everywhere, `"hook":"parking"`, callMessage("PARK_PARKED", ""), "hook_event", "absent", "parking"},
		{"no-hook-event", "notifications", everywhere, `"hook":"notifications"`, notificationMessage("low_balance", `"Current-Balance":1`), "hook_event", "absent", "notifications"},
		{"no-hook-event", "mms", everywhere, `"hook":"mms"`, textMessage("mms"), "hook_event", "absent", "mms"},
		{"float-forms", "charges that came as text", newer, `"hook":"sms"`, strings.Replace(textMessage("sms"), `{`, `{"Charges":"0.010",`, 1), "charges", "0.01", "0.01"},
		{"migrated-type", "a migrated hook and its own", everywhere, `"hook":"notifications","type":"inbound_fax"`, notificationMessage("inbound_fax", inboundFax), "node", "n", "n"},
	}
	for _, row := range rows {
		t.Run(row.quirk+": "+row.what, func(t *testing.T) {
			g := NewWithT(t)
			for _, dialect := range row.dialects {
				for compat, want := range map[fidelity.Compat]string{fidelity.Kazoo: row.kazoo, fidelity.Corrected: row.corrected} {
					text := on(t, stage{dialect: dialect, compat: compat}).sent(t, row.hook+`,"http_verb":"post"`, row.message)
					if text != "nothing" {
						text = field(text, row.name)
					}
					g.Expect(text).To(Equal(want), "%s, %s", compat, dialect)
				}
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
