package capture_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

func TestALogIsTheSameOnFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clock := clockwork.NewFakeClock()
	log := capture.NewLog(clock)
	log.Add(capture.Entry{Group: "a/b", Kind: capture.Note, Name: "fact", Body: []byte("näme <&>")})
	clock.Advance(1500*time.Microsecond + 700)
	log.Add(capture.Entry{
		Group: "a/b", Kind: capture.HookRequest, Name: "r", Head: "POST / HTTP/1.1",
		Header: []capture.Field{{Name: "a", Value: "1"}, {Name: "A", Value: "2"}}, Body: []byte{0xff, 0, 1},
	})
	log.Add(capture.Entry{Group: "c/d", Kind: capture.HookAnswer, Ref: 2, Body: []byte{}})
	file := capture.File{Facts: capture.Facts{Target: "t", Dialect: "5.0", Absent: []capture.Lack{{Feature: "bus", Why: "w"}}}, Entries: log.All()}
	var text bytes.Buffer
	g.Expect(file.Write(&text)).To(Succeed())
	read, err := capture.Read(bytes.NewReader(text.Bytes()))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(file))
	g.Expect(read.Of("c/d").Entries).To(HaveLen(1))
	g.Expect(strings.Count(text.String(), "\n")).To(Equal(5), "a line for the facts, for each entry, and a last one")
}

func TestSecretsNeverStandInALog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := capture.NewLog(clockwork.NewFakeClock())
	log.Secret("token", "eyJhbGciOi.part")
	log.Secret("token", "eyJhbGciOi.part.longer") // of which the first is a part
	log.Secret("word", "short")
	log.Secret("token", "eyJhbGciOi.part") // known
	log.Add(capture.Entry{
		Kind: capture.RestRequest, Name: "eyJhbGciOi.part", Head: "GET /?auth_token=eyJhbGciOi.part.longer",
		Header: []capture.Field{{Name: "x-auth-token", Value: "eyJhbGciOi.part"}}, Body: []byte(`"eyJhbGciOi.part.longer" short`),
	})
	e := log.All()[0]
	g.Expect(e.Name).To(Equal("<token-1>"))
	g.Expect(e.Head).To(Equal("GET /?auth_token=<token-2>"))
	g.Expect(e.Header[0].Value).To(Equal("<token-1>"))
	g.Expect(string(e.Body)).To(Equal(`"<token-2>" short`))
	g.Expect(log.Masked("eyJhbGciOi.part, and so on")).To(Equal("<token-1>, and so on"), "what is told beside the log")
}

func TestWhatIsNoLogIsRefusedWithTheLine(t *testing.T) {
	t.Parallel()
	head := `{"format":"kazoolab-certification-log","version":1,"target":"t"}` + "\n"
	second := strings.Replace(head, `"version":1`, `"version":2`, 1)
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "line 1: the file is empty"},
		{"not JSON", "hello\n", "line 1"},
		{"gzip", "\x1f\x8b\x08\x00\x00\n", "the file is gzip; unpack it first"},
		{"another format", `{"format":"har"}` + "\n", `format is "har"`},
		{"a later version", strings.Replace(head, `"version":1`, `"version":3`, 1), "it is of version 3, and this program reads up to 2"},
		{"no version", strings.Replace(head, `"version":1,`, "", 1), "version 0"},
		{"a broken line", head + "{\n", "line 2"},
		{"a missing line", head + `{"seq":2,"kind":"note"}` + "\n", "line 2: entry 2 where 1 is due: lines are missing"},
		{"a last line that knows of more", second + `{"seq":1,"kind":"note"}` + "\n" + `{"end":{"entries":2}}` + "\n", "line 3: there are 1 entries where 2 are due: lines are missing"},
		{"something behind the last line", second + `{"end":{"entries":0}}` + "\n" + `{"seq":1,"kind":"note"}` + "\n", "line 3: it stands behind the last one"},
		{"a last line that says nothing", second + `{"end":null}` + "\n", "line 2: the last one says nothing"},
		{"a first line that is cut off", head[:30], "line 1: the file is cut off within it"},
		{"bad base64", head + `{"seq":1,"kind":"note","base64":"%"}` + "\n", "line 2: base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := capture.Read(strings.NewReader(c.text))
			g.Expect(err).To(MatchError(capture.ErrNoLog))
			g.Expect(err).To(MatchError(ContainSubstring(c.says)))
		})
	}
}

func TestAFileThatCannotBeReadIsNotCalledEmpty(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := capture.Read(iotest.ErrReader(errors.New("is a directory")))
	g.Expect(err).To(MatchError(capture.ErrNoLog))
	g.Expect(err).To(MatchError(ContainSubstring("is a directory")))
	g.Expect(err).NotTo(MatchError(ContainSubstring("empty")))
}

func TestAwaitSeesWhatHasComeAndWhatComes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clock := clockwork.NewFakeClock()
	log := capture.NewLog(clock)
	two := func(v capture.View) bool { return len(v.Entries) >= 2 }
	log.Add(capture.Entry{Group: "a/b"})
	came := make(chan bool, 1)
	go func() { came <- log.Await(t.Context(), "a/b", time.Second, two) }()
	g.Expect(clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	log.Add(capture.Entry{Group: "another/one"})
	g.Consistently(came, "20ms").ShouldNot(Receive())
	log.Add(capture.Entry{Group: "a/b"})
	g.Eventually(t.Context(), came).Should(Receive(BeTrue()))

	go func() { came <- log.Await(t.Context(), "another/one", time.Second, two) }()
	g.Expect(clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	clock.Advance(time.Second)
	g.Eventually(t.Context(), came).Should(Receive(BeFalse()), "its limit has passed")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":"kazoolab-certification-log","version":2}` + "\n" + `{"seq":1,"kind":"note"}` + "\n" + `{"end":{"entries":1,"faults":["x"]}}`))
	f.Add([]byte(`{"format":"kazoolab-certification-log","version":1}` + "\n" + `{"seq":1,"at_us":5,"kind":"note","body":"x","header":[{"n":"a","v":"b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := capture.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := file.Write(&out); err != nil {
			t.Fatal(err)
		}
		again, err := capture.Read(&out)
		if err != nil || len(again.Entries) != len(file.Entries) || again.Cut != file.Cut {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}

// What is long is read again whatever it consists of, and what is short can be read by people.
func TestALongBodyDoesNotMakeALineThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const most = 16 << 20 // what is read of an answer
	for name, c := range map[string]struct {
		body   string
		base64 bool
	}{
		"control characters": {strings.Repeat("\x00", most), true},
		"marks":              {strings.Repeat("<&>", most/3), true},
		"letters":            {strings.Repeat("ä", most/2), false},
		"short":              {"\x00<", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var text bytes.Buffer
			g.Expect(capture.File{Entries: []capture.Entry{{Seq: 1, Kind: capture.RestAnswer, Body: []byte(c.body)}}}.Write(&text)).To(Succeed())
			g.Expect(bytes.Contains(text.Bytes(), []byte(`"base64":`))).To(Equal(c.base64))
			read, err := capture.Read(&text)
			g.Expect(err).NotTo(HaveOccurred())
			same := string(read.Entries[0].Body) == c.body // without 16 MiB of it in a failure
			g.Expect(same).To(BeTrue())
		})
	}
}

func TestALineThatIsTooLongIsNamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	head := `{"format":"kazoolab-certification-log","version":2}` + "\n" + `{"seq":1,"kind":"note"}` + "\n"
	_, err := capture.Read(strings.NewReader(head + strings.Repeat("x", 33<<20)))
	g.Expect(err).To(MatchError(ContainSubstring("line 3: ")))
}

func TestALogTellsHowTheRunEnded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := capture.File{Facts: capture.Facts{Interrupted: true, Faults: []string{"no port"}, Gone: "nobody listens"}}
	var text bytes.Buffer
	g.Expect(file.Write(&text)).To(Succeed())
	g.Expect(strings.SplitN(text.String(), "\n", 2)[0]).NotTo(ContainSubstring("nobody listens"), "the first line is written before anybody knows")
	read, err := capture.Read(&text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(file))
}
