package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

func TestACallByHandIsDrawnLegByLeg(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, _ := up(t, brokertest.New(t))
	p := beside(running, "call", "+15551230001", "--to", "1001", "--script", "answer, hold, resume, press 12#, transfer 1002, answer, hangup caller").
		start().expect(cli.ExitOK)
	told := p.stdout.String()
	at := 0
	for _, line := range []string{
		"PAT EXAMPLE +15551230001", "CHANNEL_CREATE", "usurp_control", "CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER",
		"CHANNEL_BRIDGE ----", "CHANNEL_HOLD", "CHANNEL_UNHOLD", "DTMF", "DTMF", "DTMF", "CHANNEL_TRANSFEROR", "CHANNEL_TRANSFEREE",
		"CHANNEL_UNBRIDGE", "CHANNEL_DESTROY", "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE ----", "CHANNEL_UNBRIDGE",
		"CHANNEL_DESTROY", "CHANNEL_DESTROY", "What the webhooks made of it",
	} {
		i := strings.Index(told[at:], line)
		g.Expect(i).NotTo(BeNumerically("<", 0), "%s after\n%s", line, told[:at])
		at += i + len(line)
	}
	g.Expect(told[at:]).To(ContainSubstring("no hook fired"))
}

func TestACallThatIsTypedEndsWithTheCall(t *testing.T) {
	t.Parallel()
	running, _ := up(t, brokertest.New(t))
	p := beside(running, "call", "1002", "--to", "1001")
	p.state.Stdin = strings.NewReader("anser\nwait 1500ms\nanswer\nhangup\n")
	p.start().expect(cli.ExitOK, `"anser" is nothing that happens to a call; did you mean answer?`)
	NewWithT(t).Expect(p.stdout.String()).To(ContainSubstring("CHANNEL_BRIDGE"))
}

// typed is a word, and what is seen before the next one is typed.
type typed struct{ word, then string }

// types runs a call by hand and types the words. The call ends as they or its callflow have it.
func (p *program) types(words ...typed) *program {
	p.t.Helper()
	g := NewWithT(p.t)
	in, keyboard := io.Pipe()
	p.state.Stdin = in
	p.start()
	at := 0
	for _, one := range words {
		_, err := io.WriteString(keyboard, one.word+"\n")
		g.Expect(err).NotTo(HaveOccurred())
		g.Eventually(p.t.Context(), func() string { return p.stdout.String()[at:] }).WithTimeout(eventually).Should(ContainSubstring(one.then), one.word)
		told := p.stdout.String()
		at += strings.Index(told[at:], one.then) + len(one.then)
	}
	p.expect(cli.ExitOK)
	g.Expect(keyboard.Close()).To(Succeed())
	return p
}

// Who types waits for what each word does before the next.
func TestACallObeysEachWordAsItIsTyped(t *testing.T) {
	t.Parallel()
	running, _ := up(t, brokertest.New(t))
	beside(running, "call", "+15551230001", "--to", "1001").types(
		typed{"", "CHANNEL_PROGRESS"}, typed{"answer", "CHANNEL_BRIDGE"}, typed{"hold", "CHANNEL_HOLD"}, typed{"resume", "CHANNEL_UNHOLD"},
		typed{"press 1", "DTMF"}, typed{"record", "RECORD_START"}, typed{"stop", "RECORD_STOP"}, typed{"hold", "CHANNEL_HOLD"}, typed{"hangup", "CHANNEL_DESTROY"})
}

func TestAStepOfAScriptThatCannotBeDoneIsAFailure(t *testing.T) {
	t.Parallel()
	running, _ := up(t, brokertest.New(t))
	for _, one := range []struct {
		script string
		told   []string
	}{
		{"hold, answer, hangup", []string{"step 1, hold: nobody has taken the call", "the script was not done: 1 of 3 steps failed"}},
		{"answer, answer 1001, hangup", []string{"step 2, answer 1001: 1001 does not ring", "1 of 3 steps failed"}},
		{"answer 1002, answer 1001", []string{"step 1, answer 1002: 1002 does not ring", "1 of 2 steps failed"}},
		{"answer, retrieve 9999, hold, hold", []string{"step 2, retrieve 9999: nobody has the extension 9999", "step 4, hold: cannot hold", "2 of 4 steps failed"}},
		{"answer, hangup, wait 2s, hold, wait 1s", []string{"step 4, hold: the call is over", "1 of 5 steps failed"}},
	} {
		beside(running, "call", "--to", "1001", "--script", one.script).start().expect(cli.ExitFailed, one.told...)
	}
}

func TestACallLeavesForAConference(t *testing.T) {
	t.Parallel()
	running, _ := up(t, brokertest.New(t))
	for _, before := range []string{"", "answer, ", "answer, hold, "} {
		p := beside(running, "call", "--to", "1001", "--script", before+"conference standup, hangup").start().expect(cli.ExitOK)
		NewWithT(t).Expect(p.stdout.String()).To(MatchRegexp(`(?s)conference-create.*add-member.*del-member`))
	}
}

// What the end itself has the switch say is still said.
func TestACallThatIsEndedSaysNothingOfIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, _ := up(t, brokertest.New(t))
	p := beside(running, "call", "--to", "1001", "--script", "answer, wait 1h").start()
	g.Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(ContainSubstring("CHANNEL_BRIDGE"))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
	g.Expect(p.stderr.String()).To(BeEmpty())
}

func TestCallSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct {
		args []string
		want string
	}{
		{[]string{"--script", "wait"}, `wait needs something behind it, as in "wait 2s"`},
		{[]string{"--script", "hold 1001"}, `hold takes nothing, "1001" is too much`},
		{[]string{"--script", "wait soon"}, "wait soon: that is no time; write it as 2s or 1m30s"},
		{[]string{"a", "b"}, `takes one caller, "b" is too much`},
	} {
		run(t, append([]string{"call", "--to", "1001"}, wrong.args...)...).expect(cli.ExitUsage, wrong.want)
	}
}

// channel is what REST says of one.
type channelRow struct {
	UUID, Direction, Destination string
	Answered                     bool
	Other                        string `json:"other_leg"`
}

func channels(t *testing.T, g Gomega, l lab) []channelRow {
	t.Helper()
	status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID+"/channels", l.Token, "")
	g.Expect(status).To(Equal(http.StatusOK))
	text, err := json.Marshal(answer["data"])
	g.Expect(err).NotTo(HaveOccurred())
	var rows []channelRow
	g.Expect(json.Unmarshal(text, &rows)).To(Succeed())
	return rows
}

// quickcall has a new telephone of a lab be connected with 1002.
func quickcall(t *testing.T, l lab) {
	t.Helper()
	g := NewWithT(t)
	account := l.REST + "/v2/accounts/" + l.AccountID
	status, made := call(t, http.MethodPut, account+"/devices", l.Token, `{"data":{"name":"Desk","sip":{"username":"user_q","password":"secret1234"}}}`)
	g.Expect(status).To(Equal(http.StatusCreated), "%v", made)
	device, _ := made["data"].(map[string]any)["id"].(string)
	status, answer := call(t, http.MethodPost, account+"/devices/"+device+"/quickcall/1002", l.Token, `{"data":{}}`)
	g.Expect(status).To(Equal(http.StatusOK), "%v", answer)
}

// A telephone is rung first, somebody takes it, and then whom it is to be connected with.
func TestAQuickcallConnectsTwoTelephones(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, l := up(t, brokertest.New(t))
	quickcall(t, l)
	g.Eventually(t.Context(), func(g Gomega) {
		rows := channels(t, g, l)
		g.Expect(rows).To(HaveLen(2))
		g.Expect(rows[0].Answered && rows[1].Answered).To(BeTrue())
		g.Expect(rows[0].Other).To(Equal(rows[1].UUID))
		g.Expect(rows[0].UUID + rows[1].UUID).To(ContainSubstring("-quickcall"))
	}).WithTimeout(eventually).Should(Succeed())
}

// The switch of up alone places what is asked of its accounts, whoever calls beside it.
func TestAQuickcallIsPlacedOnce(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"simulate", "--rate", "5", "--mix", "call=1"}, {"call", "--to", "1001"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			broker := brokertest.New(t)
			running, l := up(t, broker)
			deliveries := bound(t, broker)
			p := beside(running, args...)
			in, typing := io.Pipe()
			p.state.Stdin = in
			p.start()
			<-deliveries // of a switch that hears
			quickcall(t, l)
			g.Expect(placed(t, deliveries)).To(Equal(1))
			p.end(cli.ErrTerminated)
			p.expect(cli.ExitOK)
			g.Expect(typing.Close()).To(Succeed())
		})
	}
}

func TestUpMakesCallsByItself(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, l := up(t, brokertest.New(t), "--rate", "20")
	g.Eventually(t.Context(), func(g Gomega) { g.Expect(channels(t, g, l)).NotTo(BeEmpty()) }).WithTimeout(eventually).Should(Succeed())
}
