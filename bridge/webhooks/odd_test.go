package webhooks_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

func packed(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(body)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(z.Close()).To(Succeed())
	return out.Bytes()
}

func deflated(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	_, err = io.Copy(z, bytes.NewReader(body))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(z.Close()).To(Succeed())
	return out.Bytes()
}

// broken is body with the byte at a place, from the end if negative, made another.
func broken(body []byte, at int) []byte {
	body = bytes.Clone(body)
	body[(at+len(body))%len(body)] ^= 0xff
	return body
}

// What comes by the bus in an odd dress is either an event or is dropped for a reason
// that says so; it does no harm, and the next event is delivered.
func TestOddDressesOfAnEvent(t *testing.T) {
	g := NewWithT(t)
	s := on(t, stage{})
	g.Expect(s.hook(t, `"hook":"all"`)).To(Succeed())
	good := []byte(callMessage("CHANNEL_CREATE", ""))
	zip := packed(t, good)
	const fires = "" // one delivery
	for _, c := range []struct {
		name    string
		message webhooks.Message
		dropped string
	}{
		{"a content type with a charset", webhooks.Message{ContentType: "application/json; charset=utf-8", Body: good}, fires},
		{"a content type in capitals", webhooks.Message{ContentType: "APPLICATION/JSON", Body: good}, fires},
		{"two content types", webhooks.Message{ContentType: "application/json, application/json", Body: good}, "content_type"},
		{"a type that begins like it", webhooks.Message{ContentType: "application/json-seq", Body: good}, "content_type"},
		{"another JSON type", webhooks.Message{ContentType: "text/json", Body: good}, "content_type"},
		{"a content type without end", webhooks.Message{ContentType: strings.Repeat("application/", 1<<16), Body: good}, "content_type"},
		{"a content type with a line break", webhooks.Message{ContentType: "application/json\r\nX-Evil: 1", Body: good}, "content_type"},
		{"an encoding that changes nothing", webhooks.Message{ContentEncoding: "identity", Body: good}, fires},
		{"gzip", webhooks.Message{ContentEncoding: "gzip", Body: zip}, fires},
		{"gzip in two parts", webhooks.Message{ContentEncoding: "gzip", Body: append(packed(t, good[:40]), packed(t, good[40:])...)}, fires},
		{"gzip without a body", webhooks.Message{ContentEncoding: "gzip"}, "not_gzip"},
		{"gzip of nothing", webhooks.Message{ContentEncoding: "gzip", Body: packed(t, nil)}, "not_json"},
		{"gzip cut off in its head", webhooks.Message{ContentEncoding: "gzip", Body: zip[:5]}, "not_gzip"},
		{"gzip cut off in its text", webhooks.Message{ContentEncoding: "gzip", Body: zip[:len(zip)/2]}, "not_gzip"},
		{"gzip without its last byte", webhooks.Message{ContentEncoding: "gzip", Body: zip[:len(zip)-1]}, "not_gzip"},
		{"gzip with a wrong sum", webhooks.Message{ContentEncoding: "gzip", Body: broken(zip, -6)}, "not_gzip"},
		{"gzip with a wrong length", webhooks.Message{ContentEncoding: "gzip", Body: broken(zip, -2)}, "not_gzip"},
		{"gzip and something after it", webhooks.Message{ContentEncoding: "gzip", Body: append(bytes.Clone(zip), "more"...)}, "not_gzip"},
		{"gzip twice", webhooks.Message{ContentEncoding: "gzip", Body: packed(t, zip)}, "not_text"},
		{"gzip that nobody speaks of", webhooks.Message{Body: zip}, "not_text"},
		{"twenty megabytes in a small gzip", webhooks.Message{ContentEncoding: "gzip", Body: packed(t, make([]byte, 20<<20))}, "too_large"},
		{"an encoding that is not spoken", webhooks.Message{ContentEncoding: "deflate", Body: deflated(t, good)}, "not_text"},
		{"a byte order mark", webhooks.Message{Body: append([]byte("\ufeff"), good...)}, "not_json"},
		{"UTF-16", webhooks.Message{Body: []byte("{\x00\"\x00a\x00\"\x00:\x001\x00}\x00")}, "not_json"},
		{"two events in one", webhooks.Message{Body: append(bytes.Clone(good), good...)}, "not_json"},
		{"JSON with a comment", webhooks.Message{Body: append([]byte("/* call */"), good...)}, "not_json"},
		{"a comma too many", webhooks.Message{Body: bytes.Replace(good, []byte(`"}`), []byte(`",}`), 1)}, "not_json"},
		{"NUL after the end", webhooks.Message{Body: append(bytes.Clone(good), 0)}, "not_json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			if c.dropped == fires {
				g.Expect(s.take(t, c.message)).To(HaveLen(1))
				return
			}
			before := counted(t, s.metrics, "kazoolab_webhook_dropped_total", c.dropped)
			g.Expect(s.take(t, c.message)).To(BeEmpty())
			g.Expect(counted(t, s.metrics, "kazoolab_webhook_dropped_total", c.dropped)).To(Equal(before + 1))
		})
	}
	g.Expect(s.send(t, string(good))).To(HaveLen(1))
}

// Members may be repeated, missing, of any length and any number: the first counts, as
// for the reference.
func TestOddMembersOfAnEvent(t *testing.T) {
	g := NewWithT(t)
	s := on(t, stage{})
	g.Expect(s.hook(t, `"hook":"all"`)).To(Succeed())
	g.Expect(s.hookOf(t, stageRival, "rival", `"hook":"all"`)).To(Succeed())
	many := strings.Repeat(`"a":1,`, 100_000)
	long := strings.Repeat("k", 900_000)
	for _, c := range []struct {
		name, message string
		fires         int
	}{
		{"the category twice, ours first", `{"Event-Category":"call_event","Event-Category":"configuration",` + callMessage("CHANNEL_CREATE", "")[1:], 1},
		{"the category twice, ours last", `{"Event-Category":"fax",` + callMessage("CHANNEL_CREATE", "")[1:], 0},
		{"the name twice, ours first", `{"Event-Name":"CHANNEL_CREATE",` + callMessage("CHANNEL_HOLD", "")[1:], 1},
		{"the name twice, ours last", `{"Event-Name":"CHANNEL_HOLD",` + callMessage("CHANNEL_CREATE", "")[1:], 0},
		{"two accounts", callMessage("CHANNEL_CREATE", `"Custom-Channel-Vars":{"Account-ID":"`+stageAcme+`","Account-ID":"`+stageRival+`"}`), 1},
		{"the category in capitals", strings.Replace(callMessage("CHANNEL_CREATE", ""), "call_event", "CALL_EVENT", 1), 0},
		{"the name in small letters", callMessage("channel_create", ""), 0},
		{"the name and NUL", callMessage(`CHANNEL_CREATE\u0000`, ""), 0},
		{"the name escaped", callMessage(`CHANNEL\u005fCREATE`, ""), 1},
		{"a key of 900,000 bytes", callMessage("PARK_PARKED", `"`+long+`":1`), 1},
		{"a value of 900,000 bytes", callMessage("CHANNEL_CREATE", `"To":"`+long+`"`), 1},
		{"a name of 900,000 bytes", callMessage(long, ""), 0},
		{"a key a hundred thousand times", callMessage("PARK_PARKED", strings.TrimSuffix(many, ",")), 1},
		{"keys of nothing", callMessage("PARK_PARKED", `"":"","":{"":""}`), 1},
		{"a number of 100,000 digits", callMessage("CHANNEL_DESTROY", `"Duration-Seconds":`+strings.Repeat("9", 100_000)), 1},
		{"numbers beyond all bounds", callMessage("CHANNEL_DESTROY", `"Timestamp":1e999999999,"Duration-Seconds":-1e999999999`), 1},
		{"an account of another kind", strings.Replace(callMessage("CHANNEL_CREATE", ""), `"`+stageAcme+`"`, "2", 1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.send(t, c.message)
			NewWithT(t).Expect(got).To(HaveLen(c.fires))
			for _, r := range got {
				NewWithT(t).Expect(r.Header.Get("X-Account-Id")).To(Equal(stageAcme))
			}
		})
	}
	g.Expect(counted(t, s.metrics, "kazoolab_webhook_dropped_total", "panic")).To(BeZero())
	g.Expect(s.send(t, callMessage("CHANNEL_CREATE", ""))).To(HaveLen(1))
}

// Every member that matching reads, of every kind of event, holding every kind of
// value that does not belong there: nothing breaks, nothing fires for another account,
// and the event as it should be is delivered afterwards.
func TestWrongKindsOfWhatMatchingReads(t *testing.T) {
	values := []string{`null`, `true`, `5`, `-1e999`, `""`, `"\u0000"`, `"all"`, `[]`, `[5,"x"]`, `{}`, `{"_id":5}`, `"` + strings.Repeat("x", 70_000) + `"`}
	for _, kind := range []struct {
		hook, message string
		fields        []string
	}{
		{"channel_create", callMessage("CHANNEL_CREATE", ""), []string{
			"Event-Name", "Call-ID", "Custom-Channel-Vars", "Channel-Name", "Channel-Is-Loopback", "Request", "To"}},
		{"parking", callMessage("PARK_PARKED", ""), []string{"Event-Name", "Call-ID", "Custom-Channel-Vars", "Account-ID", "Msg-ID"}},
		{"object", userEdited(), []string{"Event-Name", "ID", "Type", "Database", "Account-ID", "Doc"}},
		{"notifications", notificationMessage("inbound_fax", inboundFax), []string{
			"Event-Name", "account_id", "account", "pvt_account_id", "_id", "id", "details", "Details", "Fax-Info", "Fax-ID", "Call-ID"}},
		{"notifications", callflowMessage(""), []string{"Hook", "Data"}},
		{"sms", textMessage("sms"), []string{"Event-Name", "Message-ID", "Account-ID", "From", "Body", "Charges", "Route-Type"}},
		{"mms", textMessage("mms"), []string{"Message-ID", "Account-ID", "Body"}},
	} {
		t.Run(kind.hook+" "+kind.fields[0], func(t *testing.T) {
			g := NewWithT(t)
			s := on(t, stage{})
			g.Expect(s.hook(t, `"hook":"all"`)).To(Succeed())
			g.Expect(s.hook(t, `"hook":"`+kind.hook+`","custom_data":{"type":"all","action":"all"},"modifiers":{"type":["user",5,null,{}],"call_id":{}}`)).To(Succeed())
			g.Expect(s.hookOf(t, stageRival, "rival", `"hook":"all"`)).To(Succeed())
			for _, field := range kind.fields {
				for _, value := range values {
					// Put first, where it counts before the right one.
					for _, r := range s.send(t, `{"`+field+`":`+value+`,`+kind.message[1:]) {
						g.Expect(r.Header.Get("X-Account-Id")).NotTo(Equal(stageRival), "%s: %.40s", field, value)
					}
				}
			}
			g.Expect(counted(t, s.metrics, "kazoolab_webhook_dropped_total", "panic")).To(BeZero())
			g.Expect(s.send(t, kind.message)).NotTo(BeEmpty())
		})
	}
}
