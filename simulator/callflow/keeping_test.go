package callflow_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

// However much happens in a call, what is over of it is not kept.
func TestTimersThatAreOverAreNotKept(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		flow, event string
		most        int
	}{
		"pivot, which any event has wait anew": {ask, `{"Event-Category":"call_event","Event-Name":"CHANNEL_PROGRESS"}`, 1},
		"digits": {
			node("collect_dtmf", `"max_digits":5000`), `{"Event-Category":"call_event","Event-Name":"DTMF","DTMF-Digit":"1"}`, 1,
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.calls(c.flow)
			var timers, waiting []int
			r.line.After(time.Second, func() {
				for range 1000 {
					r.tells(c.event)()
					n, _ := r.engine.Kept()
					timers, waiting = append(timers, n), append(waiting, r.line.Waiting())
				}
			})
			r.run(nil)
			r.Expect(timers).To(HaveEach(c.most))
			r.Expect(waiting).To(HaveEach(waiting[0]))
		})
	}
}

// Tokens of accounts whose buckets have filled again are nothing to remember.
func TestBucketsOfQuietAccountsAreNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *callflow.Config) { c.Unmetered = false })
	most := 0
	for i := range 5000 {
		r.line.After(time.Duration(i)*time.Second, func() {
			r.engine.Lead(jobj.Object{
				{Key: "Call-ID", Value: fmt.Sprint("call-", i)}, {Key: "Account-ID", Value: fmt.Sprintf("%032x", i)},
			}, callflow.Flow{ID: "f", Root: r.parse(node("hangup", ""))})
		})
		r.line.After(time.Duration(i)*time.Second+500*time.Millisecond, func() {
			_, buckets := r.engine.Kept()
			most = max(most, buckets)
		})
	}
	r.run(nil)
	r.Expect(r.engine.Calls()).To(BeZero())
	r.Expect(most).To(BeNumerically("<=", 64))
}

// Whose end was missed is told, as others have it in hand, too.
func TestCallsWhoseEndWasMissedAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for _, id := range []string{"up", "over"} {
		r.engine.Lead(jobj.Object{{Key: "Call-ID", Value: id}, {Key: "Account-ID", Value: account}}, callflow.Flow{Root: r.parse(node("wait_for_hangup", ""))})
	}
	r.Expect(r.engine.Sweep(func(callID string) bool { return callID == "up" })).To(Equal([]string{"over"}))
	r.Expect([]bool{r.engine.Leads("up"), r.engine.Leads("over")}).To(Equal([]bool{true, false}))
}
