package stage

import (
	"cmp"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// office is the account: the caller's telephone, and those of the script.
func (k *call) office() []office.Office {
	o := office.Office{Account: pbx.Account{ID: AccountID, Name: "Acme", Realm: Realm, Number: "+14155550100"}}
	if !pbx.IsNumber(k.Config.From) {
		o.Devices = append(o.Devices, pbx.Device{
			ID: deviceID, OwnerID: ownerID, Username: k.Config.From, Name: cmp.Or(k.Config.Name, k.Config.From), Extension: k.Config.From,
		})
	}
	for _, t := range k.Telephones {
		if t.Number == "" {
			o.Devices = append(o.Devices, telephone(t.ID, t.Name))
		}
	}
	return []office.Office{o}
}

// telephone is that of a user whose id is the device's, too.
func telephone(id, name string) pbx.Device {
	return pbx.Device{ID: id, OwnerID: id, Username: "user_" + id, Name: name, Extension: id}
}

// documents are what the account has stored: its telephones, their users, and itself.
type documents struct{ call *call }

func (k *call) documents() documents { return documents{k} }

// find is the telephone of an id. Where the script has no telephones every id has one.
func (d documents) find(id string) (pbx.Device, bool) {
	k := d.call
	i := slices.IndexFunc(k.offices[0].Devices, func(device pbx.Device) bool { return device.ID == id || device.OwnerID == id })
	if i >= 0 {
		return k.offices[0].Devices[i], true
	}
	if len(k.Telephones) > 0 || !plainID.MatchString(id) {
		return pbx.Device{}, false
	}
	device := telephone(id, id)
	k.offices[0].Devices = append(k.offices[0].Devices, device)
	return device, true
}

// device is a telephone's document.
func device(d pbx.Device) jobj.Object {
	return jobj.Object{
		{Key: "id", Value: d.ID},
		{Key: "name", Value: d.Name},
		{Key: "owner_id", Value: d.OwnerID},
		{Key: "enabled", Value: true},
		{Key: "device_type", Value: "softphone"},
		{Key: "sip", Value: jobj.Object{{Key: "username", Value: d.Username}, {Key: "invite_format", Value: "username"}}},
		{Key: "caller_id", Value: jobj.Object{{Key: "internal", Value: jobj.Object{{Key: "name", Value: d.Name}, {Key: "number", Value: d.Extension}}}}},
		{Key: "pvt_type", Value: "device"},
	}
}

func (d documents) get(id string) (jobj.Object, bool) {
	if id == AccountID {
		a := d.call.offices[0].Account
		return jobj.Object{
			{Key: "id", Value: a.ID},
			{Key: "name", Value: a.Name},
			{Key: "realm", Value: a.Realm},
			{Key: "language", Value: "en-us"},
			{Key: "pvt_type", Value: "account"},
		}, true
	}
	found, ok := d.find(id)
	if !ok {
		return nil, false
	}
	if found.OwnerID == id && found.ID != id {
		return user(found), true
	}
	return device(found), true
}

// user is the document of who owns a telephone.
func user(d pbx.Device) jobj.Object {
	return jobj.Object{
		{Key: "id", Value: d.OwnerID},
		{Key: "first_name", Value: d.Name},
		{Key: "last_name", Value: ""},
		{Key: "enabled", Value: true},
		{Key: "pvt_type", Value: "user"},
	}
}

// stored are the documents as the callflow application asks for them.
type stored struct{ documents }

// Document is that of the callflow application.
func (s stored) Document(_, collection, id string, then func(jobj.Object, bool)) {
	switch collection {
	case "accounts":
		then(s.get(AccountID))
		return
	case "users":
		if d, ok := s.find(id); ok {
			then(user(d), true)
			return
		}
	case "devices":
		if d, ok := s.find(id); ok {
			then(device(d), true)
			return
		}
	}
	then(nil, false)
}

// Owned is that of the callflow application.
func (s stored) Owned(_, ownerID string, then func([]jobj.Object)) {
	var all []jobj.Object
	if d, ok := s.find(ownerID); ok {
		all = append(all, device(d))
	}
	then(all)
}

// Flow is that of the callflow application: there is no callflow but the one with the action.
func (stored) Flow(_, _ string, then func(callflow.Flow, bool)) { then(callflow.Flow{}, false) }

// Documents is that of the Pivot engine.
func (d documents) Documents(_ string, ids []string, then func(map[string]jobj.Object)) {
	found := map[string]jobj.Object{}
	for _, id := range ids {
		if doc, ok := d.get(id); ok {
			found[id] = doc
		}
	}
	then(found)
}
