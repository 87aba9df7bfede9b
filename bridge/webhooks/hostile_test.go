package webhooks_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/logging"
)

// tap is a receiver that reads bytes, not requests: it sees what a request really is.
type tap struct {
	url string

	mu   sync.Mutex
	read []string
}

func newTap(t *testing.T) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{url: "http://" + listener.Addr().String()}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return p
}

// serve keeps what comes up to the end of the body that content-length promises,
// answers and closes.
func (p *tap) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	var text strings.Builder
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		text.WriteString(line)
		if name, value, ok := strings.Cut(strings.ToLower(line), ":"); ok && name == "content-length" {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return
	}
	text.Write(body)
	p.mu.Lock()
	p.read = append(p.read, text.String())
	p.mu.Unlock()
	_, _ = conn.Write([]byte("HTTP/1.1 500 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"))
}

// fault says what is wrong with the head of a request: anything but one request line
// of three words and the headers of a webhook, each once.
func fault(request string) string {
	head, _, _ := strings.Cut(request, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	if words := strings.Split(lines[0], " "); len(words) != 3 || words[2] != "HTTP/1.1" {
		return fmt.Sprintf("request line %.200q", lines[0])
	}
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		name, _, _ := strings.Cut(strings.ToLower(line), ":")
		switch name {
		case "host", "content-type", "content-length", "x-hook-id", "x-account-id", "authorization", "connection", "te":
			if !seen[name] {
				seen[name] = true
				continue
			}
		}
		return fmt.Sprintf("header %.200q", line)
	}
	if strings.ContainsAny(strings.ReplaceAll(head, "\r\n", ""), "\r\n\x00") {
		return "a line break or NUL in the head"
	}
	return ""
}

// evil is text that would end a line, a header, a quoted string or a request.
const evil = "x\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\n\x00\"'\\\u2028\u0085 \t%0d%0a#?&=é"

// TestNothingInAnEventReachesBeyondItsPlace: whatever stands in a message, in
// custom_data or in a callflow's hook, a request keeps its line and its headers, a
// log keeps its lines, and an attempt is JSON.
func TestNothingInAnEventReachesBeyondItsPlace(t *testing.T) {
	e := string(jobj.AppendString(nil, evil))
	huge := string(jobj.AppendString(nil, strings.Repeat("k\r\n", 20_000)))
	member := e + ":" + e + "," + huge + ":" + e
	messages := map[string]string{
		"channel_create": strings.Replace(callMessage("CHANNEL_CREATE", `"Caller-ID-Name":`+e+`,"From":{`+member+`}`), `"Account-ID"`, member+`,"Account-ID"`, 1),
		"parking":        callMessage("PARK_PARKED", member),
		"object":         strings.Replace(userEdited(), `"doc-1"`, e, 1),
		"notifications":  notificationMessage("low_balance", member+`,"Current-Balance":[`+e+`,{`+member+`}]`),
		"sms":            strings.Replace(textMessage("sms"), `"msg-1"`, e, 1),
		"inbound_fax":    notificationMessage("inbound_fax", member+","+inboundFax),
		"callflow":       strings.Replace(callflowMessage(`"custom_data":{`+member+`}`), `"Caller-ID-Name":"Pat"`, member, 1),
	}
	for _, format := range []string{"text", "json"} {
		t.Run(format+" log", func(t *testing.T) {
			g := NewWithT(t)
			var lines bytes.Buffer
			log, err := logging.New(&lines, logging.Options{Level: "debug", Format: format})
			g.Expect(err).NotTo(HaveOccurred())
			far := newTap(t)
			s := on(t, stage{dialect: fidelity.Talk, log: log})
			for event, message := range messages {
				for i, how := range []string{`"http_verb":"get"`, `"http_verb":"post"`, `"http_verb":"put","format":"json"`} {
					hook := `"hook":"` + event + `","uri":"` + far.url + `/p?q=1","custom_data":{"type":"all","action":"all",` + member + `},` + how
					g.Expect(s.hookOf(t, stageAcme, fmt.Sprint(event, i), hook)).To(Succeed())
				}
				s.send(t, strings.ReplaceAll(message, "RECEIVER", far.url))
				s.hooks.Replace(nil)
			}
			far.mu.Lock()
			defer far.mu.Unlock()
			g.Expect(far.read).To(HaveLen(3*len(messages) + 1)) // a callflow's own hook fires as well
			for _, request := range far.read {
				g.Expect(fault(request)).To(BeEmpty())
			}
			g.Expect(s.ledger.attempts).To(HaveLen(len(far.read)))
			for _, attempt := range s.ledger.attempts {
				g.Expect(json.Valid(jobj.Append(nil, attempt.Body))).To(BeTrue())
			}
			g.Expect(lines.Len()).NotTo(BeZero())
			for line := range strings.Lines(lines.String()) {
				if format == "json" {
					g.Expect(json.Valid([]byte(line))).To(BeTrue(), line)
				} else {
					g.Expect(line).To(HavePrefix("time="))
				}
				g.Expect(len(line)).To(BeNumerically("<", 2000))
			}
		})
	}
}

// TestAnIDThatNoHeaderCanCarry: an id goes into a header, so that one with a line
// break is refused when the hook is read.
func TestAnIDThatNoHeaderCanCarry(t *testing.T) {
	g := NewWithT(t)
	s := on(t, stage{dialect: fidelity.Talk})
	for _, bad := range []string{"a\r\nX-Evil: 1", "a\nb", "a\x00b", "\x7f", strings.Repeat("a", 1025)} {
		g.Expect(s.hookOf(t, stageAcme, bad, `"hook":"all"`)).To(MatchError(ContainSubstring("_id")), "%q", bad)
		g.Expect(s.hookOf(t, bad, "h1", `"hook":"all"`)).To(MatchError(ContainSubstring("pvt_account_id")), "%q", bad)
		text := string(jobj.AppendString(nil, bad))
		for _, message := range []string{
			strings.Replace(callflowMessage(""), `"63877472675"`, text, 1),
			strings.Replace(callflowMessage(""), `"`+stageAcme+`"`, text, 1),
		} {
			g.Expect(s.send(t, message)).To(BeEmpty())
		}
	}
	g.Expect(counted(t, s.metrics, "kazoolab_webhook_dropped_total", "invalid")).To(Equal(10.0))
	g.Expect(s.hookOf(t, stageAcme, "é id", `"hook":"all"`)).To(Succeed())
	g.Expect(s.send(t, callMessage("CHANNEL_CREATE", ""))).To(HaveLen(1))
}
