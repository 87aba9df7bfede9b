package bindings_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const callTemplates = `"call":["call.CHANNEL_CREATE.{CALL_ID}","call.CHANNEL_ANSWER.{CALL_ID}","call.CHANNEL_DESTROY.{CALL_ID}",` +
	`"call.CHANNEL_HOLD.{CALL_ID}","call.CHANNEL_UNHOLD.{CALL_ID}","call.CHANNEL_BRIDGE.{CALL_ID}",` +
	`"call.PARK_PARKED.{CALL_ID}","call.PARK_RETRIEVED.{CALL_ID}","call.PARK_ABANDONED.{CALL_ID}"]`

func listing(dialect fidelity.Dialect, extensions bool) string {
	return string(jobj.Append(nil, bindings.Listing(dialect, extensions)))
}

func TestListingOfMaster(t *testing.T) {
	g := NewWithT(t)
	got := listing(fidelity.V50, false)
	g.Expect(got).To(HavePrefix(`{` + callTemplates +
		`,"conference":["conference.event.{CONFERENCE_ID}.{CALL_ID}","conference.command.{CONFERENCE_ID}"]` +
		`,"fax":["fax.status.{FAX_ID}","fax.object.{ACTION}"]` +
		`,"object":["object.doc_created.account","object.doc_created.callflow","object.doc_created.device","object.doc_created.faxbox",` +
		`"object.doc_created.media","object.doc_created.user","object.doc_created.vmbox","object.doc_created.fax",` +
		`"object.doc_created.mailbox_message","object.doc_created.call_recording","object.doc_edited.account",`))
	g.Expect(got).To(HaveSuffix(`"object.doc_deleted.call_recording"],"presence":["dialog.{CALL_ID}","mwi_updates.{USER}","update.{CALL_ID}"]}`))
}

func TestListingOf43(t *testing.T) {
	g := NewWithT(t)
	got := listing(fidelity.V43, false)
	g.Expect(got).To(HavePrefix(`{` + callTemplates + `,"conference":["conference.command.{CONFERENCE_ID}"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.undeaf-member","conference.event.{CONFERENCE_ID}.{CALL_ID}.deaf-member"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.unmute-member","conference.event.{CONFERENCE_ID}.{CALL_ID}.mute-member"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.start-talking","conference.event.{CONFERENCE_ID}.{CALL_ID}.stop-talking"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.del-member","conference.event.{CONFERENCE_ID}.{CALL_ID}.add-member"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.unlock","conference.event.{CONFERENCE_ID}.{CALL_ID}.lock"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.conference-destroy","conference.event.{CONFERENCE_ID}.{CALL_ID}.conference-create"` +
		`,"conference.event.{CONFERENCE_ID}.{CALL_ID}.*"],"fax":`))
	g.Expect(got).NotTo(ContainSubstring("presence"))
}

func TestListingOfTheTalk(t *testing.T) {
	g := NewWithT(t)
	got := listing(fidelity.Talk, false)
	g.Expect(got).To(HavePrefix(`{"call":[{"binding":"call.CHANNEL_CREATE.*","event":"CHANNEL_CREATE"},` +
		`{"binding":"call.CHANNEL_ANSWER.*","event":"CHANNEL_ANSWER"},{"binding":"call.CHANNEL_DESTROY.*","event":"CHANNEL_DESTROY"},` +
		`{"binding":"call.CHANNEL_BRIDGE.*","event":"CHANNEL_BRIDGE"}],"fax":[{"binding":"fax.status.*","event":"fax"}],` +
		`"object":[{"binding":"object.doc_created.account","event":"doc_created_account"},`))
	// Each can be subscribed to.
	var families map[string][]struct{ Binding, Event string }
	g.Expect(json.Unmarshal([]byte(got), &families)).To(Succeed())
	g.Expect(families).To(HaveLen(3))
	for _, offers := range families {
		for _, offer := range offers {
			_, err := bindings.Resolve(offer.Binding, asker(fidelity.Talk))
			g.Expect(err).NotTo(HaveOccurred(), offer.Binding)
		}
	}
}

func TestExtensionsAreListedOnlyWhenAsked(t *testing.T) {
	for _, dialect := range fidelity.Dialects() {
		g := NewWithT(t)
		g.Expect(listing(dialect, false)).NotTo(ContainSubstring("notifications"))
		with := listing(dialect, true)
		g.Expect(with).To(ContainSubstring("notifications.voicemail.voicemail_new"), string(dialect))
		g.Expect(with).To(ContainSubstring("notifications.system.system_alert"), string(dialect))
		g.Expect(with).To(ContainSubstring("notifications.sip.missed_call"), string(dialect))
		g.Expect(with).NotTo(ContainSubstring("password"), string(dialect))
	}
}
