package capture_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/simulator/capture"
)

var began = time.Date(2026, 1, 31, 23, 59, 59, 123456000, time.UTC) //nolint:gochecknoglobals // a constant, but for its type

// written is a capture of entries: messages and gaps.
func written(t testing.TB, c capture.Compression, entries ...capture.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, c, capture.Header{Began: began, Anonymised: true, Bound: []capture.Bound{{Exchange: "callevt", Kind: "topic", Key: "#"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Gap != "" {
			err = w.Gap(began.Add(e.At), e.Gap)
		} else {
			err = w.Write(began.Add(e.At), e.Message)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(began.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read is what a capture holds, and how its reading ended.
func read(from io.Reader) (entries []capture.Entry, r *capture.Reader, err error) {
	if r, err = capture.NewReader(from); err != nil {
		return nil, nil, err
	}
	for {
		e, err := r.Next()
		if err != nil {
			return entries, r, err
		}
		entries = append(entries, e)
	}
}

func message(body string) capture.Message {
	return capture.Message{
		Exchange: "callevt", Kind: "topic", Key: "call.CHANNEL_CREATE.a%40b", ContentType: "application/json",
		Timestamp: 1710253474123456, Headers: amqp.Table{"call-id": []byte("a@b")}, Body: []byte(body),
	}
}

func TestALineIsReadableAndKeepsTheBytesOfABody(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	body := `{"b":1.50,  "a":"\u00e9\/","a":[1e3,{}],"b" :"é"}`
	file := written(t, capture.Plain, capture.Entry{At: 1500 * time.Microsecond, Message: message(body)}, capture.Entry{At: time.Second, Gap: "why"})
	g.Expect(strings.Split(string(file), "\n")).To(Equal([]string{
		`{"format":"kazoolab-capture","version":1,"began":"2026-01-31T23:59:59.123456Z","anonymised":true,"bound":[{"exchange":"callevt","type":"topic","key":"#"}]}`,
		`{"at":1500,"exchange":"callevt","type":"topic","key":"call.CHANNEL_CREATE.a%40b","content_type":"application/json",` +
			`"timestamp":1710253474123456,"headers":{"call-id":{"bytes":"a@b"}},"body":` + body + `}`,
		`{"at":1000000,"gap":"why"}`,
		`{"at":3600000000,"end":true,"messages":1}`,
		``,
	}))
	entries, r, err := read(bytes.NewReader(file))
	g.Expect(err).To(MatchError(io.EOF))
	g.Expect(r.Header.Began).To(BeTemporally("==", began))
	g.Expect(r.Header.Anonymised).To(BeTrue())
	g.Expect(r.Header.Bound).To(HaveLen(1))
	g.Expect(entries).To(HaveLen(2))
	g.Expect(string(entries[0].Body)).To(Equal(body))
	g.Expect(entries[0].Message).To(Equal(message(body)))
	g.Expect(entries[1].Gap).To(Equal("why"))
}

// What was written is what is read, whatever it is, and however it is compressed.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	text := rapid.String()
	scalar := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), as[bool]), rapid.Map(text, as[string]), rapid.Map(rapid.SliceOf(rapid.Byte()), as[[]byte]),
		rapid.Map(rapid.Int64(), as[int64]), rapid.Map(rapid.Int32(), as[int32]), rapid.Map(rapid.Int16(), as[int16]), rapid.Map(rapid.Int8(), as[int8]),
		rapid.Map(rapid.Byte(), as[byte]), rapid.Map(rapid.Uint16(), as[uint16]), rapid.Map(rapid.Uint32(), as[uint32]),
		rapid.Map(rapid.Float32(), as[float32]), rapid.Map(rapid.Float64(), as[float64]),
		rapid.Just[any](amqp.Decimal{Scale: 2, Value: -5}), rapid.Just[any](time.Unix(1710253474, 0)),
		rapid.Map(rapid.SliceOfBytesMatching(`[\x80-\xff]{1,4}`), func(b []byte) any { return string(b) }),
	)
	header := rapid.OneOf(scalar, rapid.Map(rapid.SliceOf(scalar), func(list []any) any { return list }),
		rapid.Map(rapid.MapOf(text, scalar), func(table map[string]any) any { return amqp.Table(table) }))
	body := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.SampledFrom([][]byte{
		[]byte(`null`), []byte(` {}`), []byte("{\n}"), []byte("{\"a\":\r1}"), []byte(`""`), []byte(`{"a":1,"a":2}`), []byte("\"\xff\""), nil,
		capture.Pack("gzip", []byte(`{"a":1}`)),
	}))
	rapid.Check(t, func(t *rapid.T) {
		m := capture.Message{
			Exchange: text.Draw(t, "exchange"), Kind: rapid.SampledFrom([]string{"topic", "fanout"}).Draw(t, "kind"),
			Key:             rapid.OneOf(text, rapid.StringMatching(`call\.[A-Z_]{1,9}\.[a-z0-9%.]{1,9}`)).Draw(t, "key"),
			ContentType:     rapid.SampledFrom([]string{"", "application/json"}).Draw(t, "type"),
			ContentEncoding: rapid.SampledFrom([]string{"", "gzip", "br"}).Draw(t, "encoding"),
			Timestamp:       rapid.Int64().Draw(t, "timestamp"),
			Headers:         rapid.MapOf(text, header).Draw(t, "headers"),
			Body:            body.Draw(t, "body"),
		}
		at := time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "at")) * time.Microsecond
		c := rapid.SampledFrom([]capture.Compression{
			capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain,
			capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Plain, capture.Gzip, capture.Zstandard,
		}).Draw(t, "compression")
		var b bytes.Buffer
		w, err := capture.NewWriter(&b, c, capture.Header{Began: began})
		if err == nil {
			err = errors.Join(w.Write(began.Add(at), m), w.Close(began.Add(at)))
		}
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := read(&b)
		if !errors.Is(err, io.EOF) || len(entries) != 1 {
			t.Fatalf("%d entries, then %v", len(entries), err)
		}
		g := NewWithT(t)
		got := entries[0]
		g.Expect(got.At).To(Equal(at))
		g.Expect(bytes.Equal(got.Body, m.Body)).To(BeTrue(), "%q, not %q", got.Body, m.Body)
		g.Expect(got.Headers).To(HaveLen(len(m.Headers)))
		for name, value := range m.Headers {
			g.Expect(same(got.Headers[name], value)).To(BeTrue(), "%s: %#v, not %#v", name, got.Headers[name], value)
		}
		got.Body, got.Headers, m.Body, m.Headers = nil, nil, nil, nil
		g.Expect(got.Message).To(Equal(m))
	})
}

func as[T any](v T) any { return v }

// same compares bytes of any length, nil included, and numbers that are none.
func same(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		other, ok := b.([]byte)
		return ok && bytes.Equal(a, other)
	case float32:
		other, ok := b.(float32)
		return ok && math.Float32bits(a) == math.Float32bits(other)
	case float64:
		other, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(other)
	case time.Time:
		other, ok := b.(time.Time)
		return ok && a.Equal(other)
	case []any:
		other, ok := b.([]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for i := range a {
			if !same(a[i], other[i]) {
				return false
			}
		}
		return true
	case amqp.Table:
		other, ok := b.(amqp.Table)
		if !ok || len(a) != len(other) {
			return false
		}
		for name := range a {
			if !same(a[name], other[name]) {
				return false
			}
		}
		return true
	}
	return a == b
}

func TestOfACutCaptureEverythingBeforeIsRead(t *testing.T) {
	t.Parallel()
	for c, step := range map[capture.Compression]int{capture.Plain: 1, capture.Gzip: 41, capture.Zstandard: 97} {
		g := NewWithT(t)
		var all []capture.Entry
		for i := range 20 {
			all = append(all, capture.Entry{At: time.Duration(i) * time.Second, Message: message(`{"n":` + strings.Repeat("1", i+1) + `}`)})
		}
		file := written(t, c, all...)
		most := 0
		for length := 0; length < len(file); length += step {
			entries, r, err := read(bytes.NewReader(file[:length]))
			if r == nil {
				g.Expect(err).To(MatchError(HavePrefix("line 1: ")), "%d bytes", length)
				continue
			}
			if len(entries) == len(all) && err == io.EOF { //nolint:errorlint // not wrapped
				continue // all that is cut off is the check of the compression
			}
			g.Expect(err).To(MatchError(capture.ErrCut), "%d bytes", length)
			if len(entries) > 0 {
				g.Expect(entries).To(Equal(all[:len(entries)]))
			}
			most = max(most, len(entries))
		}
		if c == capture.Plain {
			g.Expect(most).To(Equal(len(all)))
		}
	}
}

func TestWhatWasFlushedIsReadThoughTheWriterWasKilled(t *testing.T) {
	t.Parallel()
	for _, c := range []capture.Compression{capture.Plain, capture.Gzip, capture.Zstandard} {
		g := NewWithT(t)
		var b bytes.Buffer
		w, err := capture.NewWriter(&b, c, capture.Header{Began: began})
		g.Expect(err).NotTo(HaveOccurred())
		for range 3 {
			g.Expect(w.Write(began, message(`{}`))).To(Succeed())
		}
		g.Expect(w.Flush()).To(Succeed())
		entries, _, err := read(bytes.NewReader(b.Bytes()))
		g.Expect(err).To(MatchError(capture.ErrCut))
		g.Expect(entries).To(HaveLen(3))
	}
}

func TestDamageIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	good := string(written(t, capture.Plain, capture.Entry{Message: message(`{}`)}, capture.Entry{At: time.Second, Message: message(`{"a":1}`)}))
	lines := strings.SplitAfter(good, "\n")
	joined := func(change func(lines []string) []string) string {
		return strings.Join(change(append([]string(nil), lines...)), "")
	}
	for want, file := range map[string]string{
		"line 1: the file is empty":                                      "",
		"line 1: this is no capture":                                     "{\"at\":1}\n",
		"line 1: the capture has version 2, and":                         strings.Replace(good, `"version":1`, `"version":2`, 1),
		"line 1: the capture has version 0, and":                         strings.Replace(good, `"version":1`, `"version":0`, 1),
		`line 1: "began" is no time: "now"`:                              strings.Replace(good, `2026-01-31T23:59:59.123456Z`, `now`, 1),
		"line 3: it is no JSON: ":                                        joined(func(l []string) []string { l[2] = l[2][:20] + "\n"; return l }),
		`line 3: it has no "at"`:                                         joined(func(l []string) []string { l[2] = "{}\n"; return l }),
		"line 3: it is no message":                                       joined(func(l []string) []string { l[2] = "{\"at\":1000000}\n"; return l }),
		`line 3: "exchange" is a number`:                                 joined(func(l []string) []string { l[2] = "{\"at\":1,\"exchange\":1}\n"; return l }),
		`line 3: "at" goes back in time`:                                 joined(func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }),
		"line 3: the capture had 2 messages at its end, and 1 were read": joined(func(l []string) []string { return append(l[:2], l[3:]...) }),
		"line 5: it comes after the end of the capture":                  good + good,
		`line 1: "bound": "type" of exchange "callevt" is "tropic"`:      strings.Replace(good, `"type":"topic"`, `"type":"tropic"`, 1),
		`line 2: "type" of exchange "callevt" is "x-delayed"`:            joined(func(l []string) []string { l[1] = strings.Replace(l[1], `"topic"`, `"x-delayed"`, 1); return l }),
		`line 2: "exchange" has 300 bytes, and AMQP takes 255 at most`:   strings.Replace(good, `"exchange":"callevt","type":"topic","key":"call`, `"exchange":"`+strings.Repeat("e", 300)+`","type":"topic","key":"call`, 1),
		`line 2: "key" has 273 bytes, and AMQP takes 255 at most`:        strings.Replace(good, `"call.CHANNEL`, `"`+strings.Repeat("k", 248)+`call.CHANNEL`, 1),
		"line 2: it is no UTF-8":                                         strings.Replace(good, "CHANNEL", "CH\xff", 1),
		`line 2: "headers": "call-id": "byes" is no type of AMQP`:        strings.Replace(good, `"bytes"`, `"byes"`, 1),
	} {
		g := NewWithT(t)
		_, _, err := read(strings.NewReader(file))
		g.Expect(err).To(MatchError(HavePrefix(want)))
		damage, ok := errors.AsType[*capture.DamageError](err)
		g.Expect(ok).To(BeTrue())
		g.Expect(damage.Line).To(BeNumerically(">", 0))
	}
}

func TestDamagedCompressionIsNoCut(t *testing.T) {
	t.Parallel()
	for _, c := range []capture.Compression{capture.Gzip, capture.Zstandard} {
		g := NewWithT(t)
		var entries []capture.Entry
		for i := range 2000 {
			entries = append(entries, capture.Entry{Message: message(`{"n":"` + strings.Repeat(string(rune('a'+i%26)), i%97) + `"}`)})
		}
		file := written(t, c, entries...)
		file[len(file)/2] ^= 0x55
		file[len(file)/2+1] ^= 0x55
		_, _, err := read(bytes.NewReader(file))
		damage, ok := errors.AsType[*capture.DamageError](err)
		g.Expect(ok).To(BeTrue(), "%v", err)
		g.Expect(damage.Line).To(BeNumerically(">=", 1))
	}
}

func TestMomentsNeverGoBack(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := written(t, capture.Plain, capture.Entry{At: time.Minute, Message: message(`{}`)}, capture.Entry{At: time.Second, Message: message(`{}`)})
	entries, _, err := read(bytes.NewReader(file))
	g.Expect(err).To(MatchError(io.EOF))
	g.Expect(entries[1].At).To(Equal(time.Minute))
}

// broken takes so many writes and then no more.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w, err := capture.NewWriter(&broken{1}, capture.Plain, capture.Header{Began: began})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.Write(began, message(`{}`))).To(Succeed(), "it is kept for a moment")
	g.Expect(w.Flush()).To(MatchError("no space left"))
	g.Expect(w.Write(began, message(`{}`))).To(MatchError("no space left"))
	g.Expect(w.Close(began)).To(MatchError("no space left"))
}

// FuzzReader reads anything: it must not fall over, and what it reads it must be able to
// write and read again.
func FuzzReader(f *testing.F) {
	for _, c := range []capture.Compression{capture.Plain, capture.Gzip, capture.Zstandard} {
		f.Add(written(f, c, capture.Entry{Message: message(`{"a":[1]}`)}, capture.Entry{Gap: "why"}))
	}
	f.Add([]byte("{\"format\":\"kazoolab-capture\",\"version\":1,\"began\":\"2026-01-31T23:59:59Z\"}\n" +
		`{"at":1,"exchange":"e","key":{"base64":"gA=="},"headers":{"a":[{"int8":-1},{"table":{"b":{"time":1}}}]},"body_base64":"AA=="}` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, _, _ := read(bytes.NewReader(file))
		for i := range entries {
			entries[i].At = min(entries[i].At, time.Hour)
		}
		if len(entries) == 0 {
			return
		}
		again, _, err := read(bytes.NewReader(written(t, capture.Plain, entries...)))
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if len(again) != len(entries) {
			t.Fatalf("%d entries, then %d", len(entries), len(again))
		}
		for i := range again {
			if !bytes.Equal(again[i].Body, entries[i].Body) || again[i].Key != entries[i].Key {
				t.Fatalf("%v became %v", entries[i].Message, again[i].Message)
			}
		}
	})
}
