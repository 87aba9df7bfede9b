package pseudonyms_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/capture/pseudonyms"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

const (
	account = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	callID  = "7d1f03aa-2c1b-4a53@203.0.113.20"
)

// altered is a body of these members, as JSON, after it went through p.
func altered(t testing.TB, p *pseudonyms.Pseudonyms, members string) jobj.Object {
	t.Helper()
	m := p.Message(capture.Message{Exchange: "callevt", Body: []byte("{" + members + "}")})
	o, err := jobj.ParseObject(m.Body)
	if err != nil {
		t.Fatalf("%s became %s: %v", members, m.Body, err)
	}
	return o
}

// field is what one text became.
func field(t testing.TB, p *pseudonyms.Pseudonyms, name, value string) string {
	t.Helper()
	return altered(t, p, string(jobj.Append(nil, name))+":"+string(jobj.Append(nil, value))).String(name)
}

// Shapes that replacements keep. What stays is written out.
func TestReplacementsKeepTheirShape(t *testing.T) {
	t.Parallel()
	p := pseudonyms.New("key")
	for _, c := range []struct{ name, value, becomes string }{
		{"Caller-ID-Number", "+14155550100", `\+1555[2-9]\d{6}`},
		{"Caller-ID-Number", "14155550100", `1555[2-9]\d{6}`},
		{"Caller-ID-Number", "4155550100", `555[2-9]\d{6}`},
		{"Caller-ID-Number", "(415) 555-0100", `\(555\) [2-9]\d\d-\d{4}`},
		{"Caller-ID-Number", "+442071234567", `\+999\d{9}`},
		{"Caller-ID-Number", "1001", `1001`},
		{"Caller-ID-Number", "*97", `\*97`},
		{"Caller-ID-Number", "anonymous", `anonymous`},
		{"Caller-ID-Name", "Dana Desk", `[A-Z][a-z]{3} [A-Z][a-z]{3}`},
		{"Caller-ID-Name", "PAT EXAMPLE", `[A-Z]{3} [A-Z]{7}`},
		{"From-User", "user_dana_desk", `user_[a-z]{4}_[a-z]{4}`},
		{"Username", "dana", `[a-z]{4}`},
		{"Realm", "acme.sip.example.com", `[a-z]{8}\.example\.com`},
		{"Media-Server", "fs001.example.com", `[a-z]{8}\.example\.com`},
		{"Node", "freeswitch@fs001.example.com", `freeswitch@[a-z]{8}\.example\.com`},
		{"Server-ID", "kazoo_apps@apps001.example.com-<0.902.0>-11aa22bb", `kazoo_apps@[a-z]{8}\.example\.com-<0\.902\.0>-11aa22bb`},
		{"Network-IP", "8.8.8.8", `198\.1[89]\.\d+\.\d+`},
		{"Network-IP", "192.168.1.7", `192\.168\.\d+\.\d+`},
		{"Network-IP", "2a00:1450:4001::5", `2001:db8:[0-9a-f:]+`},
		{"Switch-URI", "sip:10.0.0.11:11000", `sip:10\.\d+\.\d+\.\d+:11000`},
		{"Contact", "<sip:user_dana@192.0.2.10:53764;transport=udp>", `<sip:user_[a-z]{4}@198\.1[89]\.\d+\.\d+:53764;transport=udp>`},
		{"From", `"Dana Desk" <sip:+14155550100@acme.example.com>`, `"[A-Z][a-z]{3} [A-Z][a-z]{3}" <sip:\+1555\d{7}@[a-z]{8}\.example\.com>`},
		{"To", "dana@acme.example.com, pat@acme.example.com", `[a-z]{4}@[a-z]{8}\.example\.com, [a-z]{3}@[a-z]{8}\.example\.com`},
		{"Presence-ID", "1001@acme.sip.example.com", `1001@[a-z]{8}\.example\.com`},
		{"Channel-Name", "sofia/sipinterface_1/+12125550199@203.0.113.20", `sofia/sipinterface_1/\+1555\d{7}@198\.1[89]\.\d+\.\d+`},
		{"Channel-Name", "loopback/dana-a", `loopback/[a-z]{4}-a`},
		{"User-Agent", "Yealink SIP-T46S 001565aabbcc", `Yealink [A-Z]{3}-[A-Z]\d\d[A-Z] \d{6}[a-z]{6}`},
		{"Account-ID", account, `[0-9a-f]{32}`},
		{"Account-DB", "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202403", `account%2F[0-9a-f]{2}%2F[0-9a-f]{2}%2F[0-9a-f]{28}-202403`},
		{"Fax-ID", "202403-3513f829b23ce4ec8e4bc372701a0cae", `202403-[0-9a-f]{32}`},
		{"Rev", "7-0a1b2c3d4e5f60718293a4b5c6d7e8f9", `7-[0-9a-f]{32}`},
		{"Call-ID", callID, `7d1f03aa-2c1b-4a53@198\.1[89]\.\d+\.\d+`},
		{"Call-ID", "3b0f6a0e-5a1c-4f0b-9d53-2a0c1f7e1d11", `3b0f6a0e-5a1c-4f0b-9d53-2a0c1f7e1d11`},
		{"Application-Response", "/tmp/dana-and-pat.mp3", `/tmp/[a-z]{4}-[a-z]{3}-[a-z]{3}\.mp3`},
		{"Application-Response", "NORMAL_CLEARING", `NORMAL_CLEARING`},
		{"Application-Response", "4711", `\d{4}`},
		{"AMQP-Broker", "amqp://joe:hunter2@rabbit.acme.com:5672", `amqp://[a-z]{3}:[a-z]{6}\d@[a-z]{8}\.example\.com:5672`},
		{"uri", "https://hooks.acme.com/dana?token=s3cret", `https://[a-z]{8}\.example\.com/[a-z]{4}\?[a-z]{5}=[a-z]\d[a-z]{4}`},
		{"Password", "hunter2", `[a-z]{6}\d`},
		{"Body", "running late", `lorem ipsum `},
		{"Status", "New Fax from +12125550199", `New Fax from \+1555\d{7}`},
		{"Status", "Received  Page 1", `Received  Page 1`},
		{"Status", "NO_ANSWER", `NO_ANSWER`},
		{"Status", "Registered(UDP)", `Registered\(UDP\)`},
		{"Ticket", "T-17", `[A-Z]-\d\d`},
		{"Hangup-Cause", "NORMAL_CLEARING", `NORMAL_CLEARING`},
		{"Event-Name", "CHANNEL_CREATE", `CHANNEL_CREATE`},
		{"App-Version", "4.0.0", `4\.0\.0`},
		{"Msg-ID", "1710253474123456", `1710253474123456`},
		{"Msg-ID", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", `0f1e2d3c4b5a69788796a5b4c3d2e1f0`},
		{"Call-Interaction-ID", "63877472675-5f3a9c1e", `63877472675-5f3a9c1e`},
		{"Channel-Created-Time", "1710253474103456", `1710253474103456`},
	} {
		got := field(t, p, c.name, c.value)
		if !regexp.MustCompile("^" + c.becomes + "$").MatchString(got) {
			t.Errorf("%s: %q became %q, want %s", c.name, c.value, got, c.becomes)
		}
		if strings.Contains(c.becomes, `[`) && got == c.value {
			t.Errorf("%s: %q stayed", c.name, c.value)
		}
	}
}

// Places in which identities have been found, where nobody would look for them.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	flow := string(jobj.Append(nil, `{"module":"tts","data":{"text":"Hi Dana","to":"+14155550100","endpoints":[{"id":"`+account+`"}],"note":"dana"},"children":{"+14155550100":{}}}`))
	for _, members := range []string{
		`"Application-Data":` + flow,
		`"Custom-Channel-Vars":{"Customer":"Dana Desk","Line":"sip:dana@acme.example.com","Pin":"4155550100"}`,
		`"Custom-SIP-Headers":{"X-Who":"Dana","P-Asserted-Identity":"\"Dana Desk\" <sip:+14155550100@acme.example.com>"}`,
		`"custom_data":{"who":["Dana",{"deep":"+1 415 555 0100"}],"number":14155550100}`,
		`"Media-Recordings":["call_recording_Dana_+14155550100.mp3","` + account + `/dana.wav"]`,
		`"Contact":"<sip:user_1@10.1.2.3;fs_path=sip%3Adana%4010.9.8.7%3A5060%3Blr>"`,
		`"Local-SDP":"v=0\r\no=dana 1 1 IN IP4 10.1.2.3\r\ns=Dana Desk\r\nc=IN IP4 10.1.2.3\r\na=crypto:1 AES inline:secret\r\na=candidate:1 1 UDP 1 10.1.2.3 5000 typ host\r\n"`,
		`"User-Agent":"Linphone (Dana Desk)"`,
		`"Voicemail-Transcription":{"result":"success","text":"Dana here, +14155550100"}`,
		`"Subject":"blocked +14155550100","Details":{"Account-ID":"` + account + `","Format":"Dana"}`,
		`"Database":"numbers%2F%2B1415","ID":"+14155550100"`,
		`"DTMF-Digit":"4","Digits-Dialed":"4155550100"`,
		`"Status":"New Fax from Dana"`,
		`"Request":"tel:+1-415-555-0100"`,
		`"Event-Name":"Dana@acme.example.com"`,
		`"` + account + `":{"+14155550100":"x"}`,
		`"Raw-Application-Data":"[leg_timeout=20]sofia/sipinterface_1/dana@acme.example.com"`,
		`"Emergency-Address-Latitude":37.774929,"Emergency-Address-City":"Dana"`,
		`"Call-Forward":"Dana <+14155550100>"`,
		`"Endpoints":[{"To-URI":"sip:Dana@acme.example.com;x=dana"}]`,
		`"Hook":{"uri":"http://dana:secret@acme.example.com/dana/secret"}`,
		`"Password-Reset-Link":"https://acme.example.com/#/?recovery=` + account + `"`,
	} {
		g := NewWithT(t)
		m := pseudonyms.New("key").Message(capture.Message{Key: "some.key", Body: []byte("{" + members + "}")})
		_, err := jobj.ParseObject(m.Body)
		g.Expect(err).NotTo(HaveOccurred())
		for _, original := range []string{"Dana", "dana", "Desk", "4155550100", "415-555", "415 555", "acme", account, account[4:], "10.1.2.3", "10.9.8.7", "secret", "37.77"} {
			g.Expect(string(m.Body)).NotTo(ContainSubstring(original), "of %s", members)
		}
	}
}

// Names of fields stay, but for what stands in them.
func TestNamesOfFieldsStay(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := pseudonyms.New("key")
	for _, name := range []string{"user_id", "user_agent", "Custom-Channel-Vars", "X-user_name", "facade-facade-facade-facade-facade"} {
		o := altered(t, p, `"`+name+`":1`)
		g.Expect(o[0].Key).To(Equal(name))
	}
	for _, name := range []string{"+14155550100", "dana@acme.example.com", account, "user_560b78a547"} {
		o := altered(t, p, `"`+name+`":1`)
		g.Expect(o[0].Key).NotTo(Equal(name))
	}
}

func TestABodyThatIsNoJSONIsBlanked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := pseudonyms.New("key")
	g.Expect(p.Message(capture.Message{Body: []byte("Dana")}).Body).To(Equal([]byte("xxxx")))
	g.Expect(p.Message(capture.Message{ContentEncoding: "gzip", Body: []byte("Dana")}).Body).To(Equal([]byte("xxxx")))
	packed := capture.Message{ContentEncoding: "gzip", Body: capture.Pack("gzip", []byte(`{"Username":"dana","Event-Name":"x"}`))}
	text, ok := capture.Unpack(p.Message(packed))
	g.Expect(ok).To(BeTrue())
	g.Expect(string(text)).To(MatchRegexp(`^{"Username":"[a-z]{4}","Event-Name":"x"}$`))
}

// One number is one number, however it is written; and so are a name, a realm, an id.
func TestWhatBelongsTogetherStillDoes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := pseudonyms.New("key")
	o := altered(t, p, `"Caller-ID-Number":"+14155550100","From-User":"4155550100","n":14155550100,"dialled":"0114155550100",
		"To":"sip:+14155550100@acme.example.com","To-Realm":"acme.example.com","Presence-ID":"dana@acme.example.com","Username":"dana",
		"Account-ID":"`+account+`","Account-DB":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202403","Raw":"`+account+`-202403",
		"Call-ID":"`+callID+`","Bridge-ID":"`+callID+`","Msg-ID":"`+account[:16]+`","System-Log-ID":"`+account[:16]+`",
		"Database":"numbers%2F%2B1415","ID":"+14155550100"`)
	number := strings.TrimPrefix(o.String("Caller-ID-Number"), "+1")
	g.Expect(o.String("From-User")).To(Equal(number))
	g.Expect(fmt.Sprint(o.Int("n"))).To(Equal("1" + number))
	g.Expect(o.String("To")).To(Equal("sip:+1" + number + "@" + o.String("To-Realm")))
	g.Expect(o.String("Presence-ID")).To(Equal(o.String("Username") + "@" + o.String("To-Realm")))
	g.Expect(o.String("Account-DB")).To(Equal(kapi.AccountDB(o.String("Account-ID")) + "-202403"))
	g.Expect(o.String("Raw")).To(Equal(o.String("Account-ID") + "-202403"))
	g.Expect(o.String("Bridge-ID")).To(Equal(o.String("Call-ID")))
	g.Expect(o.String("System-Log-ID")).To(Equal(o.String("Msg-ID")))
	g.Expect(o.String("Database")).To(Equal("numbers%2F%2B" + o.String("ID")[1:5]))

	o = altered(t, p, `"Call-Interaction-ID":"63877472675-82502616","Call-Interaction":{"Id":"63877472675-82502616","Key":"82502616","Timestamp":"63877472675"}`)
	g.Expect(o.String("Call-Interaction", "Key")).To(Equal("82502616"), "which is drawn")
	g.Expect(o.String("Call-Interaction", "Id")).To(Equal(o.String("Call-Interaction-ID")))
	o = altered(t, p, `"Comment":{"content":"Dana","timestamp":63877472675,"user_id":"dana"}`)
	g.Expect(o.Int("Comment", "timestamp")).To(BeEquivalentTo(63877472675))
	g.Expect(o.String("Comment", "content") + o.String("Comment", "user_id")).To(Equal("lorelore"))
}

func TestARoutingKeyStaysOneOfAMQP(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := pseudonyms.New("key").Message(capture.Message{Key: "a." + strings.Repeat("k", 240) + ".x%40a%2Eio", Body: []byte(`{}`)})
	g.Expect(m.Key).To(HaveLen(255))
}

func TestTheKeyDecides(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const name, value = "Caller-ID-Name", "Dana Desk"
	one := field(t, pseudonyms.New("a"), name, value)
	g.Expect(field(t, pseudonyms.New("a"), name, value)).To(Equal(one))
	g.Expect(field(t, pseudonyms.New("b"), name, value)).NotTo(Equal(one))
}

// Two numbers, names, hosts, addresses or ids are never taken for one.
func TestOriginalsStayDistinct(t *testing.T) {
	t.Parallel()
	p := pseudonyms.New("key")
	for name, draw := range map[string]func(i int) string{
		"Caller-ID-Number": func(i int) string { return fmt.Sprintf("+1%d", 2125550000+i) },
		"Callee-ID-Number": func(i int) string { return fmt.Sprintf("+44%d", 2071234567+i) },
		"Realm":            func(i int) string { return fmt.Sprintf("a%d.example.org", i) },
		"Network-IP":       func(i int) string { return fmt.Sprintf("8.8.%d.%d", i/250, i%250) },
		"Username":         func(i int) string { return fmt.Sprintf("u%05d", i) },
		"Account-ID":       func(i int) string { return fmt.Sprintf("%032x", i) },
	} {
		seen := map[string]string{}
		for i := range 3000 {
			original := draw(i)
			made := field(t, p, name, original)
			if other, twice := seen[made]; twice {
				t.Fatalf("%s: %s and %s both became %s", name, original, other, made)
			}
			seen[made] = original
		}
	}
}

// Whatever the words and wherever they stand, no original of some length is left, and the
// same message becomes the same twice.
func TestNoOriginalIsLeft(t *testing.T) {
	t.Parallel()
	names := []string{"Caller-ID-Name", "Unheard-Of", "From", "Realm", "Body", "Password", "Application-Response", "Channel-Name", "User-Agent", "Contact", "Local-SDP"}
	around := []string{"%s", "sip:%s@h", "<%s>", "a %s b", "/tmp/%s.mp3", "%%3A%s%%40", `{"a":"%s"}`, "%s;x=y", "x@%s", "http://h/%s"}
	rapid.Check(t, func(t *rapid.T) {
		original := rapid.OneOf(
			rapid.StringMatching(`\+1[2-9][0-9]{9}`), rapid.StringMatching(`[2-9][0-9]{9}`), rapid.StringMatching(`[G-Z][g-z]{5,9}`),
			rapid.StringMatching(`[g-z]{4,9}\.[g-z]{4,9}\.net`),
		).Draw(t, "original")
		name, form := rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(around).Draw(t, "around")
		body := []byte("{" + string(jobj.Append(nil, name)) + ":" + string(jobj.Append(nil, fmt.Sprintf(form, original))) + "}")
		p := pseudonyms.New("key")
		m := p.Message(capture.Message{Body: body})
		if strings.Contains(string(m.Body), strings.TrimPrefix(original, "+")) {
			t.Fatalf("%s became %s", body, m.Body)
		}
		if again := p.Message(capture.Message{Body: body}); string(again.Body) != string(m.Body) {
			t.Fatalf("%s became %s, then %s", body, m.Body, again.Body)
		}
	})
}

// Of every kind of message: the fields and their order stay, it is still valid, the
// routing key and the header follow the body, and nobody is left in it.
func TestEveryKindOfMessage(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 3, 12, 14, 24, 34, 0, time.UTC))
	sw := pbx.New(pbx.Config{Clock: clock, IDs: ids.Seeded("kinds"), Host: pbx.Host{
		Switch: "fs001.acme.net", Address: "10.1.2.11", Apps: "apps001.acme.net", Carrier: "81.82.83.84", Public: "91.92.93.94",
		Proxy: "sip001.acme.net", Phone: "71.72.73.74",
	}})
	spec := pbx.Spec{
		AccountID: account, AccountName: "Acme Dental", AccountRealm: "sip.acme.net", ResellerID: "c0ffee00c0ffee00c0ffee00c0ffee00",
		Email: "quintessa@acme.net", Dialled: "+14155550123", CalleeName: "Quintessa Umberto", Extension: "1002", Receiver: "hooks.acme.net:80",
	}
	validator := kapi.NewValidator()
	p := pseudonyms.New("key")
	for _, k := range pbx.Kinds() {
		events, err := sw.Compose(k, spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			m, err := e.Message()
			if err != nil {
				t.Fatal(err)
			}
			checkKind(t, p, validator, m)
		}
	}
}

func checkKind(t *testing.T, p *pseudonyms.Pseudonyms, validator *kapi.Validator, m kapi.Message) {
	t.Helper()
	g := NewWithT(t)
	was := capture.Message{Exchange: m.Exchange, Key: m.Key, ContentEncoding: m.ContentEncoding(), Body: m.Payload()}
	if m.CallID != "" {
		was.Headers = amqp.Table{"call-id": []byte(m.CallID)}
	}
	is := p.Message(was)
	text, _ := capture.Unpack(is)
	before, err := jobj.ParseObject(m.Body)
	g.Expect(err).NotTo(HaveOccurred())
	after, err := jobj.ParseObject(text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(names(after)).To(Equal(names(before)))
	category, name := after.String("Event-Category"), after.String("Event-Name")
	g.Expect(category + name).To(Equal(before.String("Event-Category") + before.String("Event-Name")))
	if validator.Check(category, name, m.Body) == nil {
		g.Expect(validator.Check(category, name, text)).To(Succeed(), "%s", text)
	}
	for _, original := range []string{
		"acme", "Acme", "Dental", "Quintessa", "quintessa", "Umberto", "4155550123", account, account[4:], "c0ffee", "10.1.2.11", "81.82.83", "91.92.93", "71.72.73",
		before.String("Caller-ID-Number"), before.String("Caller-ID-Name"), before.String("Username"), before.String("From-User"),
	} {
		if len(original) > 4 {
			g.Expect(string(text)).NotTo(ContainSubstring(original), "%s %s became %s", category, name, text)
			g.Expect(is.Key).NotTo(ContainSubstring(original), "%s", m.Key)
			g.Expect(is.Key).NotTo(ContainSubstring(kapi.EncodeKey(original)), "%s", m.Key)
		}
	}
	kind, ok := kapi.FindPublication(category, name)
	g.Expect(ok).To(BeTrue())
	if key, err := kind.Address.Key(before); err == nil && key == m.Key {
		g.Expect(kind.Address.Key(after)).To(Equal(is.Key), "%s became %s", m.Key, is.Key)
	}
	g.Expect(strings.Count(is.Key, ".")).To(Equal(strings.Count(m.Key, ".")))
	if m.CallID != "" {
		g.Expect(is.Headers["call-id"]).To(BeEquivalentTo(kapi.CallEventID(after)))
	}
}

func names(o jobj.Object) (names []string) {
	for _, m := range o {
		names = append(names, m.Key)
	}
	return names
}

func TestOtherHeadersAreReplacedToo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := pseudonyms.New("key").Message(capture.Message{Headers: amqp.Table{
		"who": "Dana Desk", "list": []any{"Dana", int32(5)}, "table": amqp.Table{"realm": "acme.example.com"}, "count": int64(3),
	}})
	g.Expect(fmt.Sprint(m.Headers)).NotTo(MatchRegexp("Dana|acme"))
	g.Expect(m.Headers["count"]).To(Equal(int64(3)))
}

// FuzzMessage takes any body, key and header: it must not fall over, must make JSON of
// JSON, and must not let a name through that stands in a field of which nothing is known.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"Call-ID":"a@b","To":"\"x\" <sip:1@2.3.4.5;y=%40>"}`), "call.X.a%40b", "a@b")
	f.Add([]byte(`{"a":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202403","b":"[::1]:5"}`), "doc_edited.account%2F", "\xff")
	f.Add([]byte(`[["{\"a\":[1]}"]]`), "..", "")
	f.Add([]byte(`{"From":"<<>>@@;;==","Local-SDP":"a=\r\n=\n","Status":"()"}`), "%", "%")
	p := pseudonyms.New("key")
	f.Fuzz(func(t *testing.T, body []byte, key, header string) {
		m := p.Message(capture.Message{Key: key, Headers: amqp.Table{"call-id": []byte(header)}, Body: body})
		if _, err := jobj.Parse(body); err == nil {
			if _, err := jobj.Parse(m.Body); err != nil {
				t.Fatalf("%q became %q: %v", body, m.Body, err)
			}
		}
		if again := p.Message(capture.Message{Key: key, Headers: amqp.Table{"call-id": []byte(header)}, Body: body}); string(again.Body) != string(m.Body) || again.Key != m.Key {
			t.Fatalf("%q became %q, then %q", body, m.Body, again.Body)
		}
		if text, err := jobj.Parse(body); err == nil {
			wrapped := jobj.Append(nil, jobj.Object{{Key: "Unheard-Of", Value: "Quintessa " + header}, {Key: "rest", Value: text}})
			if made := p.Message(capture.Message{Body: wrapped}); strings.Contains(string(made.Body), "Quintessa") && !strings.Contains(string(body), "Quintessa") {
				t.Fatalf("%q became %q", wrapped, made.Body)
			}
		}
	})
}
