package results

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// hidden stands for a secret. The log has masked those that the harness knew, as <token-1>;
// this is for those that it did not know, such as a target's own.
const hidden = "<hidden>"

// secret finds what may open a door, wherever it stands: members of JSON, fields of a form
// or of a query. What the log has masked is left as it is.
type secret struct{ member, field *regexp.Regexp }

func secrets() secret {
	const names = `(?:pvt_)?(?:auth_token|access_token|refresh_token|password|passwd|credentials|api_key|secret|client_secret|cookie)`
	return secret{
		member: regexp.MustCompile(`(?i)("` + names + `"\s*:\s*")((?:[^"\\<]|\\.)(?:[^"\\]|\\.)*)(")`),
		field:  regexp.MustCompile(`(?i)(^|[?&\s])(` + names + `=)([^&\s<"%][^&\s<"]*)`),
	}
}

func (s secret) text(text string) string { return string(s.bytes([]byte(text))) }

func (s secret) bytes(data []byte) []byte {
	if !suspect(data) {
		return data
	}
	data = s.member.ReplaceAll(data, []byte("${1}"+hidden+"${3}"))
	return s.field.ReplaceAll(data, []byte("${1}${2}"+hidden))
}

// suspect tells whether a name of a secret may be in data. It spares a body of a megabyte
// the slow search.
func suspect(data []byte) bool {
	lower := bytes.ToLower(data)
	for _, stem := range []string{"passw", "token", "credentials", "api_key", "secret", "cookie"} {
		if bytes.Contains(lower, []byte(stem)) {
			return true
		}
	}
	return false
}

func (s secret) header(fields []capture.Field) []capture.Field {
	fields = slices.Clone(fields)
	for i, f := range fields {
		switch strings.ToLower(f.Name) {
		case "authorization", "proxy-authorization", "x-auth-token", "cookie", "set-cookie":
			if !strings.HasPrefix(f.Value, "<") {
				fields[i].Value = hidden
			}
		default:
			fields[i].Value = s.text(f.Value)
		}
	}
	return fields
}
