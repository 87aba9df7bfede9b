package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"time"
)

// maxActs bounds what repeats in one another can make of a file.
const maxActs = 50_000

// pause is how long people, or the switch, take before they do something, where a step
// does not say. They are inferred from practice, and fixed, so that a timetable can be
// printed.
func pause(do any) time.Duration {
	switch do.(type) {
	case *Forward, *Ring:
		return 200 * time.Millisecond
	case *REST, *Send:
		return 500 * time.Millisecond
	case *Call, *Play, *Record, *Fax, *Registration, *Edit, *Emit, *Load:
		return time.Second
	case *Press, *Bridge, *Conference, *Message:
		return 2 * time.Second
	case *Answer, *Intercept:
		return 4 * time.Second
	case *Hold, *Resume, *Transfer, *Park:
		return 5 * time.Second
	case *Hangup, *Retrieve:
		return 10 * time.Second
	case *Voicemail:
		return 20 * time.Second
	}
	return 0
}

// What holds where a step says none.
const (
	defaultPlaying   = 4 * time.Second
	defaultRecording = 10 * time.Second
	defaultMessage   = 20 * time.Second
	defaultPages     = 2
)

// Times that are part of what a step does.
const (
	// Greeting is how long a voicemail box speaks before the caller does, at most.
	Greeting = 6 * time.Second
	// Hearing is from the message's end to when its owner does something with it.
	Hearing = 10 * time.Second
	// Consultation is how long two speak before an attended transfer.
	Consultation = 5 * time.Second
	// Keypress is from one key to the next.
	Keypress = 300 * time.Millisecond
	// faxSetup is what a fax takes besides its pages at most, faxPage each page (the
	// switchboard draws less).
	faxSetup = 20 * time.Second
	faxPage  = 40 * time.Second
)

// takes is how long something lasts before the next step can follow.
func takes(do any) time.Duration {
	switch do := do.(type) {
	case *Play:
		return do.For.or(defaultPlaying)
	case *Press:
		return time.Duration(len(do.Keys)) * Keypress
	case *Transfer:
		if do.How == "attended" {
			return Consultation
		}
	case *Voicemail:
		length := Greeting + do.Message.or(defaultMessage) + time.Second
		if do.Heard != "" {
			length += Hearing
		}
		return length
	case *Fax:
		if do.Result != "" && do.Result != "ok" {
			return faxSetup
		}
		if do.Pages == 0 {
			do.Pages = defaultPages
		}
		return faxSetup + time.Duration(do.Pages)*faxPage
	}
	return 0
}

// scope is one time of a repeat.
type scope struct {
	up     *scope
	suffix string          // that names of this time have
	own    map[string]bool // the names that this repeat gives
}

// full is a name as the plan has it.
func (s *scope) full(name string) string {
	for ; s != nil; s = s.up {
		if s.own[name] {
			return name + s.suffix
		}
	}
	return name
}

// flatten gives each step its time and puts it into the plan. It returns when the last
// is done.
func (p *planner) flatten(path string, steps []Step, begin time.Duration, s *scope) time.Duration {
	now, last, end := begin, begin, begin // done with the step before; when that began; all of it
	for i := range steps {
		step := &steps[i]
		at := fmt.Sprintf("%s[%d]", path, i)
		verb, do := p.doing(step)
		if do == nil {
			continue // form has said so
		}
		when := p.when(at, step, do, now, last, begin)
		if begin == 0 && i == 0 && step.At == nil && step.After == nil {
			when = 0
		}
		now = p.put(at+"."+verb, do, when, s)
		last = when
		end = max(end, now)
	}
	return end
}

// when is the moment of a step.
func (p *planner) when(path string, step *Step, do any, now, last, begin time.Duration) time.Duration {
	switch {
	case step.At != nil && step.After != nil:
		p.reading.WrongKey(path+".after", `stands beside "at"; write one of them`)
	case step.At != nil:
		when := begin + time.Duration(*step.At)
		if when < last {
			p.wrong(path+".at", "%s is before the step above, which is at %s; put what happens side by side into together",
				time.Duration(*step.At), last-begin)
		}
		return max(when, last)
	case step.After != nil:
		return now + time.Duration(*step.After)
	}
	return now + pause(do)
}

// doing is what a step does, as a copy.
func (p *planner) doing(step *Step) (verb string, do any) {
	v := reflect.ValueOf(step).Elem()
	for _, f := range p.verbs {
		if field := f.Of(v); f.One && !field.IsZero() {
			if field.Kind() != reflect.Pointer {
				return f.Name, field.Interface()
			}
			do := reflect.New(field.Type().Elem())
			do.Elem().Set(field.Elem())
			return f.Name, do.Interface()
		}
	}
	return "", nil
}

// put plans what a step does, and returns when it is done.
func (p *planner) put(path string, do any, at time.Duration, s *scope) time.Duration {
	switch do := do.(type) {
	case *Duration:
		return at + time.Duration(*do)
	case *Repeat:
		return p.repeat(path, do, at, s)
	case [][]Step:
		end := at
		for i, branch := range do {
			end = max(end, p.flatten(fmt.Sprintf("%s[%d]", path, i), branch, at, s))
		}
		return end
	case *Call:
		p.give(path, string(do.Name), aCall, s)
		do.Name = Label(s.full(string(do.Name)))
	case *Conference:
		if t := p.names[string(do.Name)]; t.sort != aConference { // steps share one
			p.give(path, string(do.Name), aConference, nil)
		}
	}
	if len(p.plan.Acts) >= maxActs {
		if len(p.plan.Acts) == maxActs {
			p.wrong(path, "is one of more than %d steps, with all repeats", maxActs)
		}
		p.plan.Acts = p.plan.Acts[:maxActs:maxActs]
		p.plan.Acts = append(p.plan.Acts, Act{})
		return at
	}
	length := takes(do)
	p.plan.Acts = append(p.plan.Acts, Act{
		At: at, Takes: length, Do: do, Path: path, Line: p.reading.Key(path).Line, scope: s,
	})
	return at + length
}

// give declares a name that a step gives.
func (p *planner) give(path, name string, of sort, s *scope) {
	if name == "" {
		return // form has said so
	}
	at := path + ".name"
	p.declare(name, thing{sort: of, path: at})
	if full := s.full(name); full != name {
		p.declare(full, thing{sort: of, path: at})
		p.latest[name] = full
	}
}

func (p *planner) repeat(path string, r *Repeat, at time.Duration, up *scope) time.Duration {
	own := map[string]bool{}
	given(r.Steps, own)
	now, end := at, at
	for n := range r.Times {
		suffix := fmt.Sprintf(".%d", n+1)
		if up != nil {
			suffix = up.suffix + suffix
		}
		done := p.flatten(path+".steps", r.Steps, now, &scope{up: up, suffix: suffix, own: own})
		end = max(end, done)
		now = done
		if r.Every > 0 {
			now = at + time.Duration(n+1)*time.Duration(r.Every)
		}
		if len(p.plan.Acts) > maxActs {
			break
		}
	}
	return end
}

// given adds the names that steps give to calls.
func given(steps []Step, names map[string]bool) {
	for _, step := range steps {
		switch {
		case step.Call != nil:
			names[string(step.Call.Name)] = true
		case step.Repeat != nil:
			inner := map[string]bool{}
			given(step.Repeat.Steps, inner)
			maps.Copy(names, inner)
		}
		for _, branch := range step.Together {
			given(branch, names)
		}
	}
}
