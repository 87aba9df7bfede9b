package crossbar

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// readBody reads the envelope. Errors are faults: nothing else is looked at once a
// body cannot be read.
func (h *handler) readBody(req *request) error {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, req.http.Body, h.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return violation("file", "maxSize", fmt.Sprintf("Payload or Files must not be more than %d bytes", h.MaxBody),
			jobj.Member{Key: "target", Value: h.MaxBody})
	case err != nil:
		req.hint("the body ends early: %v", err)
		return badBody("the body could not be read")
	}
	envelope, err := readEnvelope(req, raw)
	if err != nil {
		return err
	}
	req.envelope = envelope
	return req.takeData(len(raw) > 0)
}

// readEnvelope makes the body an envelope, by content type. What is neither JSON
// nor a form counts as an uploaded file, beside which the envelope is empty.
func readEnvelope(req *request, raw []byte) (jobj.Object, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	contentType, given := req.header("Content-Type")
	if !given {
		return parseEnvelope(req, raw)
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.Contains(media, "/") {
		req.hint("the content type cannot be read; send application/json")
		return nil, badBody("the content type cannot be read")
	}
	file := upload{contentType: contentType, content: raw}
	encoding, _ := req.header("Content-Transfer-Encoding")
	if strings.EqualFold(encoding, "base64") || media == "application/base64" || media == "application/x-base64" {
		if file, err = fromBase64(media, raw); err != nil {
			return nil, err
		}
		raw = file.content
	}
	switch {
	case media == "application/json" || media == "application/x-json":
		return parseEnvelope(req, raw)
	case media == "application/x-www-form-urlencoded":
		return parseForm(req, raw)
	case strings.HasPrefix(media, "multipart/"):
		return parseMultipart(req, raw, params["boundary"])
	}
	req.uploads = append(req.uploads, file)
	return jobj.Object{{Key: "data", Value: jobj.Object{}}}, nil
}

// badBody is what we answer where the reference crashes on a body.
func badBody(message string) error {
	return violation("json", "invalid", message, jobj.Member{Key: "target", Value: "body"})
}

// parseEnvelope reads JSON. The reference's message is the same for every defect;
// where the defect is stands in the hint.
func parseEnvelope(req *request, raw []byte) (jobj.Object, error) {
	value, err := jobj.Parse(toUTF8(raw))
	if err != nil {
		if syntax, ok := errors.AsType[*jobj.SyntaxError](err); ok {
			req.hint("body byte %d: %s", syntax.Offset, syntax.Reason)
		}
		return nil, badBody("decoder_exit around 0")
	}
	object, ok := lastCounts(value).(jobj.Object)
	if !ok {
		req.hint(`the body must be an object such as {"data":{…}}`)
		return nil, badBody("All JSON must be valid")
	}
	return normaliseKeys(object), nil
}

// parseForm reads what curl -d sends: JSON under the content type of a form is a
// form of one name without a value, and read as JSON again.
func parseForm(req *request, raw []byte) (jobj.Object, error) {
	form, err := parseQuery(string(raw))
	if err != nil || len(form) == 1 && form[0].bare() {
		return parseEnvelope(req, raw)
	}
	if raw[0] == '{' {
		req.hint("the body is JSON, but its content type is that of a form; send application/json")
	}
	envelope := jobj.Object{}
	for _, field := range form {
		envelope = envelope.Set(field.name, field.value)
	}
	return normaliseKeys(envelope), nil
}

func parseMultipart(req *request, raw []byte, boundary string) (jobj.Object, error) {
	parts := multipart.NewReader(bytes.NewReader(raw), boundary)
	envelope := jobj.Object{{Key: "data", Value: jobj.Object{}}}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) && n > 0 {
			return envelope, nil
		}
		if err != nil {
			req.hint("the multipart body does not fit its boundary")
			return nil, badBody("the parts of the body cannot be read")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, badBody("the parts of the body cannot be read")
		}
		contentType := part.Header.Get("Content-Type")
		switch media, _, _ := mime.ParseMediaType(contentType); {
		case media == "application/json" || media == "application/x-json":
			if envelope, err = parseEnvelope(req, content); err != nil {
				return nil, err
			}
		case media != "" || part.FileName() != "":
			file := upload{contentType: cmp.Or(contentType, typeOctets), content: content}
			if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
				if file, err = fromBase64(media, content); err != nil {
					return nil, err
				}
			}
			req.uploads = append(req.uploads, file)
		}
	}
}

// takeData finds data in the envelope. hadBody says that the client sent
// something: only then must data be there.
func (r *request) takeData(hadBody bool) error {
	r.data = jobj.Object{}
	if !hadBody {
		return nil
	}
	value, _ := r.envelope.Get("data")
	switch value := value.(type) {
	case nil:
		return violation("data", "required", "Field is required but missing",
			jobj.Member{Key: "value", Value: r.envelope.Delete("data")})
	case []any:
		r.data = value
	case jobj.Object:
		r.chosenID = chosenID(value)
		r.data = value.Filter(func(m jobj.Member) bool { return !isPrivate(m.Key) })
	default:
		const types = "object, array"
		return violation("data", "type", "Value did not match type(s): "+types,
			jobj.Member{Key: "target", Value: types}, jobj.Member{Key: "value", Value: value})
	}
	return nil
}

// chosenID is the id that a client asks for: _id before id, an empty one counts
// for nothing.
func chosenID(data jobj.Object) string {
	for _, key := range []string{"_id", "id"} {
		switch id, _ := data.Get(key); id := id.(type) {
		case string:
			if id != "" {
				return id
			}
		case interface{ String() string }: // a number
			return id.String()
		}
	}
	return ""
}

// isPrivate tells the keys that clients can neither write nor read.
func isPrivate(key string) bool {
	return strings.HasPrefix(key, "_") || strings.HasPrefix(key, "pvt_")
}

// normaliseKeys lower-cases the top-level keys and turns dashes into underscores.
func normaliseKeys(envelope jobj.Object) jobj.Object {
	out := jobj.Object{}
	for _, m := range envelope {
		out = out.Set(strings.ReplaceAll(strings.ToLower(m.Key), "-", "_"), m.Value)
	}
	return out
}

// lastCounts drops all but the last member of a repeated key.
func lastCounts(value any) any {
	switch value := value.(type) {
	case jobj.Object:
		place := make(map[string]int, len(value))
		out := make(jobj.Object, 0, len(value))
		for _, m := range value {
			m.Value = lastCounts(m.Value)
			if i, repeated := place[m.Key]; repeated {
				out[i].Value = m.Value
				continue
			}
			place[m.Key] = len(out)
			out = append(out, m)
		}
		return out
	case []any:
		for i, element := range value {
			value[i] = lastCounts(element)
		}
	}
	return value
}

// toUTF8 reads the strings of a JSON text that are not UTF-8 as Latin-1.
func toUTF8(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw)+len(raw)/4)
	for len(raw) > 0 {
		end := stringEnd(raw)
		if part := raw[:end]; utf8.Valid(part) {
			out = append(out, part...)
		} else {
			for _, c := range part {
				out = utf8.AppendRune(out, rune(c))
			}
		}
		raw = raw[end:]
	}
	return out
}

// stringEnd is the length of the string that raw begins with, quotes included, or
// of the text before the next string.
func stringEnd(raw []byte) int {
	if raw[0] != '"' {
		if i := bytes.IndexByte(raw, '"'); i >= 0 {
			return i
		}
		return len(raw)
	}
	for i := 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// badQueryFault is what we answer where the reference crashes on a query.
func badQueryFault(req *request, err error) error {
	req.hint("%v", err)
	return violation("query", "invalid", err.Error(), jobj.Member{Key: "target", Value: "query"})
}
