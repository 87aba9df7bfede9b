package cli

import (
	"slices"

	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// officesFor are the accounts that call: those of the up that runs, or the one that is
// named, or made up ones.
func officesFor(running *runfile.File, name string, made int, random *ids.Source) ([]office.Office, error) {
	var offices []office.Office
	switch {
	case running != nil && name != "":
		account, err := chooseAccount(*running, name)
		if err != nil && !isID(name) {
			return nil, err
		}
		if err == nil {
			return []office.Office{officeOf(account, random)}, nil
		}
	case running != nil:
		for _, account := range running.Accounts {
			if account.Kind == runfile.Customer {
				offices = append(offices, officeOf(account, random))
			}
		}
	}
	switch {
	case len(offices) > 0:
		return offices, nil
	case name != "" && !isID(name):
		return nil, usagef("--account: no up runs that knows %q; give the 32 hexadecimal digits of an id", name)
	case name != "":
		account := fixtures.NewOffice(random, nil)
		account.ID = name
		return []office.Office{officeOf(noted(account), random)}, nil
	}
	var all []fixtures.Account
	for range made {
		account := fixtures.NewOffice(random, all)
		all = append(all, account)
		offices = append(offices, officeOf(noted(account), random))
	}
	return offices, nil
}

// placedBy tells of accounts whose calls the switch of the up that runs places, if it is on
// the broker at url; nil for none.
func placedBy(running *runfile.File, url string) func(accountID string) bool {
	if running == nil || running.AMQP != url {
		return nil
	}
	return func(accountID string) bool {
		return slices.ContainsFunc(running.Accounts, func(a runfile.Account) bool { return a.ID == accountID })
	}
}

// noted is an account as a run file has it.
func noted(a fixtures.Account) runfile.Account {
	account := runfile.Account{ID: a.ID, Name: a.Name, Realm: a.Realm, ResellerID: a.ResellerID, Numbers: a.Numbers}
	for _, u := range a.Users {
		account.Users = append(account.Users, runfile.User{
			ID: u.ID, Name: u.Name(), Username: u.Username, Email: u.Email, Extension: u.Extension,
			DeviceID: u.Device.ID, DeviceUsername: u.Device.Username,
		})
	}
	return account
}

// alerts are who is told of missed calls: all users of the account, of those to any of its
// numbers.
func alerts(users []runfile.User, numbers []string) map[string][]string {
	var addresses []string
	for _, user := range users {
		if user.Email != "" {
			addresses = append(addresses, user.Email)
		}
	}
	told := map[string][]string{}
	for _, number := range numbers {
		told[number] = addresses
	}
	return told
}

// officeOf gives an account's users a telephone and a voicemail box each.
func officeOf(account runfile.Account, random *ids.Source) office.Office {
	o := office.Office{
		Account: pbx.Account{ID: account.ID, Name: account.Name, Realm: account.Realm, ResellerID: account.ResellerID},
		Numbers: slices.Clone(account.Numbers),
	}
	for _, user := range account.Users {
		if user.Extension == "" {
			continue
		}
		d := fixtures.NewDevice(random, user.ID, user.Name, user.Extension)
		if user.DeviceID != "" {
			d.ID, d.Username = user.DeviceID, user.DeviceUsername
		}
		o.Devices = append(o.Devices, telephone(d))
		phones := []string{o.Devices[len(o.Devices)-1].Username}
		o.Boxes = append(o.Boxes, &pbx.Mailbox{ID: random.Hex(32), Number: user.Extension, OwnerID: user.ID, Phones: phones})
	}
	if len(o.Devices) == 0 { // an account without telephones has a common one
		o.Devices = []pbx.Device{telephone(fixtures.NewDevice(random, "", account.Name, "1001"))}
	}
	if len(o.Numbers) == 0 {
		o.Numbers = []string{fixtures.NewNumber(random)}
	}
	o.Account.Number = o.Numbers[0]
	box := fixtures.NewFaxBox(random, account.Realm)
	o.FaxBoxes = []pbx.FaxBox{{ID: box.ID, Name: box.Name, Number: box.Number, Email: box.Email}}
	o.Alerts = alerts(account.Users, o.Numbers)
	return o
}

// telephone is a device as the switch knows it.
func telephone(d fixtures.Device) pbx.Device {
	return pbx.Device{ID: d.ID, Username: d.Username, OwnerID: d.OwnerID, Name: d.Name, Extension: d.Extension}
}
