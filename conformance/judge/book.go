package judge

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Level is how much a message is held to.
type Level int

const (
	// Produced holds a message to what Kazoo's own producers send (Kazoo master of
	// March 2024).
	Produced Level = iota
	// Published holds it to what Kazoo's library for publishing sees to, whoever
	// publishes: any message of any version passes.
	Published
)

// Rule is a rule that messages can break.
type Rule struct{ ID, Source string }

// Book holds the rules for single messages. It may be used by many goroutines.
type Book struct {
	level     Level
	exchanges map[string]string
	kinds     map[string]*compiled // by exchange, category and name; and by category and name
	limits    map[string]*limits   // of call events, by Event-Name
}

// NewBook returns the rules of a level.
func NewBook(level Level) *Book {
	b := &Book{level: level, exchanges: exchangeTypes(), kinds: map[string]*compiled{}, limits: callLimits()}
	for _, k := range kinds() {
		c := compile(k)
		eventNames := k.names
		if eventNames == nil {
			eventNames = []string{""}
		}
		for _, name := range eventNames {
			for _, exchange := range []string{k.exchange, ""} {
				at := exchange + " " + k.category + " " + name
				if b.kinds[at] == nil {
					b.kinds[at] = c
				}
			}
		}
	}
	return b
}

// find is the kind of a message: one of its exchange, else one that belongs elsewhere.
func (b *Book) find(exchange, category, name string) *compiled {
	for _, e := range []string{exchange, ""} {
		for _, n := range []string{name, ""} {
			if c := b.kinds[e+" "+category+" "+n]; c != nil {
				return c
			}
		}
	}
	return nil
}

// envelopeRules are those for any message.
func envelopeRules() map[string]string {
	return map[string]string{
		"message.exchange":         "kz_amqp.hrl",
		"message.content-type":     "kz_amqp_util:basic_publish/5",
		"message.content-encoding": "kz_amqp_util:basic_publish/5",
		"message.headers":          "kz_amqp_util:basic_publish/5",
		"message.timestamp":        "kz_amqp_util:basic_publish/5",
		"message.json":             "kz_json:encode/1",
		"message.compact":          "kz_json:encode/1",
		"message.repeated":         "kz_api:build_message/3",
		"message.default-fields":   "kz_api.hrl",
		"message.kind":             "kapi modules",
	}
}

// aspects are the rules that each kind has. The empty source is the kind's own.
func aspects() map[string]string {
	return map[string]string{
		"closed-fields": "",
		"required":      "",
		"type":          "",
		"order":         "kz_api:build_message/3",
		"empty":         "kz_api:prepare_api_payload/3",
		"key":           "",
		"call-id":       "kapi_call:publish_event/2",
		"msg-id":        "kz_api:prepare_api_payload/3, kz_amqp_worker:send_request/4",
		"node":          "kz_api:prepare_api_payload/3",
		"app":           "",
		"asked":         "kz_amqp_worker:send_request/4",
	}
}

// Rules lists all rules for single messages, and those of sequences, by id.
func Rules() []Rule {
	sources := envelopeRules()
	maps.Copy(sources, sequenceRules())
	for _, k := range kinds() {
		for aspect, source := range aspects() {
			sources[k.topic+"."+aspect] = cmp.Or(source, sourceOf(k, aspect))
		}
		for id, source := range k.rules {
			sources[k.topic+"."+id] = source
		}
	}
	var rules []Rule
	for id, source := range sources {
		rules = append(rules, Rule{id, source})
	}
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

func sourceOf(k kind, aspect string) string {
	if aspect == "key" && k.keySource != "" {
		return k.keySource
	}
	return k.source
}
