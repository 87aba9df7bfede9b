package account_test

import (
	"reflect"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func TestFromDocument(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want account.Account
	}{
		"a customer": {
			`{"name":"Customer","realm":"customer.ref.test","enabled":true,"pvt_tree":["0001","1111"]}`,
			account.Account{Name: "Customer", Realm: "customer.ref.test", Tree: []string{"0001", "1111"}, Enabled: true},
		},
		"enabled unless it says otherwise": {`{}`, account.Account{Enabled: true}},
		"disabled, in words":               {`{"enabled":"false"}`, account.Account{}},
		"a reseller that names its own": {
			`{"pvt_reseller":true,"pvt_reseller_id":"0001","pvt_tree":["0001"]}`,
			account.Account{Tree: []string{"0001"}, IsReseller: true, ResellerID: "0001", Enabled: true},
		},
		"the master account": {
			`{"pvt_superduper_admin":true,"pvt_tree":[]}`,
			account.Account{Superduper: true, IsReseller: true, Enabled: true},
		},
		"superduper below another": {
			`{"pvt_superduper_admin":true,"pvt_tree":["0001"]}`,
			account.Account{Tree: []string{"0001"}, Superduper: true, Enabled: true},
		},
		"nonsense": {
			`{"name":7,"realm":{},"enabled":null,"pvt_tree":["0001",2,"",null],"pvt_reseller":"yes","pvt_superduper_admin":1}`,
			account.Account{Tree: []string{"0001"}, Enabled: true},
		},
		"a tree that is none": {`{"pvt_tree":"0001"}`, account.Account{Enabled: true}},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := jobj.ParseObject([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			c.want.ID = "id"
			if got := account.FromDocument(store.Document{ID: "id", Body: body}); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestMayAccess(t *testing.T) {
	directory := recorded()
	get := func(id string) account.Account {
		a, _ := directory.Get(id)
		return a
	}
	for _, c := range []struct {
		caller, target string
		want           bool
	}{
		{master, sub, true},
		{master, master, true},
		{master, "unknown", true},
		{reseller, customer, true},
		{reseller, sub, true},
		{customer, sub, true},
		{customer, customer, true},
		{customer, sibling, false},
		{customer, reseller, false},
		{sub, customer, false},
		{reseller, master, false},
		{reseller, "unknown", false},
		{"unknown", customer, false},
		{"unknown", "unknown", false},
	} {
		if got := account.MayAccess(get(c.caller), get(c.target)); got != c.want {
			t.Errorf("%s on %s: %v", c.caller, c.target, got)
		}
	}
}
