package bus

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// happened are the harness's queues for what a switch tells of calls, and of their ends.
const (
	happened = "happened"
	records  = "records"
)

// listenToCalls has the harness hear all that a switch tells of an account's calls.
func listenToCalls(ctx context.Context, p *probe.Probe, account probe.Account) error {
	for queue, exchange := range map[string]string{happened: "callevt", records: "cdr"} {
		if err := p.ListenAbout(ctx, account, queue, exchange, "#"); err != nil {
			return err
		}
	}
	return nil
}

// telephone makes a device and notes its id under a name.
func telephone(ctx context.Context, p *probe.Probe, a probe.Account, name string) (string, error) {
	id, err := made(ctx, p, a, "make telephone "+name, "/devices", fields{
		"name": name, "sip": fields{"username": "t" + p.ID()[:8], "password": "secret123"},
	})
	p.Note("telephone "+name, id)
	return id, err
}

// rung has a telephone rung by quickcall, and returns the id of its leg.
func rung(ctx context.Context, p *probe.Probe, a probe.Account, step, device, number string) (string, error) {
	answer, err := p.MustREST(ctx, step, probe.Request{
		Method: http.MethodGet, Path: "/v2/accounts/" + a.ID + "/devices/" + device + "/quickcall/" + number, Token: a.Token,
	})
	id := answer.Data().Get("endpoints.0.outbound_call_id").Str
	p.Note(step, id)
	return id, err
}

// events are what was told of a leg, by name; "" is any name.
func events(v capture.View, callID, name string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == happened && gjson.GetBytes(e.Body, "Event-Category").Str == "call_event" &&
			text(e, "Call-ID") == callID && (name == "" || text(e, "Event-Name") == name) && !strings.Contains(text(e, "Event-Name"), "_req") && !strings.HasPrefix(text(e, "Event-Name"), "usurp_")
	})
}

// awaitEvent waits for an event of a leg as long as people take to answer a telephone.
func awaitEvent(ctx context.Context, p *probe.Probe, callID, name string) {
	p.Await(ctx, name+" of "+callID, 30*time.Second, func(v capture.View) bool { return len(events(v, callID, name)) > 0 })
}
