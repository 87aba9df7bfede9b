package webhooks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// A trial is one request as a real event's, whatever the hook filters, and its
// failure is no failure of the hook.
func TestATrialIsARealRequestThatCountsForNothing(t *testing.T) {
	receiver, told, attempts := newReceiver(t, answer{close: true}, answer{status: 500}, answer{status: 200}), &failures{}, &ledger{}
	h := hook("off", receiver.server.URL) // not among the live ones
	h.Event, h.IncludeInternalLegs = "channel_create", false
	h.CustomData = payload.Parse(`{"ticket":"T-17"}`)
	h.Modifiers = payload.Parse(`{"call_id":"another"}`)
	r := newRigTelling(t, told, attempts)
	msg := event("c1")
	msg.Body = []byte(strings.Replace(string(msg.Body), `"Call-ID"`, `"Channel-Is-Loopback":true,"Call-ID"`, 1))
	for _, success := range []bool{false, false, true} {
		trial, err := r.engine.Try(r.ctx, h, account.Account{ID: "acme", ResellerID: "reseller"}, msg)
		if err != nil {
			t.Fatal(err)
		}
		if trial.Attempt.Success != success || trial.Event != "CHANNEL_CREATE" || trial.Attempt.HookID != "off" {
			t.Errorf("trial %+v", trial)
		}
	}
	got := receiver.requests()
	if len(got) != 3 || len(attempts.attempts) != 3 || len(told.times()) != 0 {
		t.Fatalf("%d requests, %d attempts, %d failures", len(got), len(attempts.attempts), len(told.times()))
	}
	for _, part := range []string{"account_id=acme&", "call_id=c1", "ticket=T-17", "reseller_id=reseller", "cluster_id="} {
		if !strings.Contains(got[2].Body, part) {
			t.Errorf("sent %s, without %s", got[2].Body, part)
		}
	}
	if got := got[2].Header.Get("X-Hook-Id"); got != "off" {
		t.Errorf("X-Hook-ID is %q", got)
	}
	if _, err := r.engine.Try(r.ctx, h, account.Account{ID: "acme"}, webhooks.Message{Body: []byte("hello")}); !errors.Is(err, payload.ErrNotJSON) {
		t.Errorf("what is no event: %v", err)
	}
}
