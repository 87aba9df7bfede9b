package blackhole_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func TestWhatIsTracked(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s := r.dial(t)
	id := s.LocalAddr().String()
	r.open(t, 1)
	g.Expect(r.Tracked([]string{acme})).To(BeEmpty())
	tracked, known := r.TrackedByID(id)
	g.Expect(known).To(BeTrue())
	g.Expect(string(jobj.Append(nil, tracked))).To(HavePrefix(`{"bindings":[],"websocket_session_id":"` + id + `","timestamp":`))

	g.Expect(s.refused(subscribe(acme, acme, "call.X.*", ""))).To(ContainSubstring("X"))
	g.Expect(r.Tracked([]string{acme})).To(BeEmpty(), "nothing has succeeded")
	s.ask(`{"action":"ping",` + token + `,"name":"console","metadata":{"x":1}}`)
	g.Eventually(func() string { return string(jobj.Append(nil, r.Tracked([]string{rival, acme})[0])) }).Should(
		ContainSubstring(`"name":"console","metadata":{"x":1},"destination":"bridge.example.com","source":"127.0.0.1","account_id":"` + acme + `"`))

	s.subscribe(acme, "call.CHANNEL_CREATE.*") // without a name, which is thereby gone
	digest := sha256.Sum256([]byte("tok-" + acme))
	g.Eventually(func() jobj.Object { return r.Tracked([]string{acme})[0] }).Should(Equal(jobj.Object{
		{Key: "bindings", Value: []any{"call.CHANNEL_CREATE.*"}},
		{Key: "websocket_session_id", Value: id},
		{Key: "timestamp", Value: kapi.Gregorian(r.clock.Now())},
		{Key: "destination", Value: "bridge.example.com"},
		{Key: "source", Value: "127.0.0.1"},
		{Key: "account_id", Value: acme},
		{Key: "Auth-Token-Digest", Value: hex.EncodeToString(digest[:])},
	}))
	g.Expect(r.Tracked([]string{rival})).To(BeEmpty())
	_ = s.Close()
	r.open(t, 0)
	_, known = r.TrackedByID(id)
	g.Expect(known).To(BeFalse())
}

// It is kept for as long as the socket is open, and shown to whoever lists sockets.
func TestWhatASocketSaysOfItselfIsBounded(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s := r.dial(t)
	ping := func(more string) string { return `{"action":"ping",` + token + more + `}` }
	listed := func() string { return string(jobj.Append(nil, r.Tracked([]string{acme})[0])) }
	name, metadata := strings.Repeat("n", 256), strings.Repeat("m", 4086)
	s.ask(ping(`,"name":"` + name + `","metadata":{"x":"` + metadata + `"}`))
	g.Eventually(listed).Should(ContainSubstring(name))
	g.Expect(s.refused(ping(`,"name":"` + name + `n"`))).To(ContainSubstring("name has 257 bytes, more than the 256 that are kept of a socket"))
	g.Expect(s.refused(ping(`,"metadata":{"x":"` + metadata + `mmm"}`))).To(ContainSubstring("metadata has 4097 bytes, more than the 4096"))
	g.Expect(listed()).To(ContainSubstring(`"`+metadata+`"`), "what was there before is still there")
}
