package cli

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	pivotclient "github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// beLed has callflows of the bridge that runs lead the call.
func (h *handCall) beLed(ctx context.Context, b *bus.Bus, log *slog.Logger) error {
	if h.placed == nil {
		return nil
	}
	master, ok := h.running.Account(runfile.Master)
	if !ok {
		return nil
	}
	token, err := newToken(ctx, h.running.REST, master.APIKey)
	if err != nil {
		return err
	}
	h.sim.storeBy(ctx, uploader(pivotclient.Local(), true))
	h.sim.hears, h.sim.stepped = h.sounds, h.went
	source := askedDocuments{client{base: strings.TrimRight(h.running.REST, "/"), accountID: master.ID, token: token}}
	if err := h.sim.leadByFlows(ctx, b, source, fidelity.Kazoo, func(do func()) error { do(); return nil }, log); err != nil {
		return err
	}
	h.troubles = h.sim.flows.bus.port(func(_ string, message jobj.Object) { h.failed(message) })
	return nil
}

// listen has what fails in Pivot be told. The broker has the binding before a callflow leads the call, whose own
// comes behind it.
func (h *handCall) listen(err error) error {
	if err == nil && h.troubles != nil {
		h.troubles.Bind("troubles", kapi.ExchangePivot, kapi.PivotTroubleKey(h.caller.CallID()))
	}
	return err
}

// failed tells of an application that has failed: what, why, what Kazoo does, and where there is more.
func (h *handCall) failed(message jobj.Object) {
	more := "GET /v2/accounts/" + message.String("Account-ID") + "/pivot/debug/" + url.PathEscape(message.String("Call-ID"))
	if message.Bool(false, "Debug") {
		more = "See " + more
	} else {
		more = `With "debug": true in the action's data, ` + more + " has what was asked and answered"
	}
	h.troubled++
	h.ladder.remark("Pivot: " + suggest.Then(suggest.Then(message.String("Text"), message.String("Kazoo")), more))
}

// sounds tells what the caller hears.
func (h *handCall) sounds(ch *pbx.Channel, sound switchboard.Sound) {
	if ch == h.caller && sound.Began {
		h.ladder.remark("the caller hears " + strings.TrimSpace(sound.Kind+" "+sound.Text+sound.Media))
	}
}

// went tells where the flow goes.
func (h *handCall) went(step callflow.Step) {
	switch step.What {
	case callflow.Entered:
	case callflow.Went, callflow.Branched:
		if step.Why == callflow.PivotFailed || step.Why == callflow.PivotSilent {
			h.provided++
		}
		h.ladder.remark("callflow: " + step.Module + ", then " + step.Next + ": " + step.Why)
	default:
		h.ladder.remark("callflow: " + strings.TrimSpace(step.Module+" "+step.What) + ": " + step.Why)
	}
}
