package pivot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// dialEndpoints rings devices, users, numbers and addresses together, once the account's documents are
// there that tell of them.
func (d *dialling) dialEndpoints(content []*twiml.Node) {
	p := d.p
	content = d.bounded(content)
	wanted := []string{p.w.accountID, p.call.String("Authorizing-ID")}
	var named []string
	for _, c := range content {
		if c.Name == "Device" || c.Name == "User" {
			named = append(named, c.OwnText())
		}
	}
	p.fetch(append(wanted, named...), func() {
		var owners []string
		for _, id := range append(named, p.call.String("Authorizing-ID")) {
			owners = append(owners, p.w.documents[id].String("owner_id"))
		}
		p.fetch(owners, func() { d.ring(content) })
	})
}

// bounded are the first of whom a Dial names: each may have the account's documents read.
func (d *dialling) bounded(content []*twiml.Node) []*twiml.Node {
	elements := slices.DeleteFunc(slices.Clone(content), func(c *twiml.Node) bool { return c.Kind != twiml.Element })
	if len(elements) <= maxEndpoints {
		return elements
	}
	d.p.w.tell(Step{Kind: Found, Verb: "Dial", Position: elements[maxEndpoints].Position, Text: fmt.Sprintf(
		"a Dial rings %d at most: %d more are passed over; Kazoo has no bound", maxEndpoints, len(elements)-maxEndpoints)})
	return elements[:maxEndpoints]
}

// ring is in reverse order of the document (kzt_twiml_dial:xml_elements_to_endpoints/2).
func (d *dialling) ring(content []*twiml.Node) {
	p := d.p
	d.setCaller()
	method := "simultaneous"
	if strategy, given := d.n.Attr("strategy"); given {
		p.w.note(strategyCrash, fmt.Sprintf("strategy=%q is honoured when it is simultaneous or single. Kazoo ends the document over any", strategy))
		if strategy == "single" {
			method = strategy
		}
	}
	var endpoints []jobj.Object
	for _, c := range slices.Backward(content) {
		endpoint, why := d.endpoint(c)
		if why != "" {
			p.w.tell(Step{Kind: Found, Verb: c.Name, Position: c.Position, Text: why})
			continue
		}
		endpoints = append(endpoints, endpoint)
	}
	if len(endpoints) == 0 {
		p.w.tell(Step{Kind: Failed, Verb: "Dial", Position: d.n.Position, Text: "there is nobody left to dial: the document ends, as in Kazoo"})
		d.then(stops)
		return
	}
	timeout, given := d.n.Int("timeout")
	if !given {
		timeout = 20
	}
	p.command(p.sender().Bridge(dialplan.Bridge{Timeout: max(timeout, 1), Method: method, Endpoints: endpoints}))
	d.follow()
}

// endpoint is one entry of a bridge, or why there is none.
func (d *dialling) endpoint(n *twiml.Node) (endpoint jobj.Object, why string) {
	name := n.OwnText()
	switch n.Name {
	case "Device", "User":
		return d.known(n.Name, name)
	case "Sip":
		return d.address(name)
	case "Number":
		number := digitsOf(name)
		if number == "" {
			return nil, "Number holds no digit: it is passed over"
		}
		return d.address(fmt.Sprintf("sip:%s@%s", normalised(number), d.accountRealm()))
	}
	return nil, fmt.Sprintf("<%s> cannot be dialled: it is passed over", n.Name)
}

func (d *dialling) accountRealm() string {
	if realm := d.p.w.documents[d.p.w.accountID].String("realm"); realm != "" {
		return realm
	}
	return d.p.realm("From")
}

// known is a device or user of the call's account (kz_endpoint).
func (d *dialling) known(kind, id string) (endpoint jobj.Object, why string) {
	p := d.p
	doc := p.w.documents[id]
	typ := doc.String("pvt_type")
	if doc == nil || typ != "device" && typ != "user" {
		return nil, fmt.Sprintf("the account has no %s %q: it is passed over, as in Kazoo", strings.ToLower(kind), id)
	}
	if !doc.Bool(true, "enabled") {
		return nil, fmt.Sprintf("%s %q is disabled: it is passed over, as in Kazoo", kind, id)
	}
	if typ == "device" && id == p.call.String("Authorizing-ID") {
		return nil, fmt.Sprintf("device %q is the one that calls: it is passed over, as in Kazoo", id)
	}
	user := p.user("Request")
	presence, owner := user, doc
	if typ == "device" {
		presence = doc.String("sip", "username")
		if presence == "" {
			presence = user
		}
		owner = p.w.documents[doc.String("owner_id")]
	}
	own := strings.TrimSpace(owner.String("first_name") + " " + owner.String("last_name"))
	kind, callee := "internal", cmp.Or(owner.String("caller_id", "internal", "name"), own) // kz_attributes:callee_id/2
	if text(p.call, "Inception") != "" {
		kind, callee = "external", cmp.Or(callerID(owner, doc, "external", "name"), own)
	}
	if callee == "" && typ == "device" {
		callee = doc.String("name")
	}
	if callee == "" {
		callee = p.w.documents[p.w.accountID].String("name")
	}
	number := callerID(owner, doc, kind, "number")
	return jobj.Object{
		{Key: "Privacy-Method", Value: "kazoo"},
		{Key: "Presence-ID", Value: presence + "@" + d.accountRealm()},
		{Key: "Outbound-Caller-ID-Number", Value: d.internalNumber()},
		{Key: "Outbound-Caller-ID-Name", Value: d.internalName()},
		{Key: "Outbound-Callee-ID-Number", Value: cmp.Or(number, user)},
		{Key: "Outbound-Callee-ID-Name", Value: callee},
		{Key: "Endpoint-URI", Value: id + "@" + p.w.accountID},
		{Key: "Endpoint-ID", Value: id},
		{Key: "Endpoint-Actions", Value: jobj.Object{}},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{}},
		{Key: "Account-ID", Value: p.w.accountID},
		{Key: "Invite-Format", Value: "endpoint"},
	}, ""
}

// internalName is the caller's among colleagues: a device's owner may have another than the call.
func (d *dialling) internalName() string {
	if text(d.p.call, "Inception") != "" {
		return d.callerName()
	}
	owner := d.p.w.documents[d.p.w.documents[d.p.call.String("Authorizing-ID")].String("owner_id")]
	return cmp.Or(owner.String("caller_id", "internal", "name"), d.callerName())
}

// callerID is what a device is known by: what its owner says of it comes first, but in an emergency
// it is the device that is to be found.
func callerID(owner, device jobj.Object, kind, key string) string {
	if kind == "emergency" {
		owner, device = device, owner
	}
	return cmp.Or(owner.String("caller_id", kind, key), device.String("caller_id", kind, key))
}

// internalNumber is the caller's among colleagues.
func (d *dialling) internalNumber() string {
	if text(d.p.call, "Inception") != "" {
		return d.callerNumber()
	}
	device := d.p.w.documents[d.p.call.String("Authorizing-ID")]
	return cmp.Or(callerID(d.p.w.documents[device.String("owner_id")], device, "internal", "number"), d.callerNumber())
}

// address is a SIP address.
func (d *dialling) address(uri string) (endpoint jobj.Object, why string) {
	p := d.p
	route := strings.Trim(uri, "<> ")
	scheme, rest, given := strings.Cut(route, ":")
	if !given || scheme != "sip" && scheme != "sips" {
		if given && !strings.Contains(scheme, "@") && !strings.Contains(scheme, ".") {
			return nil, fmt.Sprintf("%q is no SIP address: it is passed over, as in Kazoo", uri)
		}
		route, rest = "sip:"+route, route
	}
	user, host, at := strings.Cut(rest, "@")
	if !at || user == "" || host == "" {
		return nil, fmt.Sprintf("%q is no SIP address, for it has no user and host: it is passed over, as in Kazoo", uri)
	}
	p.w.note(sipCrash, "a SIP address, or a number among several, is dialled. Kazoo ends the document over it, unless endpoints are made "+
		"by kz_endpoint_v4 and the address has no port")
	to := p.user("Request")
	presence := to
	if !strings.Contains(presence, "@") {
		presence += "@" + d.accountRealm()
	}
	return jobj.Object{
		{Key: "To-Realm", Value: d.accountRealm()},
		{Key: "To-DID", Value: to},
		{Key: "Route", Value: route},
		{Key: "Privacy-Method", Value: "kazoo"},
		{Key: "Presence-ID", Value: presence},
		{Key: "Outbound-Caller-ID-Number", Value: d.internalNumber()},
		{Key: "Outbound-Caller-ID-Name", Value: d.callerName()},
		{Key: "Outbound-Callee-ID-Number", Value: to},
		{Key: "Outbound-Callee-ID-Name", Value: "unknown"},
		{Key: "Ignore-Completed-Elsewhere", Value: true},
		{Key: "Endpoint-Actions", Value: jobj.Object{}},
		{Key: "Custom-SIP-Headers", Value: jobj.Object{{Key: "X-KAZOO-INVITE-FORMAT", Value: "route"}}},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{
			{Key: "SIP-Invite-Domain", Value: d.accountRealm()}, {Key: "Media-Encryption-Enforce-Security", Value: true},
			{Key: "Account-ID", Value: p.w.accountID},
		}},
		{Key: "Invite-Format", Value: "route"},
	}, ""
}
