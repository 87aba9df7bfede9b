package scenario_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// world is a file's beginning.
const world = `scenario: A test
accounts:
  acme:
    numbers: ["+14155550100", {number: "+14155550101", rings: [remy]}]
    users: {dana: Dana Desk, remy: {name: Remy Ray, extension: "1044", voicemail: true}}
    groups: {front: [remy, dana]}
people: {pat: "+12125550199", sam: {number: "+12125550198", name: SAM}}
receivers: {crm: "200"}
hooks: {calls: {hook: channel_create}}
sockets: {console: {subscribe: ["call.*.*"]}}
`

func parsed(t *testing.T, text string) *scenario.Plan {
	t.Helper()
	plan, err := scenario.Parse("test.yaml", []byte(world+text))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	return plan
}

// timetable is a plan's acts, a line each.
func timetable(plan *scenario.Plan) []string {
	var lines []string
	for _, a := range plan.Acts {
		lines = append(lines, a.At.String()+" "+a.Verb()+" "+a.Gist())
	}
	return lines
}

func TestAFileBecomesATimetable(t *testing.T) {
	g := NewWithT(t)
	plan := parsed(t, `steps:
  - call: {name: first, from: pat, to: "+14155550100"}
  - ring: first
  - answer: {call: first, by: dana}
  - hold: first
    after: 3s
  - wait: 2s
  - resume: first
    after: 0s
  - hangup: {call: first, by: dana}
    at: 20s
`)
	g.Expect(timetable(plan)).To(Equal([]string{
		"0s call first: pat calls +14155550100",
		"200ms ring first: dana and remy",
		"4.2s answer first: dana",
		"7.2s hold first: dana",
		"9.2s resume first: dana",
		"20s hangup first: dana",
	}))
	g.Expect(plan.Length).To(Equal(20 * time.Second))
	g.Expect(plan.Seed).To(Equal("test"), "that of the file's name")
}

func TestWhomADialledNumberIsMeantFor(t *testing.T) {
	g := NewWithT(t)
	for _, c := range []struct{ from, to, number, rings string }{
		{"pat", "+14155550100", "+14155550100", "dana remy"},
		{"pat", "+14155550101", "+14155550101", "remy"},
		{"pat", "remy", "1044", "remy"},
		{"pat", "front", "2001", "remy dana"},
		{"dana", "1044", "1044", "remy"},
		{"dana", "sam", "+12125550198", ""},
		{"dana", "+12125550197", "+12125550197", ""},
		{"dana", "*97", "*97", ""},
	} {
		plan := parsed(t, `steps: [{call: {name: first, from: `+c.from+`, to: "`+c.to+`"}}]`)
		call, _ := plan.Acts[0].Do.(*scenario.Call)
		g.Expect(call.Number).To(Equal(c.number), c.to)
		g.Expect(strings.Join(call.Rings, " ")).To(Equal(c.rings), c.to)
		g.Expect(call.Account).To(Equal("acme"))
	}
}

func TestRepeatsAndBranchesAreWrittenOut(t *testing.T) {
	g := NewWithT(t)
	plan := parsed(t, `steps:
  - repeat:
      times: 2
      every: 10s
      steps:
        - call: {name: again, from: pat, to: dana}
          after: 0s
        - hangup: again
          after: 1s
  - together:
      - - edit: {type: user}
          at: 3s
      - - edit: {type: device}
          at: 1s
    at: 30s
  - edit: {type: callflow, id: "{again}-{again.1}"}
    after: 1s
`)
	g.Expect(timetable(plan)).To(Equal([]string{
		"0s call again.1: pat calls dana (1001)",
		"1s hangup again.1: pat",
		"10s call again.2: pat calls dana (1001)",
		"11s hangup again.2: pat",
		"31s edit acme: a device is edited",
		"33s edit acme: a user is edited",
		"34s edit acme: a callflow is edited",
	}))
	edit, _ := plan.Acts[6].Do.(*scenario.Edit)
	g.Expect(edit.ID).To(Equal("{again.2.call_id}-{again.1.call_id}"), "without a number it is the last")
}

func TestParentsComeBeforeTheirChildren(t *testing.T) {
	g := NewWithT(t)
	plan, err := scenario.Parse("test.yaml", []byte(`scenario: A test
accounts:
  shop: {parent: reseller}
  reseller: {parent: provider, reseller: true}
  provider: {}
steps: [{edit: {account: shop, type: user}}]
`))
	g.Expect(err).NotTo(HaveOccurred())
	var order []string
	for _, a := range plan.Accounts {
		order = append(order, a.Name)
	}
	g.Expect(order).To(Equal([]string{"provider", "reseller", "shop"}))
}

func TestWhatIsExpectedIsPlanned(t *testing.T) {
	g := NewWithT(t)
	plan := parsed(t, `steps:
  - call: {name: first, from: pat, to: dana}
  - expect:
      - frames: {in_order: [{name: CHANNEL_CREATE}], nothing_else: true}
expect:
  - webhooks: {hook: calls, exactly: 1, body: {call_id: "{first}", custom_channel_vars: {account_id: "{acme}"}}}
  - bus: {event: CHANNEL_DESTROY, at_most: 2}
    within: 1s
  - rest: {get: "/webhooks/{calls}", status: 200, data: {enabled: [true, "true"]}}
`)
	g.Expect(plan.Expectations()).To(Equal(4))
	hooks, bus, rest := plan.Expect[0], plan.Expect[1], plan.Expect[2]
	g.Expect([]any{hooks.Of, hooks.Receiver, hooks.Least, hooks.Most}).To(Equal([]any{scenario.AtReceiver, "crm", 1, 1}))
	g.Expect(hooks.Fields[0].Text).To(Equal("{first.call_id}"))
	g.Expect(hooks.Fields[1].Field).To(Equal("custom_channel_vars.account_id"))
	g.Expect([]any{bus.Least, bus.Most, bus.Within}).To(Equal([]any{0, 2, time.Second}))
	g.Expect(rest.REST.Target).To(Equal("/webhooks/{calls.id}"))
	g.Expect(rest.REST.Wants[0].Text).To(Equal("true or true"))
	between, _ := plan.Acts[1].Do.([]scenario.Expected)
	g.Expect(between[0].Socket).To(Equal("console"))
	g.Expect(between[0].NothingElse).To(BeTrue())
}

func TestTheStarterHoldsTogether(t *testing.T) {
	g := NewWithT(t)
	plan, err := scenario.Parse("front-desk.yaml", []byte(scenario.Starter(`a "new" one: #1`)))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Title).To(Equal(`a "new" one: #1`))
	g.Expect(plan.Expectations()).To(BeNumerically(">=", 4))
}

func TestWhatIsShippedHoldsTogether(t *testing.T) {
	files, err := filepath.Glob(shipped + "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		plan, err := scenario.Read(file)
		if err != nil {
			t.Errorf("\n%v", err)
			continue
		}
		if plan.Expectations() == 0 {
			t.Errorf("%s expects nothing", file)
		}
	}
}

// What becomes of a call that is commanded only the play knows, so that anybody may be in it.
func TestACommandedCallIsEverybodys(t *testing.T) {
	g := NewWithT(t)
	plan := parsed(t, `steps:
  - call: {name: first, from: pat, to: dana}
  - ring: first
  - answer: first
  - repeat:
      times: 2
      steps:
        - send: {subscribe: ["call.*.{first}", object.*.user]}
  - send: {api: {put: "/channels/{first}", body: {action: metaflow, data: {module: transfer}}}, status: error}
  - send: {frame: {action: ping, name: "{first}"}}
  - send: {unsubscribe: object.*.user}
  - hold: {call: first, by: remy}
  - transfer: {call: first, by: remy, to: dana}
  - hangup: {call: first, by: remy}
`)
	g.Expect(timetable(plan)[3:8]).To(Equal([]string{
		"4.7s send console: subscribe call.*.{first.call_id} and object.*.user",
		"5.2s send console: subscribe call.*.{first.call_id} and object.*.user",
		"5.7s send console: PUT /channels/{first.call_id}",
		"6.2s send console: ping",
		"6.7s send console: unsubscribe object.*.user",
	}))
	ping, ok := plan.Acts[6].Do.(*scenario.Send)
	g.Expect(ok).To(BeTrue())
	g.Expect(ping.Frame.String("name")).To(Equal("{first.call_id}"))
	g.Expect(ping.Status).To(Equal("success"))
}
