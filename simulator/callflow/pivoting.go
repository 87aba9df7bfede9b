package callflow

import (
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// channelPivot brings the flow that a web server has answered.
const channelPivot = "CHANNEL_PIVOT"

// pivotModule is the element that asks one.
const pivotModule = "pivot"

// pivotPatience is how long cf_pivot waits for an event of the call, whichever it is.
const pivotPatience = 10 * time.Second

// Why a flow goes on where Pivot was to lead the call: it said that it had failed, or nothing.
const (
	PivotFailed = "the Pivot application failed"
	PivotSilent = "nothing was heard of the call for 10 s"
)

// pivot gives the call to the Pivot application, and waits until that takes it (cf_pivot:handle/2,
// wait_for_pivot/2). Any event of the call has it wait anew.
func (a *act) pivot() {
	request, why := a.pivotRequest()
	if why != "" {
		a.next(anyKey, why)
		return
	}
	a.Bus.Publish(kapi.ExchangeCallManager, "pivot.req."+kapi.EncodeKey(a.call.text("From-Realm")), request)
	halt := func() {}
	again := func() {
		halt()
		halt = a.after(pivotPatience, func() { a.next(anyKey, PivotSilent) })
	}
	again()
	a.hears = func(message jobj.Object) {
		if message.String("Event-Category") != "pivot" {
			again()
			return
		}
		switch message.String("Event-Name") {
		case "processing":
			a.wait("the Pivot application has an answer, and leads the call")
		case "failed":
			a.next(anyKey, PivotFailed)
		default:
			again()
		}
	}
}

// pivotRequest is the message to the Pivot application, or why there can be none.
func (a *act) pivotRequest() (request jobj.Object, why string) {
	url := a.data.String("voice_url")
	if url == "" {
		return nil, "there is no voice_url: the request cannot be made"
	}
	method, ok := pivotMethod(a.data)
	if !ok {
		a.note("method is neither get nor post: post is taken")
	}
	own := []jobj.Member{
		{Key: "Call", Value: a.call.object()},
		{Key: "Voice-URI", Value: url},
		{Key: "CDR-URI", Value: a.data.String("cdr_url")},
		{Key: "Debug", Value: a.data.Bool(false, "debug")},
		{Key: "HTTP-Method", Value: method},
		{Key: "Request-Body-Format", Value: firstOf(a.data.String("req_body_format"), "form")},
		{Key: "Request-Format", Value: a.data.String("req_format")},
	}
	if _, has := a.data.Get("req_timeout_ms"); has {
		own = append(own, jobj.Member{Key: "Request-Timeout", Value: a.whole("req_timeout_ms", 0)})
	}
	return a.As(app, appVersion, kapi.CategoryDialplan, "pivot_req", own...), ""
}

// pivotMethod is get or post. A word that the reference would die of is post (quirk known-method-crash);
// ok tells that it is one of the two.
func pivotMethod(data jobj.Object) (method string, ok bool) {
	value, has := data.Get("method")
	if !has {
		return "get", true
	}
	text, _ := value.(string)
	switch strings.ToLower(text) {
	case "get":
		return "get", true
	case "post":
		return "post", true
	}
	return "post", false
}
