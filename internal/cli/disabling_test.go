package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// stage is a running lab with one hook that points at a receiver.
type stage struct {
	*testing.T
	g       *gomega.WithT
	running *program
	lab     lab
	hook    string // its id
}

// failingStage has a hook for channel_create whose receiver answers as it is told.
func failingStage(t *testing.T, broker *brokertest.Broker, answer string) (*stage, *program) {
	t.Helper()
	running, l := up(t, broker)
	s := &stage{T: t, g: gomega.NewWithT(t), running: running, lab: l}
	receiver, target := listening(t, "--answer", answer)
	s.hook = s.create(`"name":"New Calls","uri":"` + target + `","hook":"channel_create","http_verb":"post","retries":1`)
	return s, receiver
}

func (s *stage) create(members string) string {
	s.Helper()
	status, answer := call(s.T, http.MethodPut, s.hooks(), s.lab.Token, `{"data":{`+members+`}}`)
	s.g.Expect(status).To(gomega.Equal(http.StatusCreated), "%v", answer)
	return answer["data"].(map[string]any)["id"].(string)
}

func (s *stage) hooks() string { return s.lab.REST + "/v2/accounts/" + s.lab.AccountID + "/webhooks" }

// cli runs a command beside the lab and returns what it printed.
func (s *stage) cli(args ...string) string {
	s.Helper()
	return beside(s.running, args...).start().expect(cli.ExitOK).stdout.String()
}

// hookRow is what hooks list prints of a hook.
type hookRow struct {
	ID, Name, Hook, URI string
	Enabled             bool
	Reason              string `json:"disable_reason"`
	Failures            int
	Count               int `json:"attempt_failure_count"`
	Window              int `json:"attempt_failure_expiry_ms"`
}

func (s *stage) listed(id string) hookRow {
	s.Helper()
	var rows []hookRow
	s.g.Expect(json.Unmarshal([]byte(s.cli("hooks", "list", "-o", "json")), &rows)).To(gomega.Succeed())
	for _, row := range rows {
		if row.ID == id {
			return row
		}
	}
	s.Fatalf("hook %s is not listed", id)
	return hookRow{}
}

// fails makes calls until the hook has failed often enough; a check may come before.
func (s *stage) fails() {
	s.Helper()
	s.g.Eventually(s.Context(), func() bool {
		s.cli("trigger", "channel_create", "--count", "3")
		row := s.listed(s.hook)
		return row.Failures >= 6 || !row.Enabled
	}).WithTimeout(eventually).Should(gomega.BeTrue())
}

// breaks has the hook fail, and lets the next check come.
func (s *stage) breaks() {
	s.Helper()
	s.fails()
	s.cli("clock", "advance", "15s")
	s.g.Eventually(s.Context(), func() bool { return s.listed(s.hook).Enabled }).WithTimeout(eventually).Should(gomega.BeFalse())
	row := s.listed(s.hook)
	s.g.Expect(row.Reason).To(gomega.Equal("too many failed attempts"))
	s.g.Expect(row.Failures).To(gomega.BeZero())
}

// fires makes a call that must reach the receiver.
func (s *stage) fires(receiver *program, what string) {
	s.Helper()
	before := strings.Count(receiver.stdout.String(), "\n")
	s.cli("trigger", "channel_create")
	s.g.Eventually(s.Context(), func() int { return strings.Count(receiver.stdout.String(), "\n") }).
		WithTimeout(eventually).Should(gomega.BeNumerically(">", before), what)
}

// isSilent makes a call that must not reach the receiver.
func (s *stage) isSilent(receiver *program) {
	s.Helper()
	s.g.Eventually(s.Context(), s.figure).WithArguments("kazoolab_webhook_events_in_flight").WithTimeout(eventually).Should(gomega.Equal("0"))
	before, requests := s.figure(`kazoolab_webhook_events_total{event="channel_create"}`), receiver.stdout.String()
	s.cli("trigger", "channel_create")
	s.g.Eventually(s.Context(), s.figure).WithArguments(`kazoolab_webhook_events_total{event="channel_create"}`).
		WithTimeout(eventually).ShouldNot(gomega.Equal(before))
	s.g.Eventually(s.Context(), s.figure).WithArguments("kazoolab_webhook_events_in_flight").WithTimeout(eventually).Should(gomega.Equal("0"))
	s.g.Expect(receiver.stdout.String()).To(gomega.Equal(requests), "a hook that is off gets nothing")
}

// figure is a metric of the bridge.
func (s *stage) figure(name string) string {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.lab.REST+"/metrics", nil)
	s.g.Expect(err).NotTo(gomega.HaveOccurred())
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	s.g.Expect(err).NotTo(gomega.HaveOccurred())
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	s.g.Expect(err).NotTo(gomega.HaveOccurred())
	for line := range strings.SplitSeq(string(text), "\n") {
		if figure, ok := strings.CutPrefix(line, name+" "); ok {
			return figure
		}
	}
	return ""
}

// The talk: respond with 200 only, auto-disabled otherwise.
func TestAHookThatFailsTooOftenIsSwitchedOffAndOnAgain(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	s, receiver := failingStage(t, broker, "500")
	told := notices(t, broker)
	watcher, target := listening(t, "--show", "body", "--count", "1")
	s.create(`"name":"Watch","uri":"` + target + `","hook":"notifications","custom_data":{"type":"all"}`)

	s.breaks()

	_, answer := call(t, http.MethodGet, s.hooks()+"/"+s.hook, s.lab.Token, "")
	data := answer["data"].(map[string]any)
	s.g.Expect(data["enabled"]).To(gomega.BeFalse())
	s.g.Expect(data["disable_reason"]).To(gomega.Equal("too many failed attempts"))

	var notice map[string]any
	s.g.Expect(json.Unmarshal((<-told).Body, &notice)).To(gomega.Succeed())
	s.g.Expect(notice).To(gomega.And(
		gomega.HaveKeyWithValue("Event-Name", "webhook_disabled"), gomega.HaveKeyWithValue("Hook-ID", s.hook),
		gomega.HaveKeyWithValue("Account-ID", s.lab.AccountID), gomega.HaveKeyWithValue("App-Name", "webhooks")))

	// It is an event itself.
	watcher.expect(cli.ExitOK)
	s.g.Expect(watcher.stdout.String()).To(gomega.And(
		gomega.ContainSubstring("event_name = webhook_disabled"), gomega.ContainSubstring("hook_id = "+s.hook)))

	s.isSilent(receiver)
	s.g.Expect(s.figure("kazoolab_webhook_disabled_total")).To(gomega.Equal("1"))
	for name, enable := range map[string]func(){
		"PATCH of the hook": func() { s.patch("/webhooks/"+s.hook, `{"data":{"enabled":true}}`) },
		"PATCH of the collection": func() {
			s.patch("/webhooks", `{"data":{"re-enable":true}}`)
		},
		"hooks enable":               func() { s.cli("hooks", "enable", s.hook[:8]) },
		"hooks enable --all":         func() { s.cli("hooks", "enable", "--all") },
		"hooks enable --descendants": func() { s.cli("hooks", "enable", "--descendants", "--account", runfile.Reseller) },
	} {
		enable()
		row := s.listed(s.hook)
		s.g.Expect(row.Enabled).To(gomega.BeTrue(), name)
		s.g.Expect(row.Reason).To(gomega.BeEmpty(), name)
		s.g.Expect(row.Failures).To(gomega.BeZero(), name)
		s.fires(receiver, name)
		s.breaks()
	}

	// What a person switched off stays off.
	s.cli("hooks", "enable", "New Calls")
	s.cli("hooks", "disable", "New Calls")
	s.cli("hooks", "enable", "--all")
	s.g.Expect(s.listed(s.hook).Enabled).To(gomega.BeFalse())
	s.g.Expect(s.cli("hooks", "list")).To(gomega.MatchRegexp(s.hook + `  New Calls  channel_create  off  +0 of 6 in 1m`))
}

// Nothing but 200 is success: what most servers would call one is none.
func TestOnly200KeepsAHookOn(t *testing.T) {
	t.Parallel()
	s, _ := failingStage(t, brokertest.New(t), "204")
	s.breaks()
}

// An account that bears more says so, and so does a hook.
func TestLimitsAreSetByAccountAndHook(t *testing.T) {
	t.Parallel()
	s, _ := failingStage(t, brokertest.New(t), "500")
	status, answer := call(t, http.MethodPost, s.lab.REST+"/v2/accounts/"+s.lab.AccountID+"/configs/webhooks", s.lab.Token,
		`{"data":{"attempt_failure_count":1000,"attempt_failure_expiry_ms":600000}}`)
	s.g.Expect(status).To(gomega.Equal(http.StatusOK), "%v", answer)
	row := s.listed(s.hook)
	s.g.Expect(fmt.Sprint(row.Count, " in ", row.Window)).To(gomega.Equal("1000 in 600000"))
	s.fails()
	s.cli("clock", "advance", "15s")
	s.g.Consistently(t.Context(), func() bool { return s.listed(s.hook).Enabled }).Should(gomega.BeTrue())

	s.patch("/webhooks/"+s.hook, `{"data":{"attempt_failure_count":6}}`)
	s.g.Expect(s.listed(s.hook).Failures).To(gomega.BeZero(), "an edit is a fresh start")
	s.breaks()
}

func (s *stage) patch(path, body string) {
	s.Helper()
	status, answer := call(s.T, http.MethodPatch, s.lab.REST+"/v2/accounts/"+s.lab.AccountID+path, s.lab.Token, body)
	s.g.Expect(status).To(gomega.Equal(http.StatusOK), "%v", answer)
}

// notices makes a queue for the notification that a hook was switched off.
func notices(t *testing.T, broker *brokertest.Broker) <-chan amqp.Delivery {
	t.Helper()
	channel := broker.Channel(t)
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.QueueBind(queue.Name, "notifications.webhook.disabled", "notifications", false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}
