package bindings_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

const (
	account  = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	other    = "0f0e0d0c0b0a09080706050403020100"
	database = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
	monthly  = database + "-202611"
)

func asker(dialect fidelity.Dialect, change ...func(*bindings.Asker)) bindings.Asker {
	a := bindings.Asker{
		Dialect: dialect, Compat: fidelity.Kazoo, AccountID: account, Realm: "acme.sip.example.com",
		Now: time.Date(2026, time.November, 30, 23, 59, 59, 0, time.UTC),
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func everyAccount(a *bindings.Asker) { a.AccountID = "*" }
func noRealm(a *bindings.Asker)      { a.Realm = "" }
func corrected(a *bindings.Asker)    { a.Compat = fidelity.Corrected }
func extensions(a *bindings.Asker)   { a.Extensions = true }

// keys are those that the lists count.
func keys(b bindings.Binding) []string {
	var all []string
	for _, e := range b.Entries {
		if !e.Unlisted {
			all = append(all, e.Key)
		}
	}
	return all
}

func TestWhatIsBound(t *testing.T) {
	for _, c := range []struct {
		asked string
		asker bindings.Asker
		keys  string // with blanks between
		bind  string // of the first
	}{
		{"call.CHANNEL_CREATE.*", asker(fidelity.V50), "call." + account + ".CHANNEL_CREATE.*", "callevt call.CHANNEL_CREATE.*"},
		{"call.PARK_PARKED.c1", asker(fidelity.V43), "call." + account + ".PARK_PARKED.c1", "callevt call.PARK_PARKED.*"},
		{"call.CHANNEL_HOLD.*", asker(fidelity.V50, everyAccount), "call.*.CHANNEL_HOLD.*", "callevt call.CHANNEL_HOLD.*"},
		{"call.CHANNEL_HOLD.#", asker(fidelity.V50), "call." + account + ".CHANNEL_HOLD.#", "callevt call.CHANNEL_HOLD.*"},
		{"object.doc_created.user", asker(fidelity.V50), "doc_created." + database + ".user.*", "configuration doc_created." + database + ".user.*"},
		{"object.*.fax", asker(fidelity.V50), "*." + monthly + ".fax.*", "configuration *." + monthly + ".fax.*"},
		{"object.doc_edited.mailbox_message", asker(fidelity.V43), "doc_edited." + monthly + ".mailbox_message.*", ""},
		{"object.*.*", asker(fidelity.V50), "*." + database + ".*.* *." + monthly + ".*.*", ""},
		{"object.doc_created.call_recording", asker(fidelity.V50), "doc_created." + database + ".call_recording.*", ""},
		{"fax.status.j1", asker(fidelity.V50), "fax.status." + account + ".j1", "faxes fax.status." + account + ".j1"},
		{"fax.status.*", asker(fidelity.V50, everyAccount), "fax.status.*.*", "faxes fax.status.*.*"},
		{"fax.object.doc_created", asker(fidelity.V50), "doc_created." + monthly + ".fax.*", "configuration doc_created." + monthly + ".fax.*"},
		{"fax.object.*", asker(fidelity.V50), "*." + monthly + ".fax.*", ""},
		{"conference.command.cf1", asker(fidelity.V50), "conference.command.cf1", "conference conference.command.cf1"},
		{"conference.event.cf1.c1", asker(fidelity.V50), "conference.event.*." + account + ".cf1.c1", "conference conference.event.*." + account + ".cf1.c1"},
		{"conference.event.cf1.*", asker(fidelity.V43), "conference.event.*." + account + ".cf1.*", ""},
		{"conference.event.cf1.*.add-member", asker(fidelity.V43), "conference.event.add-member." + account + ".cf1.*", ""},
		{"conference.event.cf1.*.*", asker(fidelity.V43), "conference.event.*." + account + ".cf1.*", ""},
		{"conference.event.*.cf1.*", asker(fidelity.Talk, extensions), "conference.event.*." + account + ".cf1.*", ""},
		{"conference.event.lock.cf1.*", asker(fidelity.Talk, extensions), "conference.event.lock." + account + ".cf1.*", ""},
		{"conference.event.*.*.*", asker(fidelity.Talk, extensions, everyAccount), "conference.event.*.*.*.*", ""},
		{"presence.dialog.c1", asker(fidelity.V50), "dialog.acme%2Esip%2Eexample%2Ecom.c1", "presence dialog.acme%2Esip%2Eexample%2Ecom.c1"},
		{"presence.mwi_updates.1001", asker(fidelity.Talk), "mwi_updates.acme%2Esip%2Eexample%2Ecom.1001", ""},
		{"presence.update.*", asker(fidelity.V50), "update.acme%2Esip%2Eexample%2Ecom.*", ""},
		{"doc_created.*.user.*", asker(fidelity.Talk), "doc_created." + database + ".user.*", ""},
		{"doc_edited.*.*.*", asker(fidelity.Talk), "doc_edited." + database + ".*.* doc_edited." + monthly + ".*.*", ""},
		{"doc_edited." + database + ".device.d1", asker(fidelity.Talk), "doc_edited." + database + ".device.d1", ""},
		{"notifications.voicemail.voicemail_new", asker(fidelity.V50, extensions), "notifications." + account + ".voicemail.new", "notifications notifications.voicemail.new"},
		{"notifications.voicemail.new", asker(fidelity.Talk, extensions), "notifications." + account + ".voicemail.new", ""},
		{"notifications.sip.missed_call", asker(fidelity.Talk, extensions), "notifications." + account + ".sip.missed_call", ""},
		{"notifications.system.*", asker(fidelity.V43, extensions, everyAccount), "notifications.*.system.alert", ""},
	} {
		g := NewWithT(t)
		got, err := bindings.Resolve(c.asked, c.asker)
		g.Expect(err).NotTo(HaveOccurred(), c.asked)
		g.Expect(strings.Join(keys(got), " ")).To(Equal(c.keys), c.asked)
		if c.bind != "" {
			exchange, key, _ := strings.Cut(c.bind, " ")
			g.Expect(got.Entries[0].Bind).To(Equal([]kapi.Binding{{Exchange: exchange, Key: key}}), c.asked)
		}
		for _, e := range got.Entries {
			g.Expect(e.Monthly).To(Equal(strings.Contains(e.Key, "-202611.")), e.Key)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	const unavailable = "no available subscriptions to requested binding"
	for _, c := range []struct {
		asked string
		asker bindings.Asker
		want  string
	}{
		{"call.CHANNEL_FOO.*", asker(fidelity.V50), "event CHANNEL_FOO not supported"},
		{"call.#.c1", asker(fidelity.V50), "event # not supported"},
		{"call.CHANNEL_CREATE", asker(fidelity.V50), "invalid format for call subscription : CHANNEL_CREATE"},
		{"call.CHANNEL_CREATE.c@10.0.0.1", asker(fidelity.V50), "invalid format for call subscription : CHANNEL_CREATE, c@10, 0, 0, 1"},
		{"call", asker(fidelity.V50), "invalid format for call subscription : "},
		{"call.", asker(fidelity.V50), "invalid format for call subscription : "},
		{"object.doc_created.foo", asker(fidelity.V50), "event doc_created.foo not supported"},
		{"object.created.user", asker(fidelity.V50), "event created.user not supported"},
		{"object.foo.*", asker(fidelity.V50), "event foo.* not supported"},
		{"object.*.foo", asker(fidelity.V50), "event *.foo not supported"},
		{"object.doc_created", asker(fidelity.V50), "invalid format for object subscription : doc_created"},
		{"object.doc_created.user", asker(fidelity.V50, everyAccount), unavailable},
		{"fax.foo.*", asker(fidelity.V50), "invalid format for fax subscription : foo, *"},
		{"fax.status", asker(fidelity.V50), "invalid format for fax subscription : status"},
		{"fax.object.foo", asker(fidelity.V50), "event foo not supported"},
		{"fax.object.*", asker(fidelity.V50, everyAccount), unavailable},
		{"conference.command.*", asker(fidelity.V50), "ConferenceId required"},
		{"conference.command.#", asker(fidelity.V50), "ConferenceId required"},
		{"conference.event.*.c1", asker(fidelity.V50), "ConferenceId required"},
		{"conference.event.*", asker(fidelity.V43), "ConferenceId required"},
		{"conference.event.*.cf1.*", asker(fidelity.V43), "ConferenceId required"},
		{"conference.event.*.cf1.*", asker(fidelity.V50, extensions), "invalid format for conference subscription : event, *, cf1, *"},
		{"conference.event.*.cf1.*", asker(fidelity.Talk), "invalid format for conference subscription : event, *, cf1, *"},
		{"conference.event.cf1.c1", asker(fidelity.V43), "invalid format for conference subscription : event, cf1, c1"},
		{"conference.event.cf1.*.foo", asker(fidelity.V43), "Unsupported conference event foo"},
		{"conference.event.foo.cf1.*", asker(fidelity.Talk, extensions), "Unsupported conference event foo"},
		{"conference.event.*.*.*", asker(fidelity.Talk, extensions), "unauthorized wildcard for conference id"},
		{"conference.event", asker(fidelity.V43), "invalid format for conference subscription : event"},
		{"conference", asker(fidelity.V50), "invalid format for conference subscription : "},
		{"presence.foo.x", asker(fidelity.V50), "event foo not supported"},
		{"presence", asker(fidelity.V50), "invalid format for presence subscription : "},
		{"presence.dialog", asker(fidelity.V50), unavailable},
		{"presence.dialog.c1", asker(fidelity.V50, noRealm), unavailable},
		{"presence.dialog.c1", asker(fidelity.V50, everyAccount), unavailable},
		{"presence.dialog.c1", asker(fidelity.V43), unavailable},
		{"doc_created.*.user.*", asker(fidelity.V50), unavailable},
		{"doc_created.*.user.*", asker(fidelity.V43), unavailable},
		{"doc_created.*.foo.*", asker(fidelity.Talk), "event doc_created.foo not supported"},
		{"doc_created." + kapi.AccountDB(other) + ".user.*", asker(fidelity.Talk), unavailable},
		{"doc_created.accounts.account.*", asker(fidelity.Talk), unavailable},
		{"notifications.voicemail.new", asker(fidelity.Talk), unavailable},
		{"notifications.foo.*", asker(fidelity.Talk, extensions), "event category foo not supported"},
		{"notifications.*.*", asker(fidelity.Talk, extensions), "event category * not supported"},
		{"notifications.user.password_recovery", asker(fidelity.Talk, extensions), "event user.password_recovery not supported"},
		{"notifications.voicemail", asker(fidelity.Talk, extensions), "invalid format for notifications subscription : voicemail"},
		{"foo.bar", asker(fidelity.V50), unavailable},
		{"*.CHANNEL_CREATE.*", asker(fidelity.V50), unavailable},
		{"#", asker(fidelity.Talk), unavailable},
		{"", asker(fidelity.Talk), unavailable},
	} {
		g := NewWithT(t)
		got, err := bindings.Resolve(c.asked, c.asker)
		g.Expect(err).To(MatchError(c.want), c.asked)
		g.Expect(got).To(BeZero(), c.asked)
		g.Expect(errors.Is(err, bindings.ErrUnavailable)).To(Equal(c.want == unavailable), c.asked)
	}
}

func TestTheNineCallEvents(t *testing.T) {
	g := NewWithT(t)
	got, err := bindings.Resolve("call.*.*", asker(fidelity.V50))
	g.Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, e := range got.Entries {
		names = append(names, strings.Split(e.Key, ".")[2])
		g.Expect(e.Bind).To(Equal([]kapi.Binding{{Exchange: "callevt", Key: "call." + names[len(names)-1] + ".*"}}))
	}
	g.Expect(names).To(Equal(strings.Fields(`CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_DESTROY CHANNEL_HOLD CHANNEL_UNHOLD
		CHANNEL_BRIDGE PARK_PARKED PARK_RETRIEVED PARK_ABANDONED`)))
}

func TestWhatTheClientIsShown(t *testing.T) {
	for _, c := range []struct {
		asked, want string
		asker       bindings.Asker
	}{
		{"call.*.*", "call.*.*", asker(fidelity.V50)},
		{"presence.dialog.c1", "dialog.c1", asker(fidelity.V50)},
		{"presence.dialog.c1", "presence.dialog.c1", asker(fidelity.V50, corrected)},
		{"doc_edited.*.*.*", "doc_edited.*.*.*", asker(fidelity.Talk)},
		{"notifications.voicemail.voicemail_new", "notifications.voicemail.voicemail_new", asker(fidelity.Talk, extensions)},
	} {
		g := NewWithT(t)
		got, err := bindings.Resolve(c.asked, c.asker)
		g.Expect(err).NotTo(HaveOccurred(), c.asked)
		g.Expect(got.Client).To(Equal(c.want), c.asked)
	}
}

// What the reference accepts and never delivers is delivered.
func TestWhatIsAcceptedIsDelivered(t *testing.T) {
	for _, c := range []struct{ asked, event string }{
		{"call.CHANNEL_DESTROY.c1@h", "call." + account + ".CHANNEL_DESTROY.c1%40h"},
		{"call.CHANNEL_DESTROY.c1%40h%2ex", "call." + account + ".CHANNEL_DESTROY.c1%40h%2Ex"},
		{"call.CHANNEL_DESTROY.c+1", "call." + account + ".CHANNEL_DESTROY." + kapi.EncodeKey("c 1")},
		{"fax.status.j 1", "fax.status." + account + ".j+1"},
		{"fax.status.j+1%2E1", "fax.status." + account + "." + kapi.EncodeKey("j 1.1")},
		{"fax.status.j%2E1", "fax.status." + account + "." + kapi.EncodeKey("j.1")},
		{"presence.mwi_updates.+1415", "mwi_updates.acme%2Esip%2Eexample%2Ecom." + kapi.EncodeKey("+1415")},
		{"conference.event.cf1.c@h", "conference.event.add-member." + account + ".cf1.c%40h"},
		{"fax.object.created", "doc_created." + monthly + ".fax.f1"},
		{"object.doc_created.call_recording", "doc_created." + monthly + ".call_recording.r1"},
		{"object.doc_created.call_recording", "doc_created." + database + ".call_recording.r1"},
	} {
		for _, id := range []string{account, database, "account/a1/b2/c3d4e5f60718293a4b5c6d7e8f90"} {
			a := asker(fidelity.V50)
			a.AccountID = id
			if !delivers(t, c.asked, a, c.event) {
				t.Errorf("%s of %s does not deliver %s", c.asked, id, c.event)
			}
		}
	}
}

// delivers reports whether a binding delivers an event that comes with a key of
// that text.
func delivers(t rapid.TB, asked string, a bindings.Asker, event string) bool {
	t.Helper()
	b, err := bindings.Resolve(asked, a)
	if err != nil {
		t.Fatalf("%s: %v", asked, err)
	}
	x := index.New[int]()
	for i, e := range b.Entries {
		x.Add(e.Key, i)
	}
	found := false
	x.Match(event, func(int) bool { found = true; return true })
	return found
}

// An id without dots finds its events, sent plain or as it stands in keys.
func TestIDsFindTheirEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[^.%+*# ]{1,12}`).Draw(t, "id")
		form := rapid.SampledFrom([]func(string) string{kapi.EncodeKey, func(id string) string { return id }}).Draw(t, "form")(id)
		for asked, event := range map[string]string{
			"call.CHANNEL_CREATE.":    "call." + account + ".CHANNEL_CREATE.",
			"fax.status.":             "fax.status." + account + ".",
			"conference.event.cf1.":   "conference.event.lock." + account + ".cf1.",
			"presence.dialog.":        "dialog.acme%2Esip%2Eexample%2Ecom.",
			"doc_edited.*.device.":    "doc_edited." + database + ".device.",
			"conference.event.*.cf1.": "conference.event.lock." + account + ".cf1.",
			"presence.mwi_updates.":   "mwi_updates.acme%2Esip%2Eexample%2Ecom.",
			"presence.update.":        "update.acme%2Esip%2Eexample%2Ecom.",
		} {
			if !delivers(t, asked+form, asker(fidelity.Talk, extensions), event+kapi.EncodeKey(id)) {
				t.Fatalf("%s does not deliver %s", asked+form, event+kapi.EncodeKey(id))
			}
		}
	})
}

// FuzzResolve: no text breaks the parser; what it takes stays within the account, or
// says which conference must be the account's.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{
		"call.*.*", "call.CHANNEL_CREATE.c1%40h", "object.*.*", "object.doc_created.call_recording", "fax.status.*", "fax.object.created",
		"conference.command.cf1", "conference.event.cf1.*", "conference.event.*.cf1.*", "conference.event.cf1.*.lock", "presence.dialog.c1",
		"presence", "doc_created.*.user.*", "notifications.voicemail.*", "", ".", "..", "*", "#.#", "call.CHANNEL_CREATE.%", "call.CHANNEL_CREATE.%zz\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		for _, dialect := range fidelity.Dialects() {
			for _, change := range [][]func(*bindings.Asker){{}, {corrected}, {extensions}} {
				b, err := bindings.Resolve(asked, asker(dialect, change...))
				if err != nil {
					if err.Error() == "" || strings.HasSuffix(err.Error(), ".") && !strings.HasSuffix(asked, ".") {
						t.Errorf("%q: error %q", asked, err)
					}
					continue
				}
				if b.Client == "" || len(b.Entries) == 0 {
					t.Errorf("%q: %+v", asked, b)
				}
				for _, e := range b.Entries {
					// One to no conference ("conference.command.") is nobody's.
					own := strings.Contains(e.Key, "."+account+".") || strings.Contains(e.Key, "."+database) ||
						strings.Contains(e.Key, ".acme%2Esip%2Eexample%2Ecom.") || e.Key == "conference.command."+e.Conference
					if !own || len(e.Bind) == 0 {
						t.Errorf("%q: key %q, bound %q", asked, e.Key, e.Bind)
					}
				}
			}
		}
	})
}
