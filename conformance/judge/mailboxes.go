package judge

import (
	"strings"
	"time"
)

// patience is how long an application may take for what follows a message: voicemail
// waits up to 30 s for the mail about it.
const patience = 2 * time.Minute

// mail is a voicemail message that was told of.
type mail struct {
	id      string
	index   int
	outcome bool // it was kept, or its document changed
	lit     bool // and the lamp with it
}

// notified follows what notifications belong to.
func (j *Judge) notified(l *look) {
	switch l.name {
	case "voicemail_new":
		j.leftFor(l)
	case "voicemail_saved", "voicemail_deleted":
		id := l.body.text("Voicemail-ID")
		if m, known := j.mail.get(id); known {
			m.outcome = true
		} else if !j.cfg.Cut && id != "" && l.name == "voicemail_saved" {
			j.finding("voicemail.order", j.count, "Voicemail-ID", quote(id), "voicemail_new first")
		}
	case "inbound_fax", "inbound_fax_error", "outbound_fax", "outbound_fax_error":
		j.faxTold(l)
	case "missed_call":
		j.missed(l)
	}
}

// missed: a call has ended when it is told of as missed, and was never connected with anybody.
func (j *Judge) missed(l *look) {
	id := l.body.text("Call-ID")
	if _, up := j.legs.live[id]; up {
		j.finding("missed-call.ended", j.count, "Call-ID", quote(id)+", which is up", "its CHANNEL_DESTROY first")
		return
	}
	if g, known := j.legs.gone.get(id); known && g.bridged != 0 {
		j.finding("missed-call.untaken", j.count, "Call-ID", quote(id)+", which was bridged", "a call that nobody took")
	}
}

// leftFor notes a message that was left for somebody.
func (j *Judge) leftFor(l *look) {
	f := l.body
	id, account := f.text("Voicemail-ID"), f.text("Account-ID")
	if id == "" || account == "" || j.cfg.Cut {
		return
	}
	if _, known := j.mail.get(id); known {
		return // it is told again when nobody has answered
	}
	if !j.monthly(account, id) {
		j.finding("voicemail.document-first", j.count, "Voicemail-ID", quote(id), "a document that has been created in the month's database")
	}
	realm, known := j.realms.get(account)
	if !known {
		realm = strings.Clone(f.text("To-Realm"))
	}
	m := &mail{id: strings.Clone(id), index: j.count}
	j.mail.put(id, m)
	j.waiting[realm] = append(j.waiting[realm], m)
	j.late.add(j, func() {
		switch {
		case !m.outcome:
			j.finding("voicemail.outcome", m.index, "Voicemail-ID", quote(m.id), "voicemail_saved, or a change of its document, after it")
		case !m.lit:
			j.finding("voicemail.lamp", m.index, "Voicemail-ID", quote(m.id)+" without an mwi_update", "one after it")
		}
		j.forget(realm, m)
	})
}

func (j *Judge) forget(realm string, m *mail) {
	var rest []*mail
	for _, other := range j.waiting[realm] {
		if other != m {
			rest = append(rest, other)
		}
	}
	j.waiting[realm] = rest
	if rest == nil {
		delete(j.waiting, realm)
	}
}

// outcome notes that a message's document was changed.
func (j *Judge) outcome(id string) {
	if m, known := j.mail.get(id); known {
		m.outcome = true
	}
}

// lit: the lamp comes last. Whose box a message is in, its id does not say: the lamp is
// that of the realm's oldest message of which the rest has been told.
func (j *Judge) lit(l *look) {
	if l.name != "mwi_update" {
		return
	}
	for _, m := range j.waiting[l.body.text("To-Realm")] {
		if m.outcome && !m.lit {
			m.lit = true
			return
		}
	}
}
