package explain_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

func TestWhatFiredIsToldWithWhatWasSentAndAnswered(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	l.status = http.StatusServiceUnavailable
	l.hook(acme, `{"hook":"channel_create","name":"form"}`)
	l.hook(acme, `{"hook":"channel_create","name":"json","format":"json","custom_data":{"tier":"gold"}}`)
	l.hook(reseller, `{"hook":"all","name":"get","http_verb":"get","include_subaccounts":true}`)
	l.event(call(acme, ""))
	e := l.explain()
	g.Expect(e.Outcome).To(Equal(explain.Failed))
	g.Expect(e.Summary.Fired).To(Equal(3))
	g.Expect(e.Summary.Failures).To(Equal(3))
	g.Expect(e.Silent).To(BeEmpty())

	sent := map[string]string{}
	for _, f := range e.Fired {
		sent[f.Name] = string(f.Sent)
		g.Expect(f.Outcome()).To(Equal(explain.Failed))
		g.Expect(f.Tries).To(HaveLen(1))
		g.Expect(f.Tries[0].Status).To(Equal(http.StatusServiceUnavailable))
		a := l.store.attempt(f.Tries[0].AttemptID)
		g.Expect(a.Body.String("event_id")).To(Equal(f.EventID))
		text, err := webhooks.SentText(a)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).To(Equal(string(f.Sent)), "the attempt and the journal agree")
	}
	g.Expect(sent["form"]).To(HavePrefix("account_id=" + acme + "&call_direction=inbound&"))
	g.Expect(sent["get"]).To(Equal(sent["form"]))
	g.Expect(sent["json"]).To(ContainSubstring(`"tier" : "gold"`))
}

func TestADeliveryBetweenTwoTriesIsUnderWay(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	l.hook(acme, `{"hook":"channel_create","uri":"http://127.0.0.1:1/"}`)
	acked := l.begin(call(acme, ""))
	g.Expect(l.clock.BlockUntilContext(l.ctx, 1)).To(Succeed())
	e := l.explain()
	g.Expect(e.Outcome).To(Equal(explain.UnderWay))
	g.Expect(e.Fired[0].Tries[0].ClientError).To(Equal("failed_connect: econnrefused"))
	l.clock.Advance(webhooks.DefaultConfig().RetryPause)
	l.await(acked)
	e = l.explain()
	g.Expect(e.Outcome).To(Equal(explain.Failed))
	g.Expect(e.Fired[0].Tries).To(HaveLen(2))
}

func TestAHookThatACallflowBroughtIsExplained(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	l.hook(acme, `{"hook":"notifications"}`)
	l.hook(acme, `{"hook":"all","enabled":false,"name":"all"}`)
	l.event(notification("webhook", `"Hook":{"_id":"63961963200","uri":"`+l.receiver.URL+`","hook":"notifications","http_verb":"get",`+
		`"retries":1,"pvt_account_id":"`+acme+`"},"Data":{"call_id":"c7"},"Timestamp":63961963200,`))
	e := l.explain()
	g.Expect(e.Event).To(Equal("callflow"))
	g.Expect(e.Subject).To(Equal("c7"))
	g.Expect(e.Fired).To(HaveLen(1))
	g.Expect(e.Fired[0].ID).To(Equal("63961963200"))
	g.Expect(e.Silent[0].Obstacles[0].Reason).To(Equal(webhooks.ReasonOtherEvent))
	g.Expect(e.Silent[0].WouldFireIf()).To(Equal("hook were callflow"), "a hook for all does not see it")
	g.Expect(e.Silent[1].Obstacles).To(HaveLen(2))
	g.Expect(e.Silent[1].WouldFireIf()).To(BeEmpty())
}

func TestTheNearestMissComesFirst(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	l.hook(acme, `{"hook":"channel_answer","enabled":false,"name":"two things wrong"}`)
	l.hook(acme, `{"hook":"channel_answer","name":"another event"}`)
	l.hook(rival, `{"hook":"channel_create","name":"a sibling's"}`)
	l.hook(branch, `{"hook":"channel_create","name":"a descendant's"}`)
	l.hook(reseller, `{"hook":"channel_create","name":"an ancestor's, switched off","enabled":false,"include_subaccounts":true}`)
	l.hook(acme, `{"hook":"channel_create","name":"modifier","modifiers":{"call_direction":"x"}}`)
	l.hook(acme, `{"hook":"channel_create","name":"modifier, and switched off","enabled":false,"modifiers":{"call_direction":"x"}}`)
	l.hook(acme, `{"hook":"channel_create","name":"switched off","enabled":false}`)
	l.hook(acme, `{"hook":"channel_create","name":"this one fired"}`)
	l.event(call(acme, ""))
	var names []string
	for _, s := range l.explain().Silent {
		names = append(names, s.Name)
	}
	g.Expect(names).To(Equal([]string{
		"switched off", "an ancestor's, switched off", "modifier", "a descendant's", "a sibling's", "modifier, and switched off",
		"another event", "two things wrong",
	}))
}

// What one may not know is neither told nor counted.
func TestNothingIsToldOfWhatOneMayNotKnow(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	for _, owner := range []string{reseller, acme, branch, rival} {
		l.hook(owner, `{"hook":"channel_create","include_subaccounts":true,"name":"on of `+owner+`"}`)
		l.hook(owner, `{"hook":"channel_create","enabled":false,"name":"off of `+owner+`"}`)
	}
	l.event(call(rival, ""))
	l.event(call("", ""))
	l.event(`nothing`)
	l.event(call(branch, ""))
	l.event(call(acme, ""))
	below := func(top string) explain.MayKnow {
		return func(id string) bool {
			return id == top || strings.Contains(strings.Join(l.directory.Ancestors(id), " "), top)
		}
	}
	events := l.explainer.Events(below(acme), below(acme))
	g.Expect(events).To(HaveLen(2))
	for _, s := range events {
		e, ok, err := l.explainer.Explain(l.ctx, s.ID, below(acme), below(acme))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ok).To(BeTrue())
		told := fmt.Sprintf("%+v", e)
		g.Expect(told).NotTo(Or(ContainSubstring("of "+reseller), ContainSubstring("of "+rival)))
		g.Expect(told).To(ContainSubstring("of " + acme))
		g.Expect(e.Summary.Fired).To(Equal(len(e.Fired)))
	}
	for _, s := range l.explainer.Events(everyone, everyone)[2:] {
		_, ok, err := l.explainer.Explain(l.ctx, s.ID, below(acme), everyone)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ok).To(BeFalse(), "%+v", s)
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	for i := range 60 {
		l.hook(acme, fmt.Sprintf(`{"hook":"channel_answer","name":"%03d"}`, i))
		l.hook(rival, fmt.Sprintf(`{"hook":"channel_create","name":"r%03d"}`, i))
	}
	l.event(call(acme, ""))
	e := l.explain()
	g.Expect(e.Silent).To(HaveLen(50))
	g.Expect(e.Silent[0].Relation).To(Equal(explain.Sibling))
	g.Expect(e.Silent[10].Relation).To(Equal(explain.Own))
	g.Expect(e.Unlisted).To(Equal(20))
}

// A hook that fired and was changed or deleted since is told as it fired.
func TestWhatFiredStaysTold(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	doc := l.hook(acme, `{"hook":"channel_create"}`)
	l.event(call(acme, ""))
	doc = l.edit(doc, jobj.Member{Key: "hook", Value: "channel_answer"})
	g.Expect(l.explain().Fired).To(HaveLen(1))
	g.Expect(l.explain().Silent).To(BeEmpty())
	l.store.remove(doc.ID)
	g.Expect(l.explain().Fired[0].Hook.ID).To(Equal(doc.ID))
}

// Whoever has made another account's hook under the same id is not told of.
func TestADocumentOfAnotherAccountIsNotShown(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	doc := l.hook(acme, `{"hook":"channel_create"}`)
	l.event(call(acme, ""))
	l.store.remove(doc.ID)
	l.save(store.Document{DB: doc.DB, ID: doc.ID, Type: doc.Type, AccountID: rival, Body: jobj.Object{{Key: "name", Value: "secret"}}})
	g.Expect(l.explain().Fired[0].Name).To(BeEmpty())
}

// Every login and every edit of a hook is a change of a document: only who has a
// hook for such changes wants to hear of them.
func TestChangesThatNobodyWaitsForArePassedOver(t *testing.T) {
	t.Parallel()
	change := func(account string) string {
		return object("doc_edited", `"Type":"account","Database":"account%2F`+account[:2]+`%2F`+account[2:4]+`%2F`+account[4:]+`",`)
	}
	for _, c := range []struct {
		name  string
		hooks []ownedHook
		want  []string
	}{
		{"no hook", nil, []string{"channel_create"}},
		{"a hook for calls", acmeHas(`{"hook":"channel_create"}`), []string{"channel_create"}},
		{"one for objects that takes them", acmeHas(`{"hook":"object"}`), []string{"object", "channel_create"}},
		{"one for other objects", acmeHas(`{"hook":"object","custom_data":{"type":"user","action":"all"}}`), []string{"object", "channel_create"}},
		{"one for all events, switched off", acmeHas(`{"hook":"ALL","enabled":false}`), []string{"object", "channel_create"}},
		{"the reseller's", []ownedHook{{reseller, `{"hook":"object"}`}}, []string{"object", "channel_create"}},
		{"a sibling's", []ownedHook{{rival, `{"hook":"object"}`}}, []string{"channel_create"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, l := NewWithT(t), newLab(t)
			for _, hook := range c.hooks {
				l.hook(hook.owner, hook.document)
			}
			l.event(call(acme, ""))
			l.event(change(acme))
			l.event(object("doc_edited", `"Type":"webhook","Database":"webhooks",`))
			events, err := l.explainer.Noteworthy(l.ctx, l.explainer.Events(everyone, everyone), everyone)
			g.Expect(err).NotTo(HaveOccurred())
			var kinds []string
			for _, s := range events {
				kinds = append(kinds, s.Event)
			}
			g.Expect(kinds).To(Equal(c.want))
		})
	}
}

// A message without a body any more cannot be judged by.
func TestAnEventThatIsTooLargeToBeRememberedIsToldAsSuch(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	l.hook(acme, `{"hook":"channel_answer"}`)
	l.hook(branch, `{"hook":"all"}`)
	for _, account := range []string{acme, ""} {
		l.journal.Add(journal.Event{
			At: l.clock.Now(), AccountID: account, Message: journal.Message{Body: []byte(call(account, `"Pad":"`+strings.Repeat("x", 1<<20)+`",`))},
		}, nil)
		e := l.explain()
		g.Expect(e.Why).NotTo(BeNil())
		g.Expect(e.Why.Reason).To(Equal(explain.ReasonForgotten))
		g.Expect(e.Why.Text).To(ContainSubstring("bytes, is too large to be remembered"))
		g.Expect(e.Silent).To(BeEmpty())
	}
}

// A sender may compress; where the account was looked for is told all the same.
func TestWhatACompressedMessageNamesIsTold(t *testing.T) {
	t.Parallel()
	g, l := NewWithT(t), newLab(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(call(ghost, "")))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(z.Close()).To(Succeed())
	acked := make(chan struct{})
	l.engine.Handle(l.ctx, webhooks.Message{Body: packed.Bytes(), ContentEncoding: "gzip", Ack: func() error {
		close(acked)
		return nil
	}})
	l.await(acked)
	e := l.explain()
	g.Expect(e.Why.Reason).To(Equal(explain.ReasonNoDocument), e.Why.Text)
	g.Expect(e.Why.Text).To(ContainSubstring("account " + ghost))
}
