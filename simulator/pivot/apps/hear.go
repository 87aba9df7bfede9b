package apps

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
)

// Run forgets nodes that are silent, until ctx ends.
func (d *Directory) Run(ctx context.Context) {
	for clock.Sleep(ctx, d.Clock, sweepPause) == nil {
		d.sweep()
	}
}

// hear takes what a node says.
func (d *Directory) hear(m kapi.PivotAppsMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch m.Name {
	case kapi.PivotApps:
		d.announced(m)
	case kapi.PivotRefused:
		d.refused(m)
	case kapi.PivotLost:
		if q := d.open[m.PivotID]; q.isAt(m.Registration) {
			d.leave(q)
			q.rouse()
		}
	case kapi.PivotAnswer:
		d.answered(m)
	}
}

// isAt holds for nobody's request as for another's: false.
func (q *asking) isAt(id string) bool { return q != nil && q.at != nil && q.at.ID == id }

// refused has a request go elsewhere. The directory is locked.
func (d *Directory) refused(m kapi.PivotAppsMessage) {
	q := d.open[m.PivotID]
	if !q.isAt(m.Registration) {
		return
	}
	r := q.at
	q.reached--
	d.leave(q)
	q.rouse()
	if m.Reason == kapi.PivotGone {
		d.remove(r)
		return
	}
	q.refused[r.ID] = true // another engine has its places
}

// answered takes the first answer, and says so. The directory is locked.
func (d *Directory) answered(m kapi.PivotAppsMessage) {
	verdict := kapi.PivotAccepted
	q := d.open[m.PivotID]
	switch {
	case d.ended[m.PivotID] != end{}:
		if was := d.ended[m.PivotID]; was.verdict != kapi.PivotAnswered || was.by != m.Registration {
			verdict = was.verdict
		} // else the node has not heard that its answer is taken
	case q == nil:
		verdict = kapi.PivotUnknown
	case q.done:
		verdict = kapi.PivotExpired
	default:
		q.done = true
		d.remember(q.id, end{kapi.PivotAnswered, m.Registration})
		if c := d.callOf(q.callID, q.of); c != nil {
			c.answered, c.by = q.id, m.Registration
		}
		a := client.Answer{Status: m.Status, Body: []byte(m.Body), URL: q.url}
		if m.ContentType != "" {
			a.Header = [][2]string{{"content-type", m.ContentType}}
		}
		q.answer <- a
	}
	queue := m.ServerID
	if r := d.registrations[m.Registration]; r != nil {
		queue = r.queue // the node may have had another when it answered
	}
	if queue != "" {
		d.line.tell(queue, kapi.PivotAppsMessage{Name: kapi.PivotVerdict, PivotID: m.PivotID, Reason: verdict})
	}
}

// unsent is called with what has reached no queue: its node is gone.
func (d *Directory) unsent(queue string, m kapi.PivotAppsMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q := d.open[m.PivotID]; m.Name == kapi.PivotRequest && q.isAt(m.Registration) {
		q.reached--
	}
	for _, r := range d.registrations {
		if r.queue == queue {
			d.remove(r)
		}
	}
}

// up is called when this engine has a queue, for the first time or another: nodes are to
// say what they have, and what is open goes out once more, as answers may have been lost.
func (d *Directory) up() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.open {
		if q.at != nil {
			d.leave(q)
		}
		q.rouse()
	}
	d.line.tell("", kapi.PivotAppsMessage{Name: kapi.PivotAsk})
}
