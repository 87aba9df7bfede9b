package blackhole

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/apps"
	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// HearEngine does what an engine says. It is called for one message at a time.
func (h *Hub) HearEngine(m kapi.PivotAppsMessage) {
	switch m.Name {
	case kapi.PivotAsk:
		h.announcePivot()
	case kapi.PivotRequest:
		h.requestPivot(m)
	case kapi.PivotVerdict:
		h.judgePivot(m)
	case kapi.PivotCancel:
		h.pivot.mu.Lock()
		defer h.pivot.mu.Unlock()
		if one := h.pivot.held[m.PivotID]; one != nil && one.state == asked {
			h.cancel(one, m.Reason)
		}
	case kapi.PivotResult:
		h.pivot.mu.Lock()
		defer h.pivot.mu.Unlock()
		if one := h.pivot.held[m.PivotID]; one != nil && one.state == answered {
			h.pivot.end(one, errPivotAnswered)
			one.registration.session.say(apps.Frame(apps.Result, one.id, m.Data))
		}
	case kapi.PivotCDR:
		h.pivot.mu.Lock()
		defer h.pivot.mu.Unlock()
		if r := h.pivot.meant(m); r != nil {
			r.session.say(apps.Frame(apps.CDR, m.PivotID, m.Data))
		}
	}
}

// meant is the registration that a message is for, if it is the account's and the
// application's: an engine's word alone brings nothing of a call to another account. The
// table is locked.
func (t *pivotTable) meant(m kapi.PivotAppsMessage) *registration {
	r := t.registrations[m.Registration]
	if r == nil || r.account != m.AccountID || r.app != m.App {
		return nil
	}
	return r
}

// requestPivot sends a request to its socket, or says why not.
func (h *Hub) requestPivot(m kapi.PivotAppsMessage) {
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	until := h.dep.Clock.Now().Add(time.Duration(m.Left)*time.Millisecond + pivotGrace)
	r := h.pivot.meant(m)
	if one := h.pivot.held[m.PivotID]; one != nil && h.again(one, r, m.ServerID, until) {
		return
	}
	refuse := func(reason string) {
		h.metrics.pivotRequests.WithLabelValues(reason).Inc()
		h.dep.Engines.Tell(m.ServerID, kapi.PivotAppsMessage{
			Name: kapi.PivotRefused, PivotID: m.PivotID, Registration: m.Registration, Reason: reason,
		})
	}
	switch {
	case r == nil:
		refuse(kapi.PivotGone)
		return
	case r.open >= r.max:
		refuse(kapi.PivotBusy)
		return
	}
	h.metrics.pivotRequests.WithLabelValues("sent").Inc()
	one := &held{registration: r, id: m.PivotID, engine: m.ServerID, until: until}
	r.open++
	h.pivot.held[one.id], r.session.pivot.held[one.id] = one, one
	data := m.Data
	if m.Redelivered {
		data = apps.Again(data)
	}
	r.session.say(apps.Frame(apps.Request, one.id, data))
}

// again is for a request that is here already: its engine has had another queue since, or
// has lost sight of this node. It is true where nothing is to be sent. The table is locked.
func (h *Hub) again(one *held, r *registration, engine string, until time.Time) bool {
	switch {
	case one.state == answering:
		one.engine = engine
		h.dep.Engines.Tell(engine, one.answer)
		return true
	case one.state == answered:
		return true
	case one.registration == r:
		one.engine, one.until = engine, until
		return true
	}
	h.pivot.end(one, "") // it is another socket's from now on
	return false
}

// judgePivot replies to an answer.
func (h *Hub) judgePivot(m kapi.PivotAppsMessage) {
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	one := h.pivot.held[m.PivotID]
	if one == nil || one.state != answering {
		return
	}
	switch m.Reason {
	case kapi.PivotAccepted:
		one.state = answered
		one.until = h.dep.Clock.Now().Add(resultLimit)
		one.exchange.reply(command.Success, jobj.Object{{Key: "pivot_id", Value: one.id}})
		one.exchange, one.answer = nil, kapi.PivotAppsMessage{}
	case kapi.PivotAnswered:
		h.pivot.end(one, errPivotAnswered)
		one.refuse(errPivotAnswered)
	case kapi.PivotExpired:
		h.pivot.end(one, errPivotExpired)
		one.refuse(errPivotExpired)
	default:
		h.pivot.end(one, errPivotUnknown)
		one.refuse(errPivotUnknown)
	}
}
