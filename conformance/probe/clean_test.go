package probe_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// made is a probe that has made accounts at a Crossbar.
func made(t *testing.T, crossbar *hostile.Crossbar, patience probe.Patience, names ...string) *probe.Probe {
	t.Helper()
	harness := &probe.Harness{
		Target: probe.Target{REST: crossbar.Serve(t).URL, Parent: probe.Account{ID: hostile.Master, Token: "the first"}, Patience: patience},
		Log:    capture.NewLog(clock.System()), Clock: clock.System(), IDs: ids.Seeded(t.Name()), HTTP: &http.Client{Transport: &http.Transport{}},
	}
	t.Cleanup(harness.HTTP.CloseIdleConnections)
	p := probe.New(harness, "group/one")
	for _, name := range names {
		if _, err := p.NewAccount(t.Context(), name, harness.Target.Parent); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestAccountsThatStayAreNamedAndTriedAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Keeps: "clings"}
	p := made(t, crossbar, probe.NewPatience(0), "one", "clings", "three")
	err := p.Close(t.Context())
	g.Expect(err).To(MatchError(And(
		ContainSubstring("1 of 3 accounts stay: 00000000000000000000000000000002 (certify "), ContainSubstring("group one clings-"),
		ContainSubstring("was answered with 500"), Not(ContainSubstring("time for cleaning up")))))
	g.Expect(crossbar.Left()).To(Equal(1))
	crossbar.Keeps = ""
	g.Expect(p.Close(t.Context())).To(Succeed())
	g.Expect(crossbar.Left()).To(BeZero())
	g.Expect(p.Close(t.Context())).To(Succeed(), "nothing is left to do")
}

func TestATokenThatHasExpiredIsMadeAnewOnceForTheCleaning(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "one", "two")
	crossbar.Expire()
	g.Expect(p.Close(t.Context())).To(MatchError(And(ContainSubstring("2 of 2 accounts stay"), ContainSubstring("was answered with 401"))), "nobody can log in")

	renewals := 0
	p.Renew = func(ctx context.Context) (string, error) {
		renewals++
		return login(ctx, p)
	}
	g.Expect(p.Close(t.Context())).To(Succeed())
	g.Expect(renewals).To(Equal(1))
	g.Expect(crossbar.Left()).To(BeZero())
}

func login(ctx context.Context, p *probe.Probe) (string, error) {
	auth, err := p.MustREST(ctx, "log in", probe.Request{Method: http.MethodPut, Path: "/v2/api_auth", Body: "{}"})
	_, token, _ := strings.Cut(string(auth.Body), `"auth_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	return token, err
}

func TestALoginThatFailsWhileCleaningIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "one")
	crossbar.Expire()
	p.Renew = func(context.Context) (string, error) { return "", errors.New("the key was changed") }
	g.Expect(p.Close(t.Context())).To(MatchError(And(ContainSubstring("1 of 1 accounts stay"), ContainSubstring("no new token could be had: the key was changed"))))
}

// A target that answers nothing any more holds nobody up for longer than is said.
func TestEachDeletionHasItsTimeAndAllOfThemTheirs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "one", "two")
	p.Target.REST = "http://" + hostile.Listen(t, nil) // which takes connections and says nothing
	p.Target.Patience.Reply = 50 * time.Millisecond
	began := p.Clock.Now()
	g.Expect(p.Close(t.Context())).To(MatchError(And(ContainSubstring("2 of 2 accounts stay"), ContainSubstring("deadline exceeded"))))
	g.Expect(p.Clock.Since(began)).To(BeNumerically("<", 10*time.Second))

	p.Target.Patience.Reply, p.Target.Patience.Remove = time.Minute, -9990*time.Millisecond // of 20 s, 20 ms are left
	g.Expect(p.Close(t.Context())).To(MatchError(And(
		ContainSubstring("2 of 2 accounts stay"), ContainSubstring("the time for cleaning up has passed: 20ms for 2 things, which is 20s and -9.99s for each"))))
}

func TestWaitsGrowWithTheTargetsLatency(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	near, far := probe.NewPatience(0), probe.NewPatience(time.Second)
	g.Expect(near.Remove).To(Equal(time.Second))
	g.Expect(far.Remove).To(Equal(5 * time.Second))
}

func TestOnlyNamesThatCertifyGivesAreItsOwn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "own")
	name := crossbar.Names()[0]
	began, is := probe.Named(name)
	g.Expect(is).To(BeTrue(), name)
	g.Expect(began).To(BeTemporally("~", p.Log.Began(), time.Second))
	g.Expect(p.Close(t.Context())).To(Succeed())
	for _, foreign := range []string{
		"", "certify", "Certify " + name[len("certify "):], name + " GmbH", "x" + name, "certify 2026 webhooks retry own-0123abcd-1",
		"certify 20261399T000000Z webhooks retry own-0123abcd-1", "certify 20261127T134812Z webhooks retry own", "certify webhooks retry own-0123abcd-1",
	} {
		_, is := probe.Named(foreign)
		g.Expect(is).To(BeFalse(), foreign)
	}
}

// A target that takes what it should refuse has an account more, which nobody else knows of.
func TestAnAccountThatARequestMakesIsDeletedWhoeverMeantItToBeRefused(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "own")
	for _, path := range []string{"/v2/accounts/" + hostile.Master, "/v2/accounts/" + hostile.Master + "/?a=b"} {
		answer, err := p.REST(t.Context(), "short realm", probe.Request{Method: http.MethodPut, Path: path, Body: `{"data":{"name":"x"}}`})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(answer.Status).To(Equal(http.StatusCreated))
	}
	_, err := p.REST(t.Context(), "a device", probe.Request{Method: http.MethodPut, Path: "/v2/accounts/" + hostile.Master + "/devices", Body: `{"data":{}}`})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(crossbar.Left()).To(Equal(3))
	g.Expect(p.Close(t.Context())).To(Succeed())
	g.Expect(crossbar.Left()).To(BeZero())
	g.Expect(p.Leave()).To(BeEmpty())
}

func TestWhatTheGroupDidNotMakeIsDeletedWithinTheRunsTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{}
	p := made(t, crossbar, probe.NewPatience(0), "one", "two")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the run took too long"))
	g.Expect(p.CloseWithin(ctx)).To(MatchError(And(ContainSubstring("2 of 2 accounts stay"), ContainSubstring("the run took too long"), Not(ContainSubstring("the time for cleaning up")))))
	g.Expect(crossbar.Left()).To(Equal(2))
	g.Expect(p.Close(ctx)).To(Succeed(), "which has a time of its own")
	g.Expect(crossbar.Left()).To(BeZero())
}
