package judge_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

func TestSoundMessagesPass(t *testing.T) {
	for level, name := range map[judge.Level]string{judge.Produced: "produced", judge.Published: "published"} {
		book := judge.NewBook(level)
		for what, d := range samples(t) {
			for _, f := range book.Check(d.message()) {
				t.Errorf("%s, %s: %s", name, what, f)
			}
		}
	}
}

// The records were made by feeding the reference's library for publishing, so they are
// held to that, not to what its producers feed it.
func TestAMQPPublishVectorIsJudgedSound(t *testing.T) {
	book := judge.NewBook(judge.Published)
	tally := vectortest.NewTally(t, "amqp_publish")
	for _, r := range vectortest.Read(t, "amqp_publish",
		"api", "input", "exchange", "routing_key", "properties", "payload", "gzipped", "error") {
		if r.Has("error") { // the reference refused to publish it, for a field's want or type
			rules := strings.Join(rulesOf(book.Check(refused(r))), " ") + " "
			if !strings.Contains(rules, ".type ") && !strings.Contains(rules, ".required ") {
				tally.Disagree(r, "refused by the reference, and not here: %s", rules)
				continue
			}
			tally.Agree()
			continue
		}
		if found := book.Check(recorded(r)); len(found) > 0 {
			tally.Disagree(r, "%v", found)
			continue
		}
		tally.Agree()
	}
}

// recorded is a record's message.
func recorded(r vectortest.Record) judge.Message {
	m := judge.Message{
		Exchange: r.String("exchange"), Key: r.String("routing_key"),
		ContentType: r.String("properties", "content_type"), ContentEncoding: r.String("properties", "content_encoding"),
		Body: r.RawMember("payload"),
	}
	if m.ContentEncoding == "gzip" {
		m.Body = zipped(m.Body)
	}
	if header := r.String("properties", "headers"); header != "" { // as Erlang prints the table
		id := strings.TrimSuffix(strings.TrimPrefix(header, `[{<<"call-id">>,binary,<<"`), `">>}]`)
		m.Headers = map[string]any{"call-id": []byte(id)}
	}
	return m
}

// refused is what a record's input would have been as a message.
func refused(r vectortest.Record) judge.Message {
	m := judge.Message{Exchange: "callevt", ContentType: "application/json", Body: r.RawMember("input")}
	if r.String("api") == "im inbound" {
		m.Exchange = "im"
	}
	return m
}

func TestEachKindOfMessageIsInTheBook(t *testing.T) {
	g := NewWithT(t)
	rules := judge.Rules()
	g.Expect(len(rules)).To(BeNumerically(">", 200))
	for i, r := range rules {
		g.Expect(r.Source).NotTo(BeEmpty(), r.ID)
		g.Expect(r.ID).To(MatchRegexp(`^[a-z-]+\.[a-z-]+$`))
		if i > 0 {
			g.Expect(r.ID).NotTo(Equal(rules[i-1].ID))
		}
	}
}

func TestAFindingSaysWhatAndWhere(t *testing.T) {
	g := NewWithT(t)
	d := samples(t)["CHANNEL_BRIDGE"]
	d.members = append([]member{{"Request", `"1002@acme.example.com"`}}, d.members...)
	found := judge.NewBook(judge.Produced).Check(d.message())
	g.Expect(found).To(ContainElement(judge.Finding{
		Rule: "call-event.event-fields", Source: "mod_kazoo: ecallmgr's definitions/*.xml, events/*.xml", Field: "Request",
		Saw: `"1002@acme.example.com"`, Want: "CHANNEL_BRIDGE has no such field",
	}))
	g.Expect(fmt.Sprint(found[0])).To(HavePrefix("message 0: call-event."))
}

func TestExchangesAreHeldToTheirDeclaration(t *testing.T) {
	g := NewWithT(t)
	g.Expect(judge.CheckExchange(judge.Exchange{Name: "callevt", Type: "topic"})).To(BeEmpty())
	g.Expect(judge.CheckExchange(judge.Exchange{Name: "targeted", Type: "direct"})).To(BeEmpty())
	g.Expect(judge.CheckExchange(judge.Exchange{Name: "amq.topic", Type: "topic", Durable: true})).To(BeEmpty())
	found := judge.CheckExchange(judge.Exchange{
		Name: "callctl", Type: "topic", Durable: true, AutoDelete: true, Internal: true, Arguments: map[string]any{"x": 1},
	})
	g.Expect(found).To(HaveLen(5))
	g.Expect(rulesOf(found)).To(Equal([]string{"exchange.declaration"}))
}
