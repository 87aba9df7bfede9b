package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func plan(groups ...suite.Group) []suite.Planned {
	var planned []suite.Planned
	for _, g := range groups {
		planned = append(planned, suite.Planned{Group: g}, suite.Planned{Group: g}) // two requirements, one group
	}
	return planned
}

// broken is a fault of a group's code.
func broken() error {
	var none *suite.Suite
	return none.Check()
}

func config(features ...string) conformance.Config {
	return conformance.Config{
		Target: probe.Target{Features: features, Patience: probe.NewPatience(0)}, Clock: clock.System(), IDs: ids.Seeded("run"),
		HTTP: &http.Client{}, AtOnce: 4,
	}
}

func TestEachGroupIsCarriedOutOnceAndEndsAsItEnded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var done atomic.Int32
	groups := []suite.Group{
		{Name: "a/done", Do: func(context.Context, *probe.Probe) error { done.Add(1); return nil }},
		{Name: "a/broken", Do: func(context.Context, *probe.Probe) error { return errors.New("the target said no") }},
		{Name: "a/harness", Do: func(context.Context, *probe.Probe) error { return fmt.Errorf("%w: no port", probe.ErrHarness) }},
		{Name: "a/panics", Do: func(context.Context, *probe.Probe) error { return broken() }},
		{Name: "a/left-out", Needs: []string{suite.Bus}, Do: func(context.Context, *probe.Probe) error { done.Add(100); return nil }},
		{Name: "a/interrupted", Alone: true, Do: func(ctx context.Context, _ *probe.Probe) error {
			interrupt()
			<-ctx.Done()
			return ctx.Err()
		}},
	}
	c := config(suite.Hooks)
	var told []conformance.Progress
	c.Progress = func(p conformance.Progress) { told = append(told, p) }
	outcome := conformance.Run(ctx, c, plan(groups...))
	file := outcome.File
	g.Expect(outcome.Faults).To(BeEmpty())
	g.Expect(outcome.Left).To(BeEmpty())
	g.Expect(done.Load()).To(BeEquivalentTo(1))
	ends := map[string]string{}
	for _, e := range file.Entries {
		if e.Kind == capture.Ended {
			ends[e.Group] = e.Head + " " + string(e.Body)
		}
	}
	g.Expect(ends).To(Equal(map[string]string{
		"a/done": "done ", "a/broken": "broken the target said no", "a/harness": "harness fault of the harness: no port",
		"a/panics": "harness fault of the harness: runtime error: invalid memory address or nil pointer dereference", "a/interrupted": capture.Interrupted + " interrupted",
	}))
	g.Expect(file.Facts.Groups).To(HaveLen(6))
	g.Expect(told).To(HaveLen(6))
	g.Expect(told[5].Ended).To(Equal(6))
}

func TestWhatMovesTimeRunsAlone(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	beside := func(context.Context, *probe.Probe) error {
		running.Add(1)
		defer running.Add(-1)
		return nil
	}
	alone := func(ctx context.Context, p *probe.Probe) error {
		most.Store(max(most.Load(), running.Load()))
		return beside(ctx, p)
	}
	groups := []suite.Group{{Name: "a/alone", Alone: true, Do: alone}, {Name: "a/alone-too", Alone: true, Do: alone}}
	for i := range 20 {
		groups = append(groups, suite.Group{Name: fmt.Sprintf("a/beside-%d", i), Do: beside})
	}
	outcome := conformance.Run(t.Context(), config(), plan(groups...))
	g := NewWithT(t)
	g.Expect(outcome.Faults).To(BeEmpty())
	g.Expect(most.Load()).To(BeZero())
}

// Whoever is killed meanwhile leaves what was seen so far.
func TestTheLogIsOnFileWhileAGroupGoesOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "log.ndjson")
	out, err := os.Create(path)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = out.Close() })
	read := func() capture.File {
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		file, err := capture.Read(bytes.NewReader(text))
		g.Expect(err).NotTo(HaveOccurred())
		return file
	}
	c := config()
	c.Record = capture.NewRecorder(out, c.Clock)
	var killed capture.File
	group := suite.Group{
		Name: "a/killed", Title: "A group", Requirements: []suite.Requirement{{ID: "A-001", Judge: func(*suite.Judging) {}}},
		Do: func(ctx context.Context, p *probe.Probe) error {
			p.Note("seen", "so far")
			g.Eventually(ctx, func() string { killed = read(); return killed.Of("a/killed").Fact("seen") }).WithTimeout(10 * time.Second).Should(Equal("so far"))
			return nil
		},
	}
	planned := suite.Planned{Group: group, Requirement: group.Requirements[0]}
	outcome := conformance.Run(t.Context(), c, []suite.Planned{planned})
	g.Expect(killed.Cut).To(BeTrue())
	g.Expect(killed.Facts.Groups).To(Equal([]string{"a/killed"}))
	g.Expect(planned.Judge(killed).Outcome).To(Equal(suite.NotRun))
	g.Expect(c.Record.End(outcome.File.Facts)).To(Succeed())
	whole := read()
	g.Expect(whole.Cut).To(BeFalse())
	g.Expect(whole.Entries).To(Equal(outcome.File.Entries))
	g.Expect(planned.Judge(whole).Outcome).To(Equal(suite.Pass))
}

func TestReceiversWriteDownWhatCameAndAnswerAsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	c := config(suite.Hooks)
	c.Listener, c.Target.Advertise = listener, "http://"+listener.Addr().String()
	group := suite.Group{Name: "a/receiver", Do: func(ctx context.Context, p *probe.Probe) error {
		uri := p.Receiver("one", probe.Answer{Drop: true}, probe.Answer{Status: 503, Body: "later", Header: []capture.Field{{Name: "Retry-After", Value: "1"}}}, probe.Answer{Status: 204, Keep: true})
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		for i, want := range []string{"EOF", "503 later", "204 ", "204 "} {
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, uri+"?a=[b", strings.NewReader("bödy\n"))
			if err != nil {
				return err
			}
			req.Header["x-Own"] = []string{"v"}
			var got string
			if resp, err := client.Do(req); err != nil {
				got = err.Error()
			} else {
				body := make([]byte, 10)
				n, _ := resp.Body.Read(body)
				_ = resp.Body.Close()
				got = fmt.Sprint(resp.StatusCode, " ", string(body[:n]))
			}
			if !strings.HasSuffix(got, want) {
				return fmt.Errorf("request %d: %s", i, got)
			}
		}
		p.AwaitRequests(ctx, "one", 4)
		return nil
	}}
	outcome := conformance.Run(t.Context(), c, plan(group))
	file := outcome.File
	g.Expect(outcome.Faults).To(BeEmpty())
	view := file.Of("a/receiver")
	end, _ := view.End()
	g.Expect(end.Head).To(Equal(capture.Done), string(end.Body))
	g.Expect(view.Requests("one")).To(HaveLen(4))
	first := view.Requests("one")[0]
	g.Expect(first.Head).To(Equal("PUT " + view.Fact("path one") + "?a=[b HTTP/1.1"))
	g.Expect(string(first.Body)).To(Equal("bödy\n"))
	own, found := first.Value("x-Own")
	g.Expect(found).To(BeTrue(), "names stand as they came")
	g.Expect(own).To(Equal("v"))
	var answers []string
	for _, r := range view.Requests("one") {
		answer, _ := view.Answering(r.Seq)
		answers = append(answers, answer.Head)
	}
	g.Expect(answers).To(Equal([]string{"drop", "503", "204", "204"}))
}
