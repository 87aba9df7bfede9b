package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// parseRequest reads a request as it came over the wire, or as listen -o json
// prints it.
func parseRequest(raw []byte) (signature.Message, error) {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return parseReport(raw)
	}
	head, body := cutHead(raw)
	method, target, header := http.MethodPost, "", http.Header{}
	for i, line := range strings.Split(head, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if words := strings.Fields(line); i == 0 && len(words) == 3 && strings.HasPrefix(words[2], "HTTP/") {
			method, target = words[0], words[1]
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return signature.Message{}, fmt.Errorf("line %d is neither POST /path HTTP/1.1 nor NAME: VALUE", i+1)
		}
		header.Add(name, strings.TrimSpace(value))
	}
	if text := header.Get("Content-Length"); text != "" {
		length, err := strconv.Atoi(text)
		if err != nil || length < 0 || length > len(body) {
			return signature.Message{}, fmt.Errorf("its body has %d bytes here, and content-length says %s: it is not complete", len(body), text)
		}
		body = body[:length] // an editor ends a file with a line
	}
	return messageOf(method, target, header, body), nil
}

// cutHead parts a request at its first empty line.
func cutHead(raw []byte) (head string, body []byte) {
	at, length := len(raw), 0
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(end)); i >= 0 && i < at {
			at, length = i, len(end)
		}
	}
	return strings.TrimSuffix(string(raw[:at]), "\n"), raw[at+length:]
}

func parseReport(raw []byte) (signature.Message, error) {
	var report requestReport
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&report); err != nil {
		return signature.Message{}, fmt.Errorf("it begins like a line of listen -o json, but %w", err)
	}
	header := http.Header{}
	for name, value := range report.Headers {
		header.Set(name, value)
	}
	return messageOf(report.Method, report.Target, header, []byte(report.Body)), nil
}
