package kapi_test

import (
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
		if r.String("api") != "call event" {
			tally.Left(r.String("api"))
			continue
		}
		from := kapi.Sender{Node: "nonode@nohost", MsgID: func() string { return "generated" }}
		input := r.Object.Object("input")
		body, err := kapi.Build(kapi.CallEvent(), from, input)
		if r.Has("error") != (err != nil) {
			tally.Disagree(r, "error %v, recorded %q", err, r.String("error"))
			continue
		}
		if err != nil {
			tally.Agree()
			continue
		}
		got, _ := jobj.ParseObject(body)
		want := r.Object.Object("payload")
		if want.String("Msg-ID") != input.String("Msg-ID") { // drawn at random when it was recorded
			want = want.Set("Msg-ID", "generated")
		}
		key := kapi.CallEventKey(got.String("Event-Name"), kapi.CallEventID(got))
		switch {
		case string(jobj.Append(nil, got)) != string(jobj.Append(nil, want)):
			tally.Disagree(r, "payload\n got %s\nwant %s", jobj.Append(nil, got), jobj.Append(nil, want))
		case key != r.String("routing_key"):
			tally.Disagree(r, "key %s, want %s", key, r.String("routing_key"))
		default:
			tally.Agree()
		}
	}
}
