// Package office is whom a simulated switch serves: accounts with their numbers,
// telephones, groups and boxes. It owns who is meant by what is dialled, and never a call.
package office

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Office is an account that calls and is called.
type Office struct {
	Account  pbx.Account
	Numbers  []string // E.164
	Devices  []pbx.Device
	Boxes    []*pbx.Mailbox // of each device, in the same order; nil for one without
	FaxBoxes []pbx.FaxBox
	// Groups are telephones that ring together, by their extension.
	Groups map[string][]pbx.Device
	// Rings are the telephones that ring for a number; where it says nothing all do.
	Rings map[string][]pbx.Device
	// Alerts are the mail addresses that are told of calls to a number which nobody takes:
	// its callflow has the element missed_call_alert. Without any nobody is told.
	Alerts map[string][]string
}

// Called lists the telephones that ring for what is dialled: an extension, a group, a
// telephone's user name, or one of the account's numbers. None ring for anything else.
func (o Office) Called(dialled string) []pbx.Device {
	if group := o.Groups[dialled]; group != nil {
		return group
	}
	if d, ok := o.Device(dialled); ok {
		return []pbx.Device{d}
	}
	if rings := o.Rings[dialled]; rings != nil {
		return rings
	}
	if slices.Contains(o.Numbers, dialled) {
		return o.Devices
	}
	return nil
}

// Device finds a telephone by its extension, its user name, its id or its owner's.
func (o Office) Device(name string) (pbx.Device, bool) {
	user, _, _ := strings.Cut(name, "@")
	i := slices.IndexFunc(o.Devices, func(d pbx.Device) bool {
		return user != "" && (d.Extension == user || d.Username == user || d.ID == user || d.OwnerID == user)
	})
	if i < 0 {
		return pbx.Device{}, false
	}
	return o.Devices[i], true
}

// Telephones lists those that a name stands for: a device's or its owner's id, or anything that
// can be dialled.
func (o Office) Telephones(name string) []pbx.Device {
	owned := func(d pbx.Device) bool { return name != "" && d.OwnerID == name }
	if slices.ContainsFunc(o.Devices, owned) {
		return slices.DeleteFunc(slices.Clone(o.Devices), func(d pbx.Device) bool { return !owned(d) })
	}
	return slices.Clone(o.Called(name))
}

// Box is the voicemail box of a telephone; nil for one without.
func (o Office) Box(d pbx.Device) *pbx.Mailbox {
	i := slices.IndexFunc(o.Devices, func(other pbx.Device) bool { return other.Username == d.Username })
	if i < 0 || i >= len(o.Boxes) {
		return nil
	}
	return o.Boxes[i]
}

// FaxBox finds a fax box by its number or its id.
func (o Office) FaxBox(name string) (pbx.FaxBox, bool) {
	i := slices.IndexFunc(o.FaxBoxes, func(b pbx.FaxBox) bool { return b.Number == name || b.ID == name })
	if i < 0 {
		return pbx.FaxBox{}, false
	}
	return o.FaxBoxes[i], true
}

// Of finds the office of an account.
func Of(offices []Office, accountID string) (Office, bool) {
	i := slices.IndexFunc(offices, func(o Office) bool { return o.Account.ID == accountID })
	if i < 0 {
		return Office{}, false
	}
	return offices[i], true
}

// WithNumber finds the office that has a number, of a fax box as well.
func WithNumber(offices []Office, number string) (Office, bool) {
	i := slices.IndexFunc(offices, func(o Office) bool {
		_, fax := o.FaxBox(number)
		return fax || slices.Contains(o.Numbers, number)
	})
	if i < 0 {
		return Office{}, false
	}
	return offices[i], true
}
