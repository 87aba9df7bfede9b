package pbx

import (
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Register says that a telephone has registered; first, that it had not been.
func (c *Core) Register(a Account, d Device, first bool) error {
	contact := "sip:" + d.Username + "@" + c.host.Phone + ":5060"
	now := kapi.Gregorian(c.now())
	common := jobj.Object{
		{Key: "Realm", Value: a.Realm},
		{Key: "Username", Value: d.Username},
		{Key: "Contact", Value: contact},
		{Key: "Expires", Value: 540},
		{Key: "Event-Timestamp", Value: now},
		{Key: "Account-ID", Value: a.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(a.ID)},
		{Key: "Authorizing-ID", Value: d.ID},
		{Key: "Call-ID", Value: c.ids.Hex(32)},
		{Key: "From-User", Value: d.Username},
		{Key: "From-Host", Value: a.Realm},
		{Key: "To-User", Value: d.Username},
		{Key: "To-Host", Value: a.Realm},
		{Key: "Network-IP", Value: c.host.Phone},
		{Key: "Network-Port", Value: "5060"},
		{Key: "User-Agent", Value: d.agent()},
	}
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
	return c.tell(kapi.CategoryNotification, "deregister", origin{"ecallmgr", cast}, jobj.Object{
		{Key: "Account-ID", Value: a.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(a.ID)},
		{Key: "Realm", Value: a.Realm},
		{Key: "Username", Value: d.Username},
		{Key: "Authorizing-ID", Value: d.ID},
		{Key: "Call-ID", Value: c.ids.Hex(32)},
		{Key: "Contact", Value: "sip:" + d.Username + "@" + c.host.Phone + ":5060"},
		{Key: "Event-Timestamp", Value: kapi.Gregorian(c.now())},
		{Key: "Expires", Value: 540},
		{Key: "From-User", Value: d.Username},
		{Key: "From-Host", Value: a.Realm},
		{Key: "To-User", Value: d.Username},
		{Key: "To-Host", Value: a.Realm},
		{Key: "Network-IP", Value: c.host.Phone},
		{Key: "Network-Port", Value: "5060"},
		{Key: "Status", Value: "Registered(UDP)"},
		{Key: "Profile-Name", Value: "sipinterface_1"},
		{Key: "Suppress-Unregister-Notify", Value: false},
		{Key: "User-Agent", Value: d.agent()},
		{Key: "FreeSWITCH-Hostname", Value: c.host.Switch},
	})
}
