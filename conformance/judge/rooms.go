package judge

import (
	"fmt"
	"strings"
)

// room is a conference that goes on.
type room struct {
	id       string
	instance string
	members  map[string]string // call by member id
	last     int64             // member id
	cut      bool
}

// conferenced follows a conference from its creation to its end.
func (j *Judge) conferenced(l *look) {
	f := l.body
	event, id, instance := f.text("Event"), f.text("Conference-ID"), f.text("Instance-ID")
	if event == "" || id == "" {
		return
	}
	key := accountOf(f) + "/" + id // an id can be a number, which several accounts have
	r := j.conferences[key]
	if event == "conference-create" {
		if r != nil {
			j.finding("conference.create-once", j.count, "Event", "conference-create of "+quote(id)+" again", "conference-destroy first")
		}
		if before, _ := j.instances.get(key); before == instance && instance != "" {
			j.finding("conference.instance", j.count, "Instance-ID", quote(instance), "another than the last time")
		}
		j.conferences[key] = &room{id: strings.Clone(id), instance: strings.Clone(instance), members: map[string]string{}}
		return
	}
	if r == nil {
		if !j.cfg.Cut {
			j.finding("conference.create-first", j.count, "Event", event+" of "+quote(id), "conference-create first")
		}
		r = &room{id: strings.Clone(id), instance: strings.Clone(instance), members: map[string]string{}, cut: true}
		j.conferences[key] = r
	}
	if instance != "" && instance != r.instance {
		j.finding("conference.instance", j.count, "Instance-ID", quote(instance), quote(r.instance))
	}
	if event == "conference-destroy" {
		if len(r.members) > 0 {
			j.finding("conference.members-left", j.count, "Event", fmt.Sprintf("conference-destroy with %d members", len(r.members)), "their del-member first")
		}
		delete(j.conferences, key)
		j.instances.put(key, r.instance)
		return
	}
	if hasWord(memberStates, event) {
		j.member(l, r, event)
	}
}

// member: each comes once and goes once; ids are counted from 1.
func (j *Judge) member(l *look, r *room, event string) {
	n, ok := l.body.int("Participant-ID")
	call := l.body.text("Call-ID")
	if !ok || call == "" {
		return
	}
	id := fmt.Sprint(n)
	in, known := r.members[id]
	switch {
	case event == "add-member":
		if n <= r.last || r.last == 0 && n != 1 && !r.cut {
			j.finding("conference.member-ids", j.count, "Participant-ID", id, fmt.Sprintf("more than %d, counted from 1", r.last))
		}
		r.last = max(r.last, n)
		r.members[id] = strings.Clone(call)
	case !known && !r.cut:
		j.finding("conference.member-in", j.count, "Participant-ID", event+" of member "+id, "add-member first")
	case known && in != call:
		j.finding("conference.member-in", j.count, "Call-ID", quote(call), quote(in)+", which is member "+id)
	}
	if event == "del-member" {
		delete(r.members, id)
	}
}
