package kapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

func TestRoutingKeyEncodeVector(t *testing.T) {
	tally := vectortest.NewTally(t, "routing_key_encode")
	for _, r := range vectortest.Read(t, "routing_key_encode", "in", "out") {
		if got := kapi.EncodeKey(r.String("in")); got == r.String("out") {
			tally.Agree()
		} else {
			tally.Disagree(r, "%q: got %q, want %q", r.String("in"), got, r.String("out"))
		}
	}
}

func TestAMQPPublishVector(t *testing.T) {
	tally := vectortest.NewTally(t, "amqp_publish")
	for _, r := range vectortest.Read(t, "amqp_publish",
		"api", "input", "exchange", "routing_key", "properties", "payload", "gzipped", "error") {
		action, input := "", r.Object.Object("input")
		if strings.HasSuffix(r.String("api"), "(short action)") {
			action, input = input.String("Action"), input.Object("Event")
		}
		category, name := input.String("Event-Category"), input.String("Event-Name")
		kind, ok := kapi.FindPublication(category, name)
		if !ok {
			tally.Disagree(r, "no kind of message is called %s / %s", category, name)
			continue
		}
		got, err := kind.Message(kapi.Sender{Node: "nonode@nohost", MsgID: func() string { return "generated" }}, input)
		if r.Has("error") != (err != nil) {
			tally.Disagree(r, "error %v, recorded %q", err, r.String("error"))
			continue
		}
		if err == nil {
			if action != "" { // the publisher said created, where others say doc_created
				_, rest, _ := strings.Cut(got.Key, ".")
				got.Key = kapi.ChangeName(action, input.String("Type")) + "." + rest
			}
			if difference := publishedAs(r, input, got); difference != "" {
				tally.Disagree(r, "%s", difference)
				continue
			}
		}
		tally.Agree()
	}
}

// publishedAs says in what a message differs from the record, or "".
func publishedAs(r vectortest.Record, input jobj.Object, got kapi.Message) string {
	payload := r.Object.Object("payload")
	if payload.String("Msg-ID") != input.String("Msg-ID") { // drawn at random when it was recorded
		payload = payload.Set("Msg-ID", "generated")
	}
	properties := jobj.Object{{Key: "content_type", Value: kapi.ContentType}}
	if got.Gzip {
		properties = append(properties, jobj.Member{Key: "content_encoding", Value: got.ContentEncoding()})
	}
	if got.CallID != "" { // as Erlang prints the table
		properties = append(properties, jobj.Member{Key: "headers", Value: fmt.Sprintf(`[{<<"call-id">>,binary,<<"%s">>}]`, got.CallID)})
	}
	if r.Object.Bool(false, "gzipped") != got.Gzip {
		return fmt.Sprintf("compressed: %t", got.Gzip)
	}
	for _, c := range []struct{ what, got, want string }{
		{"exchange", got.Exchange, r.String("exchange")},
		{"key", got.Key, r.String("routing_key")},
		{"properties", string(jobj.Append(nil, properties)), string(jobj.Append(nil, r.Object.Object("properties")))},
		{"payload", string(got.Body), string(jobj.Append(nil, payload))},
	} {
		if c.got != c.want {
			return fmt.Sprintf("%s\n got %s\nwant %s", c.what, c.got, c.want)
		}
	}
	return ""
}
