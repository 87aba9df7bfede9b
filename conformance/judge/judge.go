package judge

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Config is how strictly traffic is judged. The zero value holds a whole run of one
// ecallmgr to all that Kazoo's producers do.
type Config struct {
	Level Level
	// Cut says that the traffic is a piece of a longer one: what began before it, or
	// ends after it, is not held against it.
	Cut bool
	// Ecallmgrs is how many publish a switch's events. Each of several tells what happens
	// before the route is won (restrict_channel_event_publisher); 0 is one.
	Ecallmgrs int
	// Slack is how far durations may be from what the times of a leg's events say.
	Slack time.Duration
	// Keep is how many findings of a rule are kept, the first ones; 0 is 20. The rest are
	// counted.
	Keep int
}

// Judge judges traffic in its order. It is for one goroutine.
type Judge struct {
	cfg   Config
	book  *Book
	rules map[string]string // of sequences, with their sources
	count int               // messages so far
	now   int64             // of the switch, Unix microseconds
	found []Finding
	kept  map[string]int
	left  map[string]int
	soon  queue // what can be told when all legs have told of a moment
	late  queue // what can be told when applications have, too

	legs        legs
	records     bool // whether any leg's has been seen: not everybody listens to them
	documents   *memory[document]
	accounts    map[string]*accountChange
	faxes       *memory[faxCourse]
	faxEnds     *memory[string]
	conferences map[string]*room
	instances   *memory[string]
	lines       *memory[string]
	slots       *memory[string]
	realms      *memory[string]
	mail        *memory[*mail]
	waiting     map[string][]*mail // by realm
}

// How much is remembered of what is over.
const (
	manyGone      = 32768
	manyDocuments = 65536
	manyOthers    = 16384
)

// New returns a judge that has seen nothing.
func New(cfg Config) *Judge {
	if cfg.Keep == 0 {
		cfg.Keep = 20
	}
	return &Judge{
		cfg: cfg, book: NewBook(cfg.Level), rules: sequenceRules(), kept: map[string]int{}, left: map[string]int{},
		soon: queue{wait: settling}, late: queue{wait: patience},
		legs:        legs{live: map[string]*leg{}, gone: remember[*leg](manyGone)},
		documents:   remember[document](manyDocuments),
		accounts:    map[string]*accountChange{},
		faxes:       remember[faxCourse](manyOthers),
		faxEnds:     remember[string](manyOthers),
		conferences: map[string]*room{},
		instances:   remember[string](manyOthers),
		lines:       remember[string](manyGone),
		slots:       remember[string](manyOthers),
		realms:      remember[string](manyOthers),
		mail:        remember[*mail](manyOthers),
		waiting:     map[string][]*mail{},
	}
}

// Add judges the next message.
func (j *Judge) Add(m Message) {
	l := j.book.look(&m)
	for _, f := range l.found {
		f.Index = j.count
		j.keep(f)
	}
	if l.kind != nil && j.cfg.Level == Produced {
		j.follow(l)
	}
	j.count++
	j.settle(false)
}

// End says that no more follows, and returns what was found, in the order of the
// messages.
func (j *Judge) End() []Finding {
	j.settle(true)
	if !j.cfg.Cut {
		j.unfinished()
	}
	slices.SortStableFunc(j.found, func(a, b Finding) int { return a.Index - b.Index })
	return j.found
}

// Left is how many findings of each rule were not kept.
func (j *Judge) Left() map[string]int { return maps.Clone(j.left) }

// Messages is how many there have been.
func (j *Judge) Messages() int { return j.count }

func (j *Judge) keep(f Finding) {
	if j.kept[f.Rule] >= j.cfg.Keep {
		j.left[f.Rule]++
		return
	}
	j.kept[f.Rule]++
	// What is kept must not keep whole bodies alive.
	f.Field, f.Saw, f.Want = strings.Clone(f.Field), strings.Clone(f.Saw), strings.Clone(f.Want)
	j.found = append(j.found, f)
}

// finding is one of a sequence, about the message of an index.
func (j *Judge) finding(rule string, index int, field, saw, want string) {
	j.keep(Finding{Rule: rule, Source: j.rules[rule], Index: index, Field: field, Saw: saw, Want: want})
}

// settle looks at what is due; at all when nothing more comes.
func (j *Judge) settle(all bool) {
	j.soon.settle(j, all)
	j.late.settle(j, all)
}

// follow hands a message to who knows what may come after what.
func (j *Judge) follow(l *look) {
	switch l.kind.topic {
	case "call-event":
		j.callEvent(l)
	case "call-record":
		j.recorded(l)
	case "route-request":
		j.asked(l)
	case "usurp":
		j.usurped(l)
	case "parking":
		j.parked(l)
	case "document":
		j.changed(l)
	case "fax-status":
		j.faxed(l)
	case "conference":
		j.conferenced(l)
	case "presence":
		j.presented(l)
	case "lamp":
		j.lit(l)
	case "notification":
		j.notified(l)
	}
}

// sequenceRules are the rules over several messages, with where the reference has what
// they follow from.
func sequenceRules() map[string]string {
	return map[string]string{
		"leg.create-first":     "mod_kazoo, ecallmgr_call_event_publisher",
		"leg.create-once":      "mod_kazoo, ecallmgr_call_event_publisher",
		"leg.destroy-last":     "mod_kazoo, ecallmgr_call_event_publisher",
		"leg.answer-once":      "mod_kazoo",
		"leg.msg-id":           "mod_kazoo: kazoo_message.c",
		"leg.created-time":     "mod_kazoo: ecallmgr's definitions/*.xml",
		"leg.direction":        "mod_kazoo: ecallmgr's definitions/*.xml",
		"leg.fetch-id":         "ecallmgr_fs_router_util",
		"leg.dialler":          "mod_kazoo: ecallmgr's definitions/*.xml",
		"leg.vars-kept":        "mod_kazoo: ecallmgr's definitions/*.xml",
		"leg.account":          "kz_directory_endpoint, kz_directory_resource",
		"leg.bridge-id":        "ecallmgr_fs_bridge",
		"leg.interaction":      "mod_kazoo: Call-Interaction-ID",
		"leg.interaction-time": "mod_kazoo: Call-Interaction-ID",
		"leg.durations":        "mod_kazoo: ecallmgr's events/*.xml",
		"leg.loopback":         "mod_loopback",
		"record.once":          "mod_kazoo: KZ_CDR",
		"record.each-leg":      "mod_kazoo: KZ_CDR",
		"record.ended":         "mod_kazoo: KZ_CDR",
		"record.agrees":        "mod_kazoo: KZ_CDR",
		"bridge.legs":          "mod_kazoo",
		"bridge.answered":      "mod_kazoo",
		"bridge.once":          "mod_kazoo",
		"bridge.unbridge":      "mod_kazoo",
		"bridge.other-leg":     "mod_kazoo: ecallmgr's definitions/*.xml",
		"bridge.directions":    "mod_kazoo: ecallmgr's definitions/*.xml",
		"bridge.symmetric":     "mod_kazoo: ecallmgr's definitions/*.xml",
		"hangup.matching":      "mod_kazoo: hangup-fields",
		"hangup.fork":          "mod_kazoo: hangup-fields",
		"hangup.cancel":        "mod_kazoo: hangup-fields",

		"document.created-once":    "kzs_publish:publish_doc/3",
		"document.after-delete":    "kzs_publish:publish_doc/3",
		"document.revision-grows":  "kzs_publish:publish_doc/3",
		"document.first-revision":  "kzs_publish:publish_doc/3",
		"document.account-twice":   "kzd_accounts:save/1",
		"fax.order":                "fax_worker, fax_request",
		"fax.page":                 "fax_worker, fax_request",
		"fax.document-first":       "fax_worker, fax_request:notify_success",
		"fax.status-first":         "fax_worker, fax_request:notify_success",
		"conference.create-first":  "mod_conference",
		"conference.create-once":   "mod_conference",
		"conference.destroy-last":  "mod_conference",
		"conference.instance":      "mod_conference",
		"conference.member-ids":    "mod_conference",
		"conference.member-in":     "mod_conference",
		"conference.members-left":  "mod_conference",
		"presence.states":          "ecallmgr_fs_presence",
		"parking.order":            "cf_park:publish_event/3",
		"missed-call.ended":        "cf_missed_call_alert",
		"missed-call.untaken":      "cf_missed_call_alert",
		"voicemail.document-first": "kvm_message",
		"voicemail.order":          "kvm_message",
		"voicemail.outcome":        "kvm_message",
		"voicemail.lamp":           "kvm_mwi:send_mwi_update/2",
	}
}
