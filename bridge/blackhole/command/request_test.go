package command_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func TestOddMembers(t *testing.T) {
	for frame, want := range map[string]command.Request{
		`{}`:                                {Action: "noop"},
		`[]`:                                {Action: "noop"},
		`{"action":""}`:                     {Action: "noop"},
		`{"action":5,"request_id":1.50}`:    {Action: "5", ID: "1.50"},
		`{"action":null,"auth_token":null}`: {Action: "null", Token: "null"},
		`{"action":true}`:                   {Action: "true"},
		`{"action":{},"request_id":[]}`:     {Action: "noop"},
		`{"action":"a","action":"b"}`:       {Action: "a"},
		`{"data":"x"}`:                      {Action: "noop"},
		`{"data":{"x":1},"name":"n","metadata":[1]}`: {
			Action: "noop", Name: "n", Data: parse(`{"x":1}`), Metadata: parse(`{"l":[1]}`)[0].Value,
		},
	} {
		g := NewWithT(t)
		got, err := command.Read([]byte(frame))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(got).To(Equal(want), frame)
	}
}

func TestFaults(t *testing.T) {
	for frame, want := range map[string]error{
		"": command.ErrNotJSON, "{": command.ErrNotJSON, "{} x": command.ErrNotJSON, `{"a":1,}`: command.ErrNotJSON,
		"5": command.ErrNotObject, `"x"`: command.ErrNotObject, "[1]": command.ErrNotObject, "null": command.ErrNotObject,
	} {
		got, err := command.Read([]byte(frame))
		NewWithT(t).Expect(err).To(Equal(want), frame)
		NewWithT(t).Expect(got).To(Equal(command.Request{Action: "noop"}))
	}
}

func parse(text string) jobj.Object {
	o, err := jobj.ParseObject([]byte(text))
	if err != nil {
		return nil
	}
	return o
}

// Whatever comes, a request comes of it, whose id can be printed in a reply.
func FuzzRead(f *testing.F) {
	for _, frame := range []string{`{"action":"subscribe","data":{"account_id":"a","binding":"call.*.*"}}`, `[]`, `{"request_id":"\ud800"}`, "\xff", `{"data":{"resume":true,"since":["x"]}}`} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		request, err := command.Read(frame)
		if request.Action == "" {
			t.Error("no action")
		}
		if err != nil && (request.ID != "" || request.Token != "" || request.Data != nil) {
			t.Errorf("a fault with members: %v", request)
		}
		reply, err := jobj.ParseObject(command.Reply(request.ID, command.Error, jobj.Append(nil, command.Refusal(request.Action))))
		if err != nil || reply.String("action") != "reply" {
			t.Errorf("reply cannot be read: %v", err)
		}
	})
}
