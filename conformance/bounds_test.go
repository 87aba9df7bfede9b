package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// carryOut runs one group at a target of websockets, with a judge that is content with everything.
func carryOut(t *testing.T, c conformance.Config, do func(context.Context, *probe.Probe) error) (suite.Verdict, conformance.Outcome) {
	t.Helper()
	group := suite.Group{
		Name: "test/group", Title: "A group", Do: do,
		Requirements: []suite.Requirement{{ID: "TE-001", Text: "It MUST be.", Source: "here", Judge: func(*suite.Judging) {}}},
	}
	planned := suite.Planned{Group: group, Requirement: group.Requirements[0]}
	c.Clock, c.IDs, c.HTTP = clock.System(), ids.Seeded(t.Name()), &http.Client{}
	if c.Target.Patience == (probe.Patience{}) {
		c.Target.Patience = probe.NewPatience(0)
	}
	outcome := conformance.Run(t.Context(), c, []suite.Planned{planned})
	return planned.Judge(outcome.File), outcome
}

// listens opens a socket and waits for what does not come.
func listens(ctx context.Context, p *probe.Probe) error {
	if _, err := p.MustDial(ctx, "own"); err != nil {
		return err
	}
	p.Await(ctx, "what never comes", time.Minute, func(v capture.View) bool { return len(v.Named(capture.SocketClosed, "own")) > 0 })
	return nil
}

func TestAFloodEndsTheGroup(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := hostile.Listen(t, hostile.Flood(hostile.Frame(`{"action":"event"}`)))
	verdict, outcome := carryOut(t, conformance.Config{Target: probe.Target{Sockets: "ws://" + address}}, listens)
	g.Expect(verdict.Outcome).To(Equal(suite.Fail))
	g.Expect(verdict.Findings).To(ConsistOf(HaveField("What", ContainSubstring("more than 10000 entries"))))
	g.Expect(len(outcome.File.Entries)).To(BeNumerically("<=", capture.MaxEntries+2), "with its begin and its end")
}

func TestBytesThatAreNoFramesEndTheGroup(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := hostile.Listen(t, hostile.Flood([]byte("this is no frame")))
	verdict, outcome := carryOut(t, conformance.Config{Target: probe.Target{Sockets: "ws://" + address}}, listens)
	g.Expect(verdict.Outcome).To(Equal(suite.Pass), "this judge is content; the log says what came")
	g.Expect(outcome.File.Of("test/group").Named(capture.SocketClosed, "own")).To(HaveLen(1))
}

func TestAPeerThatReadsNoMoreDoesNotHoldTheHarnessUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := hostile.Listen(t, hostile.Deaf)
	verdict, outcome := carryOut(t, conformance.Config{Target: probe.Target{Sockets: "ws://" + address}, GroupLimit: time.Second},
		func(ctx context.Context, p *probe.Probe) error {
			s, err := p.MustDial(ctx, "own")
			if err != nil {
				return err
			}
			for ctx.Err() == nil {
				s.Send(strings.Repeat("x", 1<<20))
			}
			return ctx.Err()
		})
	g.Expect(verdict.Outcome).To(Equal(suite.Fail))
	g.Expect(verdict.Findings).To(ConsistOf(HaveField("What", ContainSubstring("it took longer than 1s"))))
	g.Expect(outcome.Faults).To(BeEmpty())
}

func TestAFailingGroupsAccountsAreKeptOnlyWhenThatIsWanted(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		g := NewWithT(t)
		crossbar := &hostile.Crossbar{Dialect: "5.0"}
		target := probe.Target{REST: crossbar.Serve(t).URL, Parent: probe.Account{ID: hostile.Master, Token: "t"}}
		verdict, outcome := carryOut(t, conformance.Config{Target: target, Keep: keep}, func(ctx context.Context, p *probe.Probe) error {
			if _, err := p.Account(ctx); err != nil {
				return err
			}
			return errors.New("it went wrong")
		})
		g.Expect(verdict.Outcome).To(Equal(suite.Fail))
		if keep {
			g.Expect(crossbar.Left()).To(Equal(1))
			g.Expect(outcome.Left).To(ConsistOf(ContainSubstring("is kept")))
			g.Expect(outcome.Kept).To(Equal(1))
		} else {
			g.Expect(crossbar.Left()).To(BeZero())
			g.Expect(outcome.Left).To(BeEmpty())
			g.Expect(outcome.Kept).To(BeZero())
		}
	}
}

// A run may take longer than its token is good for.
func TestAGroupBeginsWithATokenThatIsNotOld(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	moving := clock.NewAdjustable(clock.System())
	c := config()
	c.Clock, c.AtOnce, c.GroupLimit = moving, 1, 24*time.Hour
	c.Target.Parent.Token = "the token 0"
	renewals := 0
	c.Renew = func(context.Context) (string, error) {
		if renewals++; renewals == 2 {
			return "", errors.New("not now")
		}
		return fmt.Sprint("the token ", renewals), nil
	}
	var tokens []string
	after := func(name string, d time.Duration) suite.Group {
		return suite.Group{Name: "a/" + name, Do: func(_ context.Context, p *probe.Probe) error {
			tokens = append(tokens, p.Target.Parent.Token)
			p.Note("token", p.Target.Parent.Token)
			return moving.Advance(d)
		}}
	}
	alone := func(group suite.Group, token string) suite.Group {
		do := group.Do
		group.Alone, group.Do = true, func(ctx context.Context, p *probe.Probe) error {
			err := do(ctx, p)
			if token != "" {
				p.Target.Parent.Token = token
			}
			return err
		}
		return group
	}
	outcome := conformance.Run(t.Context(), c, plan(
		after("one", 29*time.Minute), after("two", 2*time.Minute), after("three", 31*time.Minute), after("four", time.Minute),
		alone(after("five", 31*time.Minute), "one of its own"), alone(after("six", 31*time.Minute), ""), alone(after("seven", 0), "")))
	g.Expect(outcome.Faults).To(BeEmpty())
	g.Expect(tokens).To(Equal([]string{"the token 0", "the token 0", "the token 1", "the token 1", "the token 1", "one of its own", "the token 3"}))
	g.Expect(outcome.File.Of("a/three").Fact("token")).To(Equal("<token-2>"), "no token stands in the log")
}

// A run that was longer than its token is good for cleans up all the same.
func TestAccountsAreDeletedThoughTheTokenHasExpired(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	c := conformance.Config{Target: probe.Target{REST: crossbar.Serve(t).URL, Parent: probe.Account{ID: hostile.Master, Token: "t"}}}
	c.Renew = func(context.Context) (string, error) { return crossbar.Token(), nil }
	_, outcome := carryOut(t, c, func(ctx context.Context, p *probe.Probe) error {
		_, err := p.Account(ctx)
		crossbar.Expire()
		return err
	})
	g.Expect(outcome.Left).To(BeEmpty())
	g.Expect(crossbar.Left()).To(BeZero())
}

func TestAGroupThatPanicsIsAFaultOfTheHarness(t *testing.T) {
	t.Parallel()
	verdict, _ := carryOut(t, conformance.Config{}, func(context.Context, *probe.Probe) error { return broken() })
	NewWithT(t).Expect(verdict.Outcome).To(Equal(suite.Broken))
}

func TestWhatTheHarnessCannotListenOnIsItsOwnFault(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, outcome := carryOut(t, conformance.Config{Listener: deaf{}}, func(context.Context, *probe.Probe) error { return nil })
	g.Expect(outcome.Faults).To(ConsistOf(ContainSubstring("no more files")))
}

// deaf is a listener that fails.
type deaf struct{ net.Listener }

func (deaf) Accept() (net.Conn, error) { return nil, errors.New("no more files") }
func (deaf) Close() error              { return nil }

// The log says it too, so that it is judged alike on file.
func TestATargetThatHasGoneEndsTheRunAndStandsInTheLog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := hostile.Nobody(t)
	_, outcome := carryOut(t, conformance.Config{Target: probe.Target{REST: "http://" + address}}, func(context.Context, *probe.Probe) error {
		return errors.New("it does not answer")
	})
	g.Expect(outcome.File.Facts.Gone).To(Equal("nobody listens at " + address + " any more"))
}

func TestARunIsCutOnlyWhereAGroupWasNotCarriedThrough(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ended := func(heads ...string) conformance.Outcome {
		var o conformance.Outcome
		for _, head := range heads {
			o.File.Entries = append(o.File.Entries, capture.Entry{Kind: capture.Began}, capture.Entry{Kind: capture.Ended, Head: head})
		}
		return o
	}
	g.Expect(ended(capture.Done, capture.Broken).Cut()).To(BeFalse(), "its time was over while it was cleaned up")
	g.Expect(ended(capture.Done, capture.Interrupted).Cut()).To(BeTrue())
}
