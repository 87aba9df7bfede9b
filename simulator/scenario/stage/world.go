package stage

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// World is who and what a plan's names stand for, before anything happens.
type World struct {
	Offices map[string]*office.Office // by the account's name
	Order   []string                  // of those names: parents first
	Hooks   map[string]string         // their ids
	URIs    map[string]string         // of receivers, and of hooks with one of their own

	users  map[string]seat
	people map[string]pbx.Party
	rooms  map[string]string // ids of conferences
}

// seat is where a user sits.
type seat struct {
	account string
	device  pbx.Device
}

// NewWorld draws everybody's ids and telephones: each from the seed and its name, so that
// they stay as they are whoever comes into the plan. provider is the reseller of accounts that
// have none above them; "" for none.
func NewWorld(plan *scenario.Plan, seed, provider string) *World {
	draw := func(kind string, names ...string) *ids.Source {
		return ids.Seeded(seed + " " + kind + " " + strings.Join(names, " "))
	}
	w := &World{
		Offices: map[string]*office.Office{}, Hooks: map[string]string{}, URIs: map[string]string{},
		users: map[string]seat{}, people: map[string]pbx.Party{}, rooms: map[string]string{},
	}
	sells := map[string]bool{}
	for _, a := range plan.Accounts {
		sells[a.Name] = a.Value.Reseller
		w.Order = append(w.Order, a.Name)
		w.open(a.Name, a.Value, draw, w.reseller(a.Value.Parent, sells, provider))
	}
	for _, p := range plan.People {
		w.people[p.Name] = pbx.Party{Name: p.Value.Name, Number: string(p.Value.Number)}
	}
	for _, h := range plan.Hooks {
		w.Hooks[h.Name] = draw("hook", h.Name).Hex(32)
		if h.Value.URI != "" {
			w.URIs[h.Name] = h.Value.URI
		}
	}
	for _, act := range plan.Acts {
		if c, ok := act.Do.(*scenario.Conference); ok && w.rooms[string(c.Name)] == "" {
			w.rooms[string(c.Name)] = draw("conference", string(c.Name)).Hex(32)
		}
	}
	return w
}

// reseller is the id of the account that resells to those below an account.
func (w *World) reseller(parent string, sells map[string]bool, provider string) string {
	o := w.Offices[parent]
	switch {
	case o == nil:
		return provider
	case sells[parent]:
		return o.Account.ID
	}
	return o.Account.ResellerID
}

// open gives an account its telephones.
func (w *World) open(key string, a scenario.Account, draw func(kind string, names ...string) *ids.Source, reseller string) {
	own := draw("account", key)
	realm := strings.ReplaceAll(strings.ToLower(key), "_", "-") + ".sip.example.com"
	o := &office.Office{
		Account: pbx.Account{ID: own.Hex(32), Name: a.Name, Realm: realm, ResellerID: reseller},
		Groups:  map[string][]pbx.Device{}, Rings: map[string][]pbx.Device{}, Alerts: map[string][]string{},
	}
	for _, u := range a.Users {
		random := draw("user", key, u.Name)
		d := pbx.Device{
			ID: random.Hex(32), OwnerID: random.Hex(32), Username: "user_" + random.Hex(10), Name: u.Value.Name, Extension: string(u.Value.Extension),
		}
		var box *pbx.Mailbox
		if u.Value.Voicemail {
			box = &pbx.Mailbox{ID: random.Hex(32), Number: d.Extension, OwnerID: d.OwnerID, Phones: []string{d.Username}}
		}
		o.Devices, o.Boxes = append(o.Devices, d), append(o.Boxes, box)
		w.users[u.Name] = seat{key, d}
	}
	for _, n := range a.Numbers {
		o.Numbers = append(o.Numbers, string(n.Number))
		o.Rings[string(n.Number)] = w.devices(n.Rings)
		o.Alerts[string(n.Number)] = n.Alert
	}
	for i, g := range a.Groups {
		o.Groups[scenario.GroupExtension(i)] = w.devices(g.Value)
	}
	if len(o.Numbers) > 0 {
		o.Account.Number = o.Numbers[0]
	}
	o.FaxBoxes = []pbx.FaxBox{{ID: own.Hex(32), Name: a.Name, Number: o.Account.Number, Email: "fax@" + realm}}
	w.Offices[key] = o
}

func (w *World) devices(users []string) []pbx.Device {
	all := make([]pbx.Device, len(users))
	for i, name := range users {
		all[i] = w.users[name].device
	}
	return all
}

// List is the offices in their order.
func (w *World) List() []office.Office {
	all := make([]office.Office, len(w.Order))
	for i, name := range w.Order {
		all[i] = *w.Offices[name]
	}
	return all
}

// lookup says what a reference stands for that is of no call.
func (w *World) lookup(r scenario.Reference) (string, bool) {
	if o := w.Offices[r.Name]; o != nil {
		number := ""
		if len(o.Numbers) > 0 {
			number = o.Numbers[0]
		}
		return chosen(r.Attribute, map[string]string{
			"id": o.Account.ID, "name": o.Account.Name, "realm": o.Account.Realm, "db": kapi.AccountDB(o.Account.ID),
			"number": number, "reseller_id": o.Account.ResellerID,
		})
	}
	if s, ok := w.users[r.Name]; ok {
		return chosen(r.Attribute, map[string]string{
			"id": s.device.OwnerID, "name": s.device.Name, "extension": s.device.Extension, "device_id": s.device.ID,
		})
	}
	if p, ok := w.people[r.Name]; ok {
		return chosen(r.Attribute, map[string]string{"number": p.Number, "name": p.Name})
	}
	if id, ok := w.rooms[r.Name]; ok {
		return id, r.Attribute == "id"
	}
	if id, ok := w.Hooks[r.Name]; ok && r.Attribute == "id" {
		return id, true
	}
	uri, ok := w.URIs[r.Name]
	return uri, ok && r.Attribute == "uri"
}

func chosen(name string, values map[string]string) (string, bool) {
	value, ok := values[name]
	return value, ok
}

// userOf is the user at a telephone.
func (w *World) userOf(d pbx.Device) string {
	for name, s := range w.users {
		if s.device.ID == d.ID {
			return name
		}
	}
	return ""
}

// revision counts the writes of documents.
type revision map[string]int

func (r revision) next(id string) int {
	r[id]++
	return r[id]
}
