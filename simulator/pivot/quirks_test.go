package pivot_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// excused is a record that differs, and the quirk that ours told of before it did.
type excused struct {
	note         noted
	d            difference
	ours, theirs *outcome
	record       jobj.Object
}

// excuses says for each quirk that no mode reproduces whether it accounts for a difference: the reference
// shows it, and ours does what is right instead. "" is yes.
func excuses() map[string]func(*excused) string {
	return map[string]func(*excused) string{
		"silent-transport":     (*excused).silentTransport,
		"strict-uri":           (*excused).strictURI,
		"get-credentials":      (*excused).getCredentials,
		"null-crash":           (*excused).nullCrash,
		"nested-list-bytes":    (*excused).nestedListBytes,
		"uri-part-crash":       (*excused).uriPartCrash,
		"known-method-crash":   (*excused).knownMethodCrash,
		"body-format-crash":    (*excused).bodyFormatCrash,
		"message-types":        (*excused).messageTypes,
		"late-failure":         (*excused).lateFailure,
		"flow-error-crash":     (*excused).flowErrorCrash,
		"empty-response-crash": (*excused).emptyResponseCrash,
		"xml-entities":         (*excused).xmlEntities,
		"missing-queue":        (*excused).missingQueue,
		"set-variable-crash":   (*excused).setVariableCrash,
		"variable-key-bytes":   (*excused).variableKeyBytes,
		"url-climb":            (*excused).urlClimb,
		"gather-empty-crash":   (*excused).gatherEmptyCrash,
		"attribute-crash":      (*excused).attributeCrash,
		"recording-url-crash":  (*excused).recordingURLCrash,
		"no-endpoint-crash":    (*excused).noEndpointCrash,
		"sip-crash":            (*excused).sipCrash,
		"hangup-on-crash":      (*excused).hangupOnCrash,
		"strategy-crash":       (*excused).strategyCrash,
		"dial-comment-crash":   (*excused).dialCommentCrash,
	}
}

// said are the messages of a side from a difference on, by name.
func said(o *outcome, from int) []string {
	var out []string
	if from < 0 {
		return nil
	}
	for _, m := range o.messages[min(from, len(o.messages)):] {
		p := m.Object("payload")
		name := p.String("Application-Name")
		if name == "" || p.String("Event-Name") == "offnet_req" {
			name = p.String("Event-Name")
		}
		out = append(out, name)
	}
	return out
}

func (x *excused) oursSaid() []string   { return said(x.ours, x.d.published) }
func (x *excused) theirsSaid() []string { return said(x.theirs, x.d.published) }

func unless(is bool, why string) string {
	if is {
		return ""
	}
	return why
}

// crashed is whether the reference ended the document there: nothing but a hangup follows.
func (x *excused) crashed() bool {
	rest := x.theirsSaid()
	return len(rest) == 0 || slices.Equal(rest, []string{"hangup"}) || slices.Equal(rest, []string{"failed"})
}

// document is whether any answer of the record holds what a pattern finds.
func (x *excused) document(pattern string) bool {
	re := regexp.MustCompile(pattern)
	for _, one := range list(x.record, "answers") {
		answer, _ := one.(jobj.Object)
		if re.MatchString(answer.String("body")) || re.MatchString(string(jobj.Append(nil, answer.Delete("body")))) {
			return true
		}
	}
	return false
}

func (x *excused) silentTransport() string {
	if len(x.theirsSaid()) > 0 || x.theirs.end != "still_running" {
		return "the reference does not wait without a word"
	}
	mine := x.oursSaid()
	return unless(slices.Equal(mine, []string{"failed"}) || len(x.ours.messages) > 1 && slices.Equal(mine, []string{"failed", "hangup"}),
		"ours does not fail, and hang up where it is late")
}

func (x *excused) strictURI() string {
	redirected := x.document(`Location`) && len(x.theirsSaid()) == 0 // then it waits instead
	if rest := x.theirsSaid(); !slices.Equal(rest, []string{"failed"}) && x.d.published >= 0 && !redirected {
		return "the reference does not refuse the URL"
	}
	i := x.note.asked
	if i < len(x.theirs.asked) || i >= len(x.ours.asked) {
		return "the reference asks, or ours does not"
	}
	target := x.ours.asked[i].String("target")
	return unless(!strings.ContainsAny(target, " <>\"{}^\\|") && !regexp.MustCompile(`%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)`).MatchString(target),
		"ours asks for what may not stand in a URL: "+target)
}

func (x *excused) getCredentials() string {
	uri := x.record.String("request", "Voice-URI")
	u, err := url.Parse(uri)
	if err == nil && strings.HasPrefix(u.Host, "[") && u.User == nil {
		return unless(len(x.theirs.asked) == 0 && slices.Equal(x.theirsSaid(), []string{"failed"}) && len(x.ours.asked) > 0, "ours does not ask")
	}
	if err != nil || u.User == nil || x.d.http < 0 || x.d.http >= len(x.ours.asked) {
		return "the URL has no credentials"
	}
	plain, _, _ := strings.Cut(strings.TrimPrefix(uri, "http://"), "@") // not percent-decoded
	if !strings.Contains(plain, ":") {
		plain += ":"
	}
	want := "authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(plain))
	return unless(strings.Contains(x.ours.http[x.d.http], string(jobj.Append(nil, want))), "ours does not send "+want)
}

func (x *excused) nullCrash() string {
	i := x.note.asked
	if i < len(x.theirs.asked) || i >= len(x.ours.asked) {
		return "the reference posts a CDR, or ours does not"
	}
	return unless(strings.Contains(string(jobj.Append(nil, x.record)), "null") && x.ours.asked[i].String("target") != "", "no null in the event")
}

func (x *excused) nestedListBytes() string {
	i := x.note.asked
	return unless(i >= len(x.theirs.asked) && i < len(x.ours.asked), "the reference asks, or ours does not")
}

func (x *excused) uriPartCrash() string {
	if x.theirs.end != "not_started" || len(x.ours.asked) == 0 {
		return "the reference starts, or ours does not ask"
	}
	for _, name := range []string{"From", "To", "Request"} {
		whole, given := x.record.Get("call", name)
		if given && whole != "" && !strings.Contains(fmt.Sprint(whole), "@") && x.record.String("call", name+"-Realm") == "" {
			asked := x.ours.asked[0].String("target") + x.ours.asked[0].String("body")
			if !strings.Contains(asked, "norealm") {
				return name + " has no realm norealm"
			}
		}
	}
	return ""
}

func (x *excused) knownMethodCrash() string {
	if x.theirs.end == "not_started" {
		return unless(len(x.ours.asked) > 0 && x.ours.asked[0].String("method") == "POST", "ours does not POST")
	}
	if !x.crashed() || !x.document(`(?i)method`) {
		return "the reference does not end the document over a method"
	}
	if x.document(`<Conference|<Queue`) {
		return unless(slices.Contains(x.oursSaid(), "set"), "ours does not go on in the Dial")
	}
	i := len(x.theirs.asked)
	return unless(i < len(x.ours.asked) && x.ours.asked[i].String("method") == "POST", "ours does not POST")
}

func (x *excused) bodyFormatCrash() string {
	return unless(len(x.theirs.asked) == 0 && len(x.ours.asked) > 0 && strings.Contains(x.ours.http[0], "x-www-form-urlencoded"),
		"the reference asks, or ours does not send a form")
}

func (x *excused) messageTypes() string {
	return unless(len(x.theirs.messages) == 0 && len(x.ours.asked) == 0 && slices.Equal(x.oursSaid(), []string{"failed"}),
		"the reference says something, or ours does not fail at once")
}

func (x *excused) lateFailure() string {
	return unless(len(x.theirsSaid()) == 0 && slices.Equal(x.oursSaid(), []string{"hangup"}) && x.d.http < 0, "ours does not just hang up, too")
}

func (x *excused) flowErrorCrash() string {
	if len(x.theirsSaid()) > 0 || !slices.Equal(said(x.theirs, len(x.theirs.messages)-2), []string{"processing", "failed"}) {
		return "the reference does not say processing, then failed"
	}
	stored := len(x.ours.saved) == len(x.theirs.saved)+1 && strings.Contains(x.ours.saved[len(x.ours.saved)-1], `"schema_errors"`)
	return unless(stored && slices.Equal(x.oursSaid(), []string{"hangup"}), "ours does not store the errors and hang up")
}

func (x *excused) emptyResponseCrash() string {
	return unless(slices.Equal(x.theirsSaid(), []string{"failed"}) && slices.Equal(x.oursSaid(), []string{"hangup"}), "ours does not hang up instead of failed")
}

func (x *excused) xmlEntities() string {
	return unless(x.document(`<!ENTITY`) && slices.Equal(x.oursSaid(), []string{"failed", "hangup"}), "ours does not refuse the entity")
}

func (x *excused) missingQueue() string {
	call := x.record.Object("call")
	return unless((call.String("Control-Queue") == "" || call.String("Controller-Queue") == "") && len(x.ours.asked)+len(x.ours.messages) == 0,
		"the queues are there, or ours does something")
}

func (x *excused) setVariableCrash() string {
	rest := x.theirsSaid()
	if !x.crashed() {
		return "the reference goes on: " + strings.Join(rest, " ")
	}
	return unless(x.document(`<(Set|Redirect)`) && !slices.Equal(x.oursSaid(), rest) || len(x.ours.asked) > len(x.theirs.asked), "ours does not go on")
}

// variableKeyBytes: the same but for the bytes of a key, which in JSON were none.
func (x *excused) variableKeyBytes() string {
	if x.d.http < 0 || x.d.http >= len(x.ours.asked) {
		return "no request differs"
	}
	if x.d.http >= len(x.theirs.asked) {
		return unless(strings.Contains(x.record.String("error"), "jiffy"), "the reference sends nothing, for another reason")
	}
	latin := func(o *outcome, i int) string {
		var out []byte
		for _, r := range o.asked[i].String("body") + o.asked[i].String("target") {
			if r < 0x100 && r != 0xfffd {
				out = append(out, byte(r))
			}
		}
		return string(out)
	}
	ascii := func(text string) string {
		return strings.Map(func(r rune) rune {
			if r >= 0x80 {
				return -1
			}
			return r
		}, text)
	}
	for i := range max(len(x.theirs.asked), len(x.ours.asked)) {
		if i >= len(x.ours.asked) || i >= len(x.theirs.asked) {
			return "not as many requests"
		}
		if ascii(latin(x.ours, i)) != ascii(latin(x.theirs, i)) {
			return "a body differs by more than the bytes of a key: " + x.ours.asked[i].String("body")
		}
	}
	return unless(x.d.published < 0 && x.d.saved < 0, "more differs than requests")
}

func (x *excused) urlClimb() string {
	i := x.note.asked
	if i < len(x.theirs.asked) || i >= len(x.ours.asked) {
		return "the reference asks, or ours does not"
	}
	return unless(x.theirs.end == "still_running" || strings.Contains(x.record.String("error"), "resolve_uri_fold") || x.crashed(),
		"the reference does not wait for a host that is none")
}

func (x *excused) gatherEmptyCrash() string {
	if !x.document(`<Gather[^>]*(/>|></Gather>)`) {
		return "no Gather is empty"
	}
	if strings.Contains(x.record.String("error"), "bit_size") {
		return unless(x.crashed() && (len(x.ours.asked) > len(x.theirs.asked) || len(x.oursSaid()) > 0 || x.ours.end == "still_running"),
			"ours does not collect the digits")
	}
	// Without a digit the reference asks the app, and tells of none; ours falls through.
	if x.d.http >= 0 && x.d.http < len(x.theirs.asked) && !strings.Contains(x.theirs.http[x.d.http], "Digits") {
		return ""
	}
	return unless(len(x.theirs.asked) > len(x.ours.asked), "the reference does not ask without Digits")
}

func (x *excused) attributeCrash() string {
	mine, rest := x.oursSaid(), x.theirsSaid()
	if x.document(`<Gather`) && !x.crashed() {
		// The prompts of a Gather end; ours are heard.
		return unless(len(mine) > 0 && mine[0] == "queue", "ours does not play the prompt")
	}
	if !x.crashed() {
		return "the reference goes on: " + strings.Join(rest, " ")
	}
	return unless(!slices.Equal(mine, rest) || len(x.ours.asked) > len(x.theirs.asked), "ours ends the document, too")
}

func (x *excused) recordingURLCrash() string {
	return unless(x.crashed() && len(x.oursSaid()) > 0 && x.oursSaid()[0] == "store" && len(x.ours.asked) > len(x.theirs.asked),
		"ours does not store the recording and ask")
}

func (x *excused) firstOurs() jobj.Object {
	if x.d.published < 0 || x.d.published >= len(x.ours.messages) {
		return nil
	}
	return x.ours.messages[x.d.published].Object("payload")
}

func (x *excused) noEndpointCrash() string {
	m := x.firstOurs()
	if x.document(`<Gather`) { // the prompts of a Gather end
		return unless(m.String("Event-Name") == "offnet_req", "ours does not dial in the Gather")
	}
	return unless(x.crashed() && m.String("Event-Name") == "offnet_req" && !m.Has("Presence-ID"), "ours does not dial with the call's own caller id")
}

func (x *excused) sipCrash() string {
	m := x.firstOurs()
	endpoints := list(m, "Endpoints")
	return unless(x.crashed() && m.String("Application-Name") == "bridge" && strings.Contains(string(jobj.Append(nil, endpoints)), `"Route":"sip`),
		"ours does not dial the address")
}

func (x *excused) hangupOnCrash() string {
	return unless(x.crashed() && x.firstOurs().String("Media") == "process", "ours does not process the media")
}

func (x *excused) strategyCrash() string {
	return unless(x.crashed() && x.firstOurs().String("Application-Name") == "bridge", "ours does not dial")
}

func (x *excused) dialCommentCrash() string {
	return unless(x.crashed() && x.document(`<Dial[^>]*>\s*(<!--|<\?|<!\[CDATA)`) && len(x.oursSaid()) > 1, "ours does not pass over the comment")
}

// crashIDs are the quirks that an error of the reference can come from (pivot.md, section 15); nil is any.
func crashIDs(err string) []string {
	for _, c := range []struct {
		part string
		ids  []string
	}{
		{"bit_size", []string{"gather-empty-crash", "sip-crash", "no-endpoint-crash"}},
		{"get_json_value", []string{"no-endpoint-crash"}},
		{"list_to_binary", []string{"sip-crash"}},
		{"binary_to_float", []string{"sip-crash"}},
		{"urlsplit_s", []string{"recording-url-crash", "message-types"}},
		{"http_method", []string{"known-method-crash"}},
		{"send_command", []string{"set-variable-crash"}},
		{"kvs_store", []string{"set-variable-crash"}},
		{"filter_empty_text", []string{"dial-comment-crash", "empty-response-crash"}},
		{"kzt_twiml_dial:exec", []string{"dial-comment-crash"}},
		{"jiffy", []string{"variable-key-bytes"}},
		{"schema_error", []string{"flow-error-crash"}},
		{"byte_size", []string{"flow-error-crash"}},
		{"handle_resp", []string{}},
		{"encode_kv", []string{"null-crash"}},
		{"kz_term:to_binary", []string{"nested-list-bytes"}},
		{"kz_http_util:urlencode", []string{"nested-list-bytes"}},
		{"kz_term:to_list", []string{"message-types"}},
		{"merge_jobjs", []string{"message-types"}},
		{"req_content_type", []string{"body-format-crash"}},
		{"resolve_uri_fold", []string{"url-climb"}},
		{"targeted_publish", []string{"missing-queue"}},
		{"media_processing", []string{"hangup-on-crash"}},
		{"dial_strategy", []string{"strategy-crash"}},
		{"try_clause", []string{"set-variable-crash", "known-method-crash"}},
	} {
		if strings.Contains(err, c.part) {
			return c.ids
		}
	}
	if err != "" {
		return []string{"attribute-crash"}
	}
	return nil
}
