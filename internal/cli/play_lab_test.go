package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// played is what simulate FILE -o json prints.
type played struct {
	Scenario, Title, Error string
	Passed                 bool
	Expectations           []struct {
		Line       int
		Of, Report string
		Met        bool
	}
	Messages int
	Played   float64 `json:"played_s"`
	Seconds  float64
}

func reported(t *testing.T, p *program) (r played) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.stdout.String()), &r); err != nil {
		t.Fatalf("%v: %s", err, &p.stdout)
	}
	return r
}

func TestAPlayIsReportedToPrograms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := withSteps(t, `  - hangup: first
expect:
  - bus: {event: CHANNEL_DESTROY, exactly: 2}
  - rest: {get: /channels, data: {"0": absent}}
  - bus: {event: CHANNEL_HOLD}
    within: 10ms
`)
	r := reported(t, run(t, "simulate", path, "--speed", "max", "-o", "json").expect(cli.ExitFailed, "1 of 3 expectations are not met"))
	g.Expect(r.Passed).To(BeFalse())
	g.Expect(r.Scenario + ": " + r.Title).To(Equal("story: A story"))
	g.Expect(r.Messages).To(BeNumerically(">", 10))
	g.Expect(r.Played).To(BeNumerically("~", 15, 2))
	g.Expect(r.Seconds).To(BeNumerically(">", 0))
	g.Expect(r.Expectations).To(HaveLen(3))
	g.Expect([]bool{r.Expectations[0].Met, r.Expectations[1].Met, r.Expectations[2].Met}).To(Equal([]bool{true, true, false}))
	g.Expect(r.Expectations[2].Line).To(Equal(15))
	g.Expect(r.Expectations[2].Of).To(Equal("bus"))
	g.Expect(r.Expectations[2].Report).To(HavePrefix("expected at least 1 CHANNEL_HOLD on the bus"))

	path = withSteps(t, `  - rest: {get: /channel}
`)
	r = reported(t, run(t, "simulate", path, "--speed", "max", "-o", "json").expect(cli.ExitFailed, "line 11, rest"))
	g.Expect(r.Passed).To(BeFalse())
	g.Expect(r.Error).To(HavePrefix("line 11, rest at 4.7s: GET /channel: wanted success, got 404"))
	g.Expect(r.Expectations).To(BeEmpty())
}

// A story is played in the up that runs, whose clock goes along, and nothing of it stays.
func TestAScenarioIsPlayedInTheUpThatRuns(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, l := up(t, brokertest.New(t), "--seed", "played")
	story := "../../scenarios/commands-over-a-websocket.yaml"
	for range 2 {
		p := beside(running, "simulate", story, "--on-running", "--speed", "max", "-o", "json").start().expect(cli.ExitOK)
		g.Expect(reported(t, p).Passed).To(BeTrue())
	}
	p := beside(running, "simulate", "../../scenarios/reseller-fan-out.yaml", "--on-running", "--speed", "max").start().expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(ContainSubstring("passed"))
	p = beside(running, "clock", "-o", "json").start().expect(cli.ExitOK)
	var clock struct {
		Ahead float64 `json:"offset_seconds"`
	}
	g.Expect(json.Unmarshal([]byte(p.stdout.String()), &clock)).To(Succeed())
	g.Expect(clock.Ahead).To(BeNumerically(">", 60))

	env := beside(running, "env", "--account", "master", "-o", "json").start().expect(cli.ExitOK)
	var master map[string]string
	g.Expect(json.Unmarshal([]byte(env.stdout.String()), &master)).To(Succeed())
	status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+master["ACCOUNT_ID"]+"/descendants", master["AUTH_TOKEN"], "")
	g.Expect(status).To(Equal(http.StatusOK))
	g.Expect(answer["data"]).To(HaveLen(3), "the demo accounts alone")

	// Its own time needs no clock, another does.
	path := filepath.Join(t.TempDir(), "run.json")
	noted, err := runfile.Read(t.Context(), strings.TrimPrefix(running.state.Env[0], "KAZOOLAB_RUN_FILE="))
	g.Expect(err).NotTo(HaveOccurred())
	noted.ClockToken = ""
	g.Expect(noted.Write(path)).To(Succeed())
	short := withSteps(t, "  - hangup: first\n    after: 0s\n")
	without := func(speed string) *program {
		p := prepare(t, "simulate", short, "--on-running", "--speed", speed, "--run-file", path)
		return p.start()
	}
	without("max").expect(cli.ExitFailed, "the clock of the running up cannot be put forward, so that the story can be played with --speed 1 alone")
	began := running.state.Clock.Now()
	without("1").expect(cli.ExitOK)
	g.Expect(running.state.Clock.Since(began)).To(BeNumerically(">", 4*time.Second))
}

// What the switch is asked when the story is over keeps nobody.
func TestAScenarioEndsWhileTheSwitchIsAsked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	running, _ := up(t, broker)
	channel := broker.Channel(t)
	g.Expect(channel.Confirm(false)).To(Succeed())
	ctx, stop := context.WithCancel(t.Context())
	flooded := make(chan error, 1)
	go func() {
		var err error
		for n := 0; err == nil && ctx.Err() == nil; n++ {
			var confirmed *amqp.DeferredConfirmation
			confirmed, err = channel.PublishWithDeferredConfirm("callevt", "call.status_req.none", false, false, amqp.Publishing{
				Body: []byte(`{"Event-Category":"call_event","Event-Name":"channel_status_req","Call-ID":"none","Msg-ID":"1"}`),
			})
			if err == nil && n%8 == 0 { // no more than that is on its way
				confirmed.Wait()
			}
		}
		flooded <- err
	}()
	beside(running, "simulate", withSteps(t, "  - hangup: first\n"), "--on-running", "--speed", "max").start().expect(cli.ExitOK)
	stop()
	g.Expect(<-flooded).To(Succeed())
}

func TestWhatCannotBePlayedInTheUpThatRuns(t *testing.T) {
	t.Parallel()
	run(t, "simulate", "--on-running").expect(cli.ExitUsage, "--on-running is for a scenario; name its file")
	run(t, "simulate", "../../scenarios/fax.yaml", "--on-running").expect(cli.ExitUnreachable, "kazoolab up is not running")
	run(t, "simulate", "../../scenarios/fax.yaml", "--run-file", "x").expect(cli.ExitUsage, "--run-file is for calls that are made up")
	run(t, "simulate", "../../scenarios/quickcall.yaml", "--on-running").expect(cli.ExitUsage, "line 26: the running up places a quickcall itself")
	wired := withSteps(t, "  - send: {frame: {action: api, data: {endpoint: \"/v2/accounts/{acme}/users/{dana}/quickcall/1002\", verb: get}}}\n")
	run(t, "simulate", wired, "--on-running").expect(cli.ExitUsage, "line 11: the running up places a quickcall itself")
	run(t, "simulate", "../../scenarios/faults-on-the-bus.yaml", "--on-running").expect(cli.ExitUsage, "broker_drop is for a broker that the story has for itself")
	nobody := prepare(t, "simulate", "../../scenarios/fax.yaml", "--on-running")
	path := strings.TrimPrefix(nobody.state.Env[0], "KAZOOLAB_RUN_FILE=")
	if err := (runfile.File{PID: os.Getpid(), REST: fakeBridge(t, 200, "").URL}).Write(path); err != nil {
		t.Fatal(err)
	}
	nobody.start().expect(cli.ExitFailed, "the running up has no master account")
}
