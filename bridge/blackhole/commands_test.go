package blackhole_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const token = `"auth_token":"tok-` + acme + `"`

// What is wrong is answered with an error that says so, and the socket stays.
func TestWrongCommandsAreRefused(t *testing.T) {
	type dialects []fidelity.Dialect
	all := dialects{fidelity.Talk, fidelity.V50, fidelity.V43}
	strict := dialects{fidelity.V50, fidelity.V43}
	data := func(members string) string { return `{"action":"subscribe",` + token + `,"data":` + members + `}` }
	about := func(binding string) string { return data(`{"account_id":"` + acme + `","binding":"` + binding + `"}`) }
	for name, c := range map[string]struct {
		dialects dialects
		frame    string
		want     string
	}{
		"nothing":                   {all, `{}`, "authentication token required"},
		"no JSON":                   {all, `not json`, "authentication token required"},
		"an empty frame":            {all, ``, "authentication token required"},
		"half an object":            {all, `{"action":"ping",`, "authentication token required"},
		"two objects":               {all, `{} {}`, "authentication token required"},
		"a list":                    {all, `[]`, "authentication token required"},
		"a number":                  {all, `5`, "authentication token required"},
		"a text":                    {all, `"x"`, "authentication token required"},
		"null":                      {all, `null`, "authentication token required"},
		"deep nesting":              {all, strings.Repeat("[", 5000), "authentication token required"},
		"an empty token":            {all, `{"action":"ping","auth_token":""}`, "authentication token required"},
		"an action with a dot":      {all, `{"action":"a.b"}`, "authentication token required"},
		"every action":              {all, `{"action":"*"}`, "authentication token required"},
		"a token that is none":      {all, `{"action":"ping","auth_token":"nope"}`, "failed to authenticate token nope"},
		"an expired token":          {all, `{"action":"ping","auth_token":"tok-x-old"}`, "failed to authenticate token tok-x-old"},
		"a number as token":         {all, `{"action":"ping","auth_token":5}`, "failed to authenticate token 5"},
		"null as token":             {all, `{"action":"ping","auth_token":null}`, "failed to authenticate token null"},
		"a token of nobody":         {all, `{"action":"subscribe","auth_token":"tok-","data":{"account_id":"` + acme + `","binding":"call.*.*"}}`, "auth_account_id not set"},
		"a token nobody can check":  {all, `{"action":"ping","auth_token":"store-is-down"}`, "the token cannot be checked at the moment, try again"},
		"no data":                   {all, `{"action":"subscribe",` + token + `}`, "missing required keys in data object"},
		"empty data":                {all, data(`{}`), "missing required keys in data object"},
		"a text as data":            {all, data(`"str"`), "missing required keys in data object"},
		"a list as data":            {all, data(`[1]`), "missing required keys in data object"},
		"other data":                {all, data(`{"foo":1}`), "missing required keys : account_id, binding"},
		"no account":                {all, data(`{"binding":"call.*.*"}`), "missing required keys : account_id"},
		"an empty account":          {all, data(`{"account_id":"","binding":"call.*.*"}`), "unauthorized account id"},
		"no binding":                {all, data(`{"account_id":"` + acme + `"}`), "missing required keys : binding"},
		"an empty binding":          {all, about(""), "no available subscriptions to requested binding"},
		"a list of bindings":        {strict, data(`{"account_id":"` + acme + `","bindings":["call.*.*"]}`), "missing required keys : binding"},
		"an empty list":             {all, data(`{"account_id":"` + acme + `","bindings":[]}`), "missing required keys : binding"},
		"a text as list":            {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","bindings":"call.*.*"}`), "invalid bindings : they must be a list of strings"},
		"a number in the list":      {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","bindings":["call.*.*",5]}`), "invalid bindings : they must be a list of strings"},
		"a number as binding":       {all, data(`{"account_id":"` + acme + `","binding":5}`), "invalid binding : it must be a string"},
		"null as binding":           {all, data(`{"account_id":"` + acme + `","binding":null}`), "invalid binding : it must be a string"},
		"a list as binding":         {all, data(`{"account_id":"` + acme + `","binding":["call.*.*"]}`), "invalid binding : it must be a string"},
		"another's account":         {all, `{"action":"subscribe",` + token + `,"data":{"account_id":"` + rival + `","binding":"call.*.*"}}`, "unauthorized account id"},
		"an account above":          {all, `{"action":"subscribe",` + token + `,"data":{"account_id":"` + reseller + `","binding":"call.*.*"}}`, "unauthorized account id"},
		"an account of nobody":      {all, data(`{"account_id":"nobody","binding":"call.*.*"}`), "unauthorized account id"},
		"a number as account":       {all, data(`{"account_id":5,"binding":"call.*.*"}`), "unauthorized account id"},
		"an object as account":      {all, data(`{"account_id":{},"binding":"call.*.*"}`), "unauthorized account id"},
		"any account":               {all, data(`{"account_id":"#","binding":"call.*.*"}`), "unauthorized account id"},
		"all accounts":              {all, data(`{"account_id":"*","binding":"call.*.*"}`), "unauthorized wildcard account id"},
		"an unknown event":          {all, about("call.CHANNEL_FOO.*"), "event CHANNEL_FOO not supported"},
		"too few words":             {all, about("call.CHANNEL_CREATE"), "invalid format for call subscription : CHANNEL_CREATE"},
		"too many words":            {all, about("call.CHANNEL_CREATE.a.b"), "invalid format for call subscription : CHANNEL_CREATE, a, b"},
		"an unknown family":         {all, about("weather.*"), "no available subscriptions to requested binding"},
		"the old document form":     {strict, about("doc_created.*.user.*"), "no available subscriptions to requested binding"},
		"an unknown type":           {all, about("object.doc_created.boat"), "event doc_created.boat not supported"},
		"any conference":            {dialects{fidelity.V50}, about("conference.event.*.*"), "ConferenceId required"},
		"a key of 300 bytes":        {all, about("fax.status." + strings.Repeat("x", 300)), "no available subscriptions to requested binding"},
		"one bad of two":            {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","bindings":["call.*.*","call.X.*"]}`), "event X not supported"},
		"a call with an endless id": {strict, about("call.CHANNEL_CREATE." + strings.Repeat("x", 300)), "no available subscriptions to requested binding"},
		"a number, of no account":   {strict, data(`{"binding":5}`), "missing required keys : account_id"},
		"more than anybody has": {
			dialects{fidelity.Talk},
			data(`{"account_id":"` + acme + `","bindings":["x"` + strings.Repeat(`,"x"`, 10_000) + `]}`), "too many bindings for one socket",
		},
		"too many ids": {
			dialects{fidelity.Talk},
			data(`{"account_id":"` + acme + `","binding":"call.*.*","resume":true,"since":["x"` + strings.Repeat(`,"x"`, 100) + `]}`),
			"too many ids in since : at most 100",
		},
		"a number as since":        {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","binding":"call.*.*","resume":true,"since":5}`), "invalid since : it must be the id of an event, or a list of ids"},
		"since for itself":         {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","binding":"call.*.*","since":"x"}`), "since counts with \"resume\": true alone"},
		"a text as resume":         {dialects{fidelity.Talk}, data(`{"account_id":"` + acme + `","binding":"call.*.*","resume":"yes"}`), "invalid resume : it must be true or false"},
		"unsubscribe from nothing": {strict, `{"action":"unsubscribe",` + token + `}`, "missing required keys in data object"},
		"unsubscribe, bad binding": {all, `{"action":"unsubscribe",` + token + `,"data":{"account_id":"` + acme + `","binding":"call.X.*"}}`, "event X not supported"},
	} {
		for _, dialect := range c.dialects {
			t.Run(name+" in "+string(dialect), func(t *testing.T) {
				g := NewWithT(t)
				r := newRig(t, in(dialect, fidelity.Kazoo))
				s := r.dial(t)
				g.Expect(s.refused(c.frame)).To(Equal(c.want))
				g.Expect(s.refused(`{"action":"ping"}`)).To(Equal("authentication token required"), "it left no trace")
				g.Expect(s.ask(`{"action":"ping","request_id":"p",`+token+`}`)).To(ContainSubstring("pong"), "the socket stays")
				g.Expect(r.broker.keys()).To(BeEmpty())
				g.Expect(r.log.String()).NotTo(ContainSubstring("tok-"), "a token in the log")
			})
		}
	}
}

func TestRequestIDs(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t).dial(t)
	for sent, want := range map[string]string{`"r1"`: "r1", `42`: "42", `null`: "null", `true`: "true"} {
		g.Expect(s.reply(`{"action":"ping",` + token + `,"request_id":` + sent + `}`).String("request_id")).To(Equal(want))
	}
	for _, frame := range []string{`{"action":"ping"}`, `{"action":"ping","request_id":""}`, `{"action":"ping","request_id":{}}`} {
		g.Expect(s.reply(frame).String("request_id")).To(MatchRegexp("^[0-9a-f]{32}$"))
	}
}

func TestRepliesHaveKazoosOrder(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t).dial(t)
	g.Expect(s.ask(`{"action":"ping","request_id":"p",` + token + `}`)).To(Equal(`{"action":"reply","request_id":"p","status":"success","data":{"response":"pong"}}`))
	g.Expect(s.ask(subscribe(acme, acme, "call.CHANNEL_CREATE.*", ""))).
		To(Equal(`{"action":"reply","request_id":"s","status":"success","data":{"subscribed":["call.CHANNEL_CREATE.*"]}}`))
}

func TestTooManyCommandsAreRefusedUntilTheNextTick(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) {
		c.Rate = limits.Rate{Tokens: 2, Refill: 1, Every: time.Second}
	})
	s := r.dial(t)
	ping := `{"action":"ping",` + token + `}`
	g.Expect(s.ask(ping)).To(ContainSubstring("pong"))
	g.Expect(s.refused("{")).To(HavePrefix("not refused"), "it counts all the same")
	g.Expect(s.refused(ping)).To(Equal("rate limiting threshold hit for " + s.LocalAddr().String() + "!"))
	r.clock.Advance(time.Second)
	g.Expect(s.ask(ping)).To(ContainSubstring("pong"))
	g.Expect(s.refused(ping)).To(HavePrefix("rate limiting"))
}

func TestUnknownActionsRepeatTheLastReply(t *testing.T) {
	for compat, want := range map[fidelity.Compat]string{fidelity.Kazoo: `{"response":"pong"}`, fidelity.Corrected: `{}`} {
		t.Run(string(compat), func(t *testing.T) {
			g := NewWithT(t)
			s := newRig(t, in(fidelity.V50, compat)).dial(t)
			g.Expect(s.ask(`{"action":"whatever","request_id":"u",` + token + `}`)).To(HaveSuffix(`"data":{}}`))
			s.ask(`{"action":"ping"}`)
			for _, action := range []string{`"noop"`, `"x.y"`, `"*"`, `5`, `""`, `"api.x"`} {
				g.Expect(s.ask(`{"action":` + action + `,"request_id":"u"}`)).To(HaveSuffix(`"status":"success","data":` + want + `}`))
			}
		})
	}
}

func TestGarbageOfAKnownSocket(t *testing.T) {
	for compat, want := range map[fidelity.Compat]string{fidelity.Kazoo: "not refused", fidelity.Corrected: "the frame is not JSON"} {
		g := NewWithT(t)
		s := newRig(t, in(fidelity.V50, compat)).dial(t)
		s.ask(`{"action":"ping",` + token + `}`)
		g.Expect(s.refused("garbage")).To(HavePrefix(want))
		g.Expect(s.refused("5")).To(Equal("the frame must be a JSON object"))
		g.Expect(s.refused(`["ping"]`)).To(Equal("the frame must be a JSON object"))
	}
}

func TestCorrectedRemembersAGoodLogin(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t, in(fidelity.V50, fidelity.Corrected)).dial(t)
	g.Expect(s.refused(`{"action":"ping","auth_token":"nope"}`)).To(Equal("failed to authenticate token"))
	g.Expect(s.refused(`{"action":"subscribe",` + token + `}`)).To(Equal("missing required keys in data object"))
	g.Expect(s.ask(`{"action":"ping"}`)).To(ContainSubstring("pong"))
}

func TestTheFirstTokenCountsForLife(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t).dial(t)
	s.subscribe(acme, "call.*.*")
	g.Expect(s.refused(subscribe(reseller, reseller, "call.*.*", ""))).To(Equal("unauthorized account id"))
	g.Expect(s.ask(`{"action":"ping","auth_token":"nope"}`)).To(ContainSubstring("pong"))
}

func TestAccountsHaveALimit(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.PerAccount = 1 })
	one, two := r.dial(t), r.dial(t)
	ping := `{"action":"ping",` + token + `}`
	g.Expect(one.ask(ping)).To(ContainSubstring("pong"))
	g.Expect(two.refused(ping)).To(Equal("too many sockets for the account"))
	g.Expect(two.next()).To(ContainSubstring("close 1008"))
	_ = one.Close()
	r.open(t, 0)
	g.Expect(r.dial(t).ask(ping)).To(ContainSubstring("pong"))
}

func TestListsOfBindings(t *testing.T) {
	const twice = `"object.*.*","object.*.*"`
	for _, c := range []struct {
		compat fidelity.Compat
		want   string
	}{
		{fidelity.Kazoo, `["call.CHANNEL_CREATE.*",` + twice + `,"call.CHANNEL_CREATE.*"]`},
		{fidelity.Corrected, `["call.CHANNEL_CREATE.*","object.*.*"]`},
	} {
		g := NewWithT(t)
		r := newRig(t, in(fidelity.V50, c.compat))
		s := r.dial(t)
		s.subscribe(reseller, "call.CHANNEL_CREATE.*")
		g.Expect(s.ask(subscribe(reseller, reseller, "object.*.*", ""))).NotTo(ContainSubstring("error"))
		reply := s.reply(subscribe(reseller, acme, "call.CHANNEL_CREATE.*", ""))
		list, _ := reply.Get("data", "subscribed")
		g.Expect(string(jobj.Append(nil, list))).To(Equal(c.want))
		reply = s.reply(`{"action":"unsubscribe","data":{"account_id":"` + reseller + `","binding":"object.*.*"}}`)
		g.Expect(string(jobj.Append(nil, reply.Object("data")))).To(HavePrefix(`{"unsubscribed":["object.*.*"],"subscribed":["call.CHANNEL_CREATE.*"`))
	}
}

func TestTheTalkTakesListsAndUnsubscribesFromAll(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s := r.dial(t)
	g.Expect(s.ask(`{"action":"subscribe",` + token + `,"request_id":"l","data":{"account_id":"` + acme + `","bindings":["call.CHANNEL_CREATE.*","doc_created.*.user.*","fax.status.*"]}}`)).
		To(HaveSuffix(`"data":{"subscribed":["call.CHANNEL_CREATE.*","doc_created.*.user.*","fax.status.*"]}}`))
	g.Expect(r.broker.keys()).To(HaveLen(3))
	g.Expect(s.ask(`{"action":"unsubscribe","request_id":"o","data":{"account_id":"` + rival + `"}}`)).To(ContainSubstring(`"unsubscribed":[],"subscribed":["call`))
	g.Expect(s.ask(`{"action":"unsubscribe","request_id":"o"}`)).
		To(HaveSuffix(`"data":{"unsubscribed":["call.CHANNEL_CREATE.*","doc_created.*.user.*","fax.status.*"],"subscribed":[]}}`))
	g.Expect(r.broker.keys()).To(BeEmpty())
}

func TestTooManyBindingsAreRefused(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.MaxBindings = 1 })
	s := r.dial(t)
	s.subscribe(acme, "call.CHANNEL_CREATE.*")
	s.subscribe(acme, "call.CHANNEL_CREATE.*")
	g.Expect(s.refused(subscribe(acme, acme, "call.CHANNEL_ANSWER.*", ""))).To(Equal("too many bindings for one socket"))
}

func TestWithoutExtensionsTheirWordsMeanNothing(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.Extensions = false }).dial(t)
	g.Expect(s.ask(subscribe(acme, acme, "call.CHANNEL_CREATE.*", `,"resume":true,"since":"x"`))).
		To(Equal(`{"action":"reply","request_id":"s","status":"success","data":{"subscribed":["call.CHANNEL_CREATE.*"]}}`))
	g.Expect(s.ask(`{"action":"api","request_id":"a","data":{"endpoint":"/v2/about"}}`)).To(ContainSubstring(`"subscribed"`), "an unknown action")
}
