package callflow

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// call is what the application knows of a call (kapps_call): the fields of a Call object, and what
// modules have stored for each other.
type call struct {
	id, account string
	fields      jobj.Object
	kvs         jobj.Object
}

// Won makes the Call object of a call that the application takes, out of the request for its route
// (kapps_call:from_route_req/1) and the queue to which its commands go (of the route_win).
func Won(request jobj.Object, controlQueue string) jobj.Object {
	vars := request.Object("Custom-Channel-Vars")
	account := request.String("Account-ID")
	if account == "" {
		account = vars.String("Account-ID")
	}
	fields := jobj.Object{
		{Key: "Account-DB", Value: kapi.AccountDB(account)},
		{Key: "Account-ID", Value: account},
		{Key: "Call-Bridged", Value: false},
		{Key: "Control-Queue", Value: controlQueue},
		{Key: "Fetch-ID", Value: request.String("Msg-ID")},
		{Key: "Is-Recording", Value: false},
		{Key: "Is-Call-Forward", Value: false},
		{Key: "Language", Value: "en-us"},
		{Key: "Message-Left", Value: false},
	}
	for _, name := range []string{"Authorizing-ID", "Authorizing-Type", "Bridge-ID", "Inception", "Owner-ID"} {
		fields = fields.Put(name, vars.String(name))
	}
	for _, name := range []string{
		"Call-Direction", "Call-ID", "Callee-ID-Name", "Callee-ID-Number", "Caller-ID-Name", "Caller-ID-Number", "From", "From-Tag",
		"Request", "Resource-Type", "Switch-Hostname", "Switch-Nodename", "Switch-URI", "Switch-URL", "To", "To-Tag",
	} {
		fields = fields.Put(name, request.String(name))
	}
	for _, name := range []string{"Custom-Application-Vars", "Custom-Channel-Vars", "Custom-SIP-Headers"} {
		if held := request.Object(name); len(held) > 0 {
			fields = fields.Put(name, held)
		}
	}
	for _, name := range []string{"From", "Request", "To"} {
		user, realm, _ := strings.Cut(request.String(name), "@")
		fields = fields.Put(name+"-User", user).Put(name+"-Realm", realm)
	}
	return inOrder(fields)
}

// inOrder puts the fields of a Call object in order, and leaves out what is empty and what is none.
func inOrder(fields jobj.Object) jobj.Object {
	out := make(jobj.Object, 0, len(fields))
	for _, name := range kapi.CallKeys() {
		value, has := fields.Get(name)
		held, isObject := value.(jobj.Object)
		if !has || value == nil || value == "" || isObject && len(held) == 0 {
			continue
		}
		out = append(out, jobj.Member{Key: name, Value: value})
	}
	return out
}

func newCall(fields jobj.Object, queue, flowID string) call {
	c := call{
		id: fields.String("Call-ID"), account: fields.String("Account-ID"),
		fields: fields.Set("Controller-Queue", queue), kvs: fields.Object("Key-Value-Store"),
	}
	if flowID != "" {
		c.kvs = c.kvs.Set("cf_flow_id", flowID)
	}
	return c
}

// object is the call as messages carry it.
func (c *call) object() jobj.Object { return inOrder(c.fields.Set("Key-Value-Store", c.kvs)) }

func (c *call) text(name string) string { return c.fields.String(name) }

func (c *call) set(name string, value any) { c.fields = c.fields.Set(name, value) }

// collections are the digits that a caller has pressed, by the name of their collection.
const collections = "dtmf_collections"

// early is the collection of digits that nobody asked for.
const early = "default"

func (c *call) digits(collection string) string { return c.kvs.String(collections, collection) }

func (c *call) keepDigits(collection, digits string) {
	c.kvs = c.kvs.Set(collections, c.kvs.Object(collections).Set(collection, digits))
}

func (c *call) dropDigits(collection string) {
	if c.kvs.Object(collections).Has(collection) {
		c.kvs = c.kvs.Set(collections, c.kvs.Object(collections).Delete(collection))
	}
}
