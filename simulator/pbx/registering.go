package pbx

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Register says that a telephone has registered; first, that it had not been.
func (c *Core) Register(a Account, d Device, first bool) error {
	common := c.registration(a, d)
	contact := common.String("Contact")
	if err := c.tell(kapi.CategoryDirectory, "reg_success", origin{"kamailio", direct}, common.Merge(jobj.Object{
		{Key: "Contact", Value: "<" + contact + ">"},
		{Key: "Original-Contact", Value: contact},
		{Key: "Registrar-Node", Value: "kamailio@" + c.host.Proxy},
		{Key: "Status", Value: "Registered(UDP)"},
		{Key: "First-Registration", Value: first},
		{Key: "Custom-Channel-Vars", Value: c.deviceVars(a, d)},
	})); err != nil || !first {
		return err
	}
	return c.tell(kapi.CategoryNotification, "register", origin{"ecallmgr", direct}, common.Merge(jobj.Object{
		{Key: "Authorizing-Type", Value: "device"},
		{Key: "Owner-ID", Value: d.OwnerID},
		{Key: "Suppress-Unregister-Notify", Value: false},
	}))
}

// Deregister says that a telephone's registration has run out.
func (c *Core) Deregister(a Account, d Device) error {
	fields := c.registration(a, d)
	delete(c.registered, d.Username+"@"+a.Realm)
	return c.tell(kapi.CategoryNotification, "deregister", origin{"ecallmgr", cast}, fields.Merge(jobj.Object{
		{Key: "Status", Value: "Registered(UDP)"},
		{Key: "Profile-Name", Value: "sipinterface_1"},
		{Key: "Suppress-Unregister-Notify", Value: false},
		{Key: "FreeSWITCH-Hostname", Value: c.host.Switch},
	}))
}

// registration are the fields of a telephone's present registration, all of whose requests have
// one Call-ID.
func (c *Core) registration(a Account, d Device) jobj.Object {
	who := d.Username + "@" + a.Realm
	if c.registered[who] == "" {
		c.registered[who] = c.ids.Hex(32)
	}
	return registration(a, d, c.registered[who], c.host.Phone, "5060", c.now())
}

// registration are the fields of all that is said of a telephone at its registrar, by the
// Call-ID of the registering.
func registration(a Account, d Device, callID, address, port string, at time.Time) jobj.Object {
	return jobj.Object{
		{Key: "Realm", Value: a.Realm},
		{Key: "Username", Value: d.Username},
		{Key: "Contact", Value: "sip:" + d.Username + "@" + address + ":" + port},
		{Key: "Expires", Value: 540},
		{Key: "Event-Timestamp", Value: kapi.Gregorian(at)},
		{Key: "Account-ID", Value: a.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(a.ID)},
		{Key: "Authorizing-ID", Value: d.ID},
		{Key: "Call-ID", Value: callID},
		{Key: "From-User", Value: d.Username},
		{Key: "From-Host", Value: a.Realm},
		{Key: "To-User", Value: d.Username},
		{Key: "To-Host", Value: a.Realm},
		{Key: "Network-IP", Value: address},
		{Key: "Network-Port", Value: port},
		{Key: "User-Agent", Value: d.agent()},
	}
}
