package target_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// look looks at what a profile says, in at most limit.
func look(t *testing.T, p target.Profile, limit time.Duration) (*target.Ready, error) {
	t.Helper()
	p.Timeouts.Preflight = target.Duration(limit)
	ready, err := target.Preflight{
		Profile: p, Outside: target.Outside{Getenv: func(string) string { return "" }}, Clock: clock.System(), IDs: ids.Seeded(t.Name()),
		Listen: (&net.ListenConfig{}).Listen,
	}.Look(t.Context())
	if ready != nil {
		t.Cleanup(func() {
			if err := ready.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	return ready, err
}

// profileOf is one of REST alone.
func profileOf(t *testing.T, rest string) target.Profile {
	t.Helper()
	p, err := target.Read("test.yaml", []byte("name: test\nrest: "+rest+"\ncredentials: {api_key: {inline: "+hostile.Key+"}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	p.Features.Hooks = "off"
	return p
}

func TestWhatCannotBeJudgedIsToldInASentence(t *testing.T) {
	t.Parallel()
	url := func(c *hostile.Crossbar) func(*testing.T) string {
		return func(t *testing.T) string { t.Helper(); return c.Serve(t).URL }
	}
	for name, c := range map[string]struct {
		rest  func(*testing.T) string
		with  func(*testing.T, *target.Profile)
		limit time.Duration
		away  bool
		says  string
	}{
		"nobody listens": {
			rest: func(t *testing.T) string { t.Helper(); return "http://" + hostile.Nobody(t) }, away: true, says: "does not answer: connect: connection refused",
		},
		"somebody listens and says nothing": {
			rest: func(t *testing.T) string { t.Helper(); return "http://" + hostile.Listen(t, nil) }, limit: 4 * time.Second, away: true, says: "timeouts.preflight",
		},
		"a page": {
			rest: url(&hostile.Crossbar{Page: "<html>It works!</html>"}), away: true, says: `is no Crossbar: GET /v2/websockets gave 200 and no envelope`,
		},
		"an answer without an end": {
			rest: url(&hostile.Crossbar{Endless: true}), away: true, says: "does not answer: ", // it is too long, or, on a busy machine, too late
		},
		"the wrong dialect": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(_ *testing.T, p *target.Profile) { p.Dialect = "4.3" },
			says: "the target speaks 5.0, and is to be judged by the shapes of 4.3",
		},
		"a wrong password": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(_ *testing.T, p *target.Profile) {
				p.Credentials = target.Credentials{User: &target.User{Name: "joe", Password: target.Secret{Inline: "no"}, AccountName: "acme"}}
			},
			says: "does not take the credentials (credentials.user): PUT /v2/user_auth was answered with 401",
		},
		"a login without a token": {
			rest: url(&hostile.Crossbar{Dialect: "5.0", NoToken: true}), away: true, says: "without an auth_token",
		},
		"a variable that is not set": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(_ *testing.T, p *target.Profile) {
				p.Credentials = target.Credentials{APIKey: &target.Secret{Env: "NOBODY_SET_THIS"}}
			},
			says: "credentials.api_key: the environment variable NOBODY_SET_THIS is not set",
		},
		"websockets that are REST": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(t *testing.T, p *target.Profile) {
				t.Helper()
				p.Sockets.URL = "ws" + (&hostile.Crossbar{Page: "no"}).Serve(t).URL[len("http"):]
			},
			away: true, says: "is no websocket server: the upgrade was answered with 200",
		},
		"websockets that say nothing": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(t *testing.T, p *target.Profile) {
				t.Helper()
				p.Sockets.URL = "ws://" + hostile.Listen(t, nil)
				p.Timeouts.Reply = target.Duration(time.Second)
			},
			away: true, says: "do not answer: i/o timeout",
		},
		"a broker that says nothing": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(t *testing.T, p *target.Profile) {
				t.Helper()
				p.AMQP.URL = "amqp://" + hostile.Listen(t, nil) + "/"
				p.Timeouts.Reply = target.Duration(time.Second)
			},
			away: true, says: "the broker at",
		},
		"no broker": {
			rest: url(&hostile.Crossbar{Dialect: "5.0"}), with: func(t *testing.T, p *target.Profile) {
				t.Helper()
				p.AMQP.URL = "amqp://" + hostile.Nobody(t) + "/"
			},
			away: true, says: "is amqp in the profile right",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			p := profileOf(t, c.rest(t))
			if c.with != nil {
				c.with(t, &p)
			}
			_, err := look(t, p, cmp.Or(c.limit, 15*time.Second))
			g.Expect(err).To(MatchError(ContainSubstring(c.says)))
			problem, is := errors.AsType[*target.ProblemError](err)
			g.Expect(is).To(BeTrue())
			g.Expect(problem.Away).To(Equal(c.away), "away")
		})
	}
}

func TestWhatOnlyHasRESTIsJudgedByThat(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, dialect := range []string{suite.Talk, suite.Kazoo5, suite.Kazoo4} {
		ready, err := look(t, profileOf(t, (&hostile.Crossbar{Dialect: dialect}).Serve(t).URL), 10*time.Second)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ready.Facts.Dialect).To(Equal(dialect))
		g.Expect(ready.Target.Features).To(ConsistOf(suite.Accounts, suite.Admin, suite.Clock))
		g.Expect(ready.Facts.RealWaits).To(BeTrue())
		lacks := map[string]bool{}
		for _, l := range ready.Facts.Absent {
			lacks[l.Feature] = l.Offered
		}
		// The bus may be there; a profile that says that there are no hooks means it.
		g.Expect(lacks).To(Equal(map[string]bool{suite.Bus: true, suite.Switch: true, suite.Pivot: true, suite.PivotApps: true, suite.Hooks: false, suite.Sockets: false, suite.PivotSockets: false, suite.Lab: false, suite.Hours: false, suite.OneNode: false}))
	}
}

func TestAHarnessThatIsNotReachedJudgesNoWebhooks(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0", Plain: true}
	p := profileOf(t, crossbar.Serve(t).URL)
	p.Features.Hooks = "auto"
	p.Receiver.Advertise = "http://192.0.2.1:8090"
	ready, err := look(t, p, time.Minute)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready.Target.Features).NotTo(ContainElement(suite.Hooks))
	g.Expect(ready.Target.Features).NotTo(ContainElement(suite.Admin))
	g.Expect(ready.Facts.Absent).To(ContainElement(HaveField("Why", ContainSubstring("no webhook has reached the harness at http://192.0.2.1:8090, which listens on 127.0.0.1:"))))
	g.Expect(crossbar.Left()).To(BeZero())
}

func TestOneAccountHoldsAllOthers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	p := profileOf(t, crossbar.Serve(t).URL)
	p.May = target.OwnSubaccount
	ready, err := look(t, p, 10*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready.Target.Parent.ID).NotTo(Equal(hostile.Master))
	g.Expect(crossbar.Left()).To(Equal(1))
	g.Expect(ready.Close(t.Context())).To(Succeed())
	g.Expect(crossbar.Left()).To(BeZero())
}

func TestNothingIsMadeWhereOnlyReadingIsAllowed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	p := profileOf(t, crossbar.Serve(t).URL)
	p.May, p.Features.Hooks, p.AMQP.URL = target.ReadOnly, "auto", "amqp://"+hostile.Nobody(t)+"/"
	ready, err := look(t, p, 10*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready.Target.Features).To(ConsistOf(suite.Admin, suite.Clock))
	g.Expect(crossbar.Left()).To(BeZero())
}
