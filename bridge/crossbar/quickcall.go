package crossbar

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	// quickcallTimeout is how many seconds devices ring where the caller says nothing
	// else, or less than leastTimeout.
	quickcallTimeout = 30
	leastTimeout     = 4
	// longestWait is how long a caller can wait for devices to answer: REST's own
	// answer must be written within two minutes.
	longestWait = 100 * time.Second
)

// quickcallFamily is cb_quickcall: devices ring, and whoever answers is connected to
// a number.
func (h *handler) quickcallFamily() family {
	return family{name: "quickcall", clauses: []clause{{args: []string{"*"}, operations: []operation{
		{method: http.MethodGet, within: h.quickcall, metered: true},
		{method: http.MethodPost, within: h.quickcall, metered: true},
	}}}}
}

// quickcall calls at once when it is a GET, and tells what it has asked for; a POST
// waits for what the switch says.
func (h *handler) quickcall(ctx context.Context, req *request) (outcome, error) {
	owner, devices, err := h.quickcallDevices(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	asked := h.originateRequest(req, owner, devices)
	endpoints, _ := asked.Get("Endpoints")
	if rung, _ := endpoints.([]any); len(rung) == 0 {
		req.hint("there is no device that could ring: none is enabled and has a SIP username")
		return outcome{}, systemFault(http.StatusInternalServerError, "unspecified_fault", "unspecified fault")
	}
	shown := outcome{data: normalised(asked.Delete("Msg-ID"))}
	if req.verb == http.MethodPost {
		shown.commit = func(ctx context.Context) (outcome, error) { return h.waitForCall(ctx, req, owner, asked) }
		return shown, nil
	}
	if err := h.tell(ctx, req, kapi.OriginateRequest(), asked); err != nil && !errors.Is(err, ErrUnheard) {
		return outcome{}, err
	}
	return shown, nil
}

// quickcallDevices is the document of the path, a device or a user, and what rings
// for it.
func (h *handler) quickcallDevices(ctx context.Context, req *request) (owner store.Document, devices []store.Document, err error) {
	of := req.route.nouns[1]
	typ := map[string]string{"devices": typeDevice, "users": store.TypeUser}[of.name]
	if typ == "" || len(of.args) != 1 {
		return owner, nil, notFound()
	}
	if owner, err = h.load(ctx, kapi.AccountDB(req.account.ID), of.args[0], typ, req.account.ID); err != nil {
		return owner, nil, err
	}
	if typ == typeDevice {
		return owner, []store.Document{owner}, nil
	}
	devices, err = h.devicesOf(ctx, req.account.ID, owner.ID)
	return owner, devices, err
}

// originateRequest is what the switch is asked for. The number is dialled as the path
// has it; the filtered one is only shown to those who are called.
func (h *handler) originateRequest(req *request, owner store.Document, devices []store.Document) jobj.Object {
	number := req.arg(0)
	shown := req.filteredNumber(number)
	callerID, ownCallerID := req.given("cid-number")
	vars := jobj.Object{
		{Key: "Account-ID", Value: req.account.ID},
		{Key: "Inherit-Codec", Value: "false"},
		{Key: "Authorizing-Type", Value: owner.Type},
		{Key: "Authorizing-ID", Value: owner.ID},
		{Key: "Retain-CID", Value: strconv.FormatBool(ownCallerID)},
	}
	media := "process"
	if req.text("media") == "bypass" {
		media = "bypass"
	}
	asked := jobj.Object{
		{Key: "Application-Name", Value: "transfer"},
		{Key: "Application-Data", Value: jobj.Object{{Key: "Route", Value: number}}},
		{Key: "Continue-On-Fail", Value: false},
		{Key: "Custom-Application-Vars", Value: req.applicationVars()},
		{Key: "Custom-Channel-Vars", Value: vars},
		{Key: "Dial-Endpoint-Method", Value: "simultaneous"},
		{Key: "Endpoints", Value: h.endpoints(req, devices)},
		{Key: "Export-Custom-Channel-Vars", Value: list([]string{
			"Account-ID", "Authorizing-ID", "Authorizing-Type", "Outbound-Callee-ID-Name", "Outbound-Callee-ID-Number", "Retain-CID",
		})},
		{Key: "Ignore-Early-Media", Value: req.flag("ignore-early-media", true)},
		{Key: "Media", Value: media},
		{Key: "Msg-ID", Value: req.messageID()},
		{Key: "Outbound-Caller-ID-Name", Value: "Device QuickCall"},
		{Key: "Outbound-Caller-ID-Number", Value: shown},
		{Key: "Timeout", Value: req.ringing()},
	}
	if call := req.text("target_call_id"); call != "" {
		asked = asked.Set("Existing-Call-ID", call)
	}
	for _, m := range []jobj.Member{{Key: "Outbound-Callee-ID-Name", Value: req.text("cid-name")}, {Key: "Outbound-Callee-ID-Number", Value: callerID}} {
		if text, _ := m.Value.(string); text != "" {
			if decoded, err := url.QueryUnescape(text); err == nil {
				text = decoded
			}
			asked = asked.Set(m.Key, text)
		}
	}
	return asked
}

// endpoint is a device as a switch is to call it; ok is false for one that cannot ring.
func (r *request) endpoint(device store.Document) (endpoint jobj.Object, ok bool) {
	name := device.Body.String("sip", "username")
	if name == "" || !device.Body.Bool(true, "enabled") {
		return nil, false
	}
	realm, format := device.Body.String("sip", "realm"), device.Body.String("sip", "invite_format")
	if realm == "" {
		realm = r.account.Realm
	}
	if format == "" {
		format = "contact"
	}
	vars := jobj.Object{
		{Key: "Account-ID", Value: r.account.ID},
		{Key: "Authorizing-ID", Value: device.ID},
		{Key: "Authorizing-Type", Value: typeDevice},
		{Key: "SIP-Invite-Domain", Value: realm},
	}
	if owner := device.Body.String("owner_id"); owner != "" {
		vars = vars.Set("Owner-ID", owner)
	}
	endpoint = jobj.Object{
		{Key: "Invite-Format", Value: format},
		{Key: "To-User", Value: name},
		{Key: "To-Username", Value: name},
		{Key: "To-Realm", Value: realm},
		{Key: "Endpoint-ID", Value: device.ID},
		{Key: "Presence-ID", Value: name + "@" + realm},
		{Key: "Custom-Channel-Vars", Value: vars},
	}
	if route := device.Body.String("sip", "route"); route != "" {
		endpoint = endpoint.Set("Route", route)
	}
	return endpoint, true
}

// endpoints are the devices that ring for a quickcall. One alone may answer by itself.
func (h *handler) endpoints(req *request, devices []store.Document) []any {
	endpoints := []any{}
	for _, device := range devices {
		if endpoint, ok := req.endpoint(device); ok {
			endpoints = append(endpoints, endpoint.Set("Outbound-Call-ID", h.IDs.Hex(36)+"-quickcall"))
		}
	}
	if len(endpoints) == 1 {
		answers := true
		if value, given := req.query.get("auto_answer"); given {
			answers = value == any("true") || value == any(true)
		}
		only, _ := endpoints[0].(jobj.Object)
		endpoints[0] = only.Set("Custom-Channel-Vars", only.Object("Custom-Channel-Vars").Set("Auto-Answer", answers))
	}
	return endpoints
}

// filteredNumber takes a number out of what people write around it: with number_filter
// true, which is the default, without blanks and marks; false, as it is; else the
// first group of that expression.
func (r *request) filteredNumber(number string) string {
	value, given := r.query.get("number_filter")
	filter, _ := value.(string)
	switch {
	case !given, filter == "true":
		return strings.NewReplacer(" ", "", ",", "", ".", "", "-", "", "(", "", ")", "").Replace(number)
	case filter == "false":
		return number
	}
	expression, err := regexp.Compile(filter)
	if err != nil {
		r.hint("number_filter is no expression: %v", err)
		return number
	}
	if groups := expression.FindStringSubmatch(number); len(groups) > 1 {
		return groups[1]
	}
	return number
}

// applicationVars are what the caller gives the call to keep: the members of
// custom_application_vars, and every parameter of the query but the token.
func (r *request) applicationVars() jobj.Object {
	vars := jobj.Object{}
	for _, m := range r.object().Object("custom_application_vars") {
		vars = vars.Set(m.Key, m.Value)
	}
	for _, parameter := range r.query {
		if parameter.name != "auth_token" {
			vars = vars.Set(parameter.name, parameter.value)
		}
	}
	return vars
}

// ringing is how many seconds the devices ring.
func (r *request) ringing() json.Number {
	value, _ := r.value("timeout")
	seconds, ok := wholeNumber(value)
	if !ok || seconds < leastTimeout {
		seconds = quickcallTimeout
	}
	return number(seconds)
}

// waitForCall returns when the switch has said what became of the call. Where nobody
// says anything the answer is the document of who was to be called (quirk
// quickcall-silence).
func (h *handler) waitForCall(ctx context.Context, req *request, owner store.Document, asked jobj.Object) (outcome, error) {
	seconds, _ := req.ringing().Int64()
	ctx, cancel := context.WithTimeout(ctx, waiting(seconds))
	defer cancel()
	settles := func(reply jobj.Object) bool {
		return reply.String("Event-Name") == "originate_resp" || reply.String("Event-Category") == "error"
	}
	replies, err := h.Bus.Ask(ctx, Question{
		Kind: kapi.OriginateRequest(), Fields: asked, AtLeast: math.MaxInt,
		Enough: func(replies []jobj.Object) bool { return firstOf(replies, settles) != nil },
	})
	if err != nil && !errors.Is(err, ErrUnheard) {
		return outcome{}, h.unreachable(ctx, req, "could not reach the switch", err)
	}
	failed := &fault{status: http.StatusInternalServerError, message: "quickcall initiation failed", data: jobj.Object{}}
	switch reply := firstOf(replies, settles); {
	case reply == nil && h.Compat == fidelity.Kazoo:
		return outcome{data: public(owner), revision: owner.Rev}, nil
	case reply == nil:
		req.hint("no switch answered")
		return outcome{}, failed
	case reply.String("Event-Category") == "error": // whatever its name (kz_api:error_resp_v/1)
		failed.data = withoutDefaults(reply)
		return outcome{}, failed
	default:
		return outcome{data: normalised(asked.Delete("Msg-ID")).Merge(withoutDefaults(reply))}, nil
	}
}

// waiting is how long a caller waits for a call that rings for so many seconds.
func waiting(seconds int64) time.Duration {
	return min(time.Duration(min(seconds, int64(longestWait/time.Second)))*time.Second, longestWait)
}

// withoutDefaults is a message as REST shows it, without what every message has
// (kz_api:remove_defaults/1).
func withoutDefaults(message jobj.Object) jobj.Object {
	return normalised(message.Delete("App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Node",
		"Server-ID", "System-Log-ID", "Server-Queue-ID", "Defer-Response", "Destination-Server", "Raw-Headers"))
}
