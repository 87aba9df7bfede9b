package account

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/store"
)

// Account is what the bridge needs to know of an account at every event.
type Account struct {
	ID    string
	Name  string
	Realm string
	Tree  []string // ancestors from the root down to the parent (pvt_tree)

	// ResellerID is the account that sells to this one; "" when unknown.
	// Directory.Get works it out where the account does not say it.
	ResellerID string
	IsReseller bool
	Superduper bool // pvt_superduper_admin: its tokens may do everything
	Enabled    bool
}

// FromDocument reads an account document. The root account counts as a reseller
// when it is superduper, flagged or not: the master account is the top reseller.
func FromDocument(doc store.Document) Account {
	a := Account{
		ID:         doc.ID,
		Name:       doc.Body.String("name"),
		Realm:      doc.Body.String("realm"),
		ResellerID: doc.Body.String("pvt_reseller_id"),
		Superduper: doc.Body.Bool(false, "pvt_superduper_admin"),
		Enabled:    doc.Body.Bool(true, "enabled"),
	}
	tree, _ := doc.Body.Get("pvt_tree")
	list, _ := tree.([]any)
	for _, element := range list {
		if id, ok := element.(string); ok && id != "" {
			a.Tree = append(a.Tree, id)
		}
	}
	a.IsReseller = doc.Body.Bool(false, "pvt_reseller") || a.Superduper && len(a.Tree) == 0
	return a
}

// MayAccess says whether a token of caller may work on target: superduper accounts
// on all, others on themselves and on their descendants (cb_simple_authz). Being a
// reseller adds nothing.
func MayAccess(caller, target Account) bool {
	if caller.ID == "" {
		return false
	}
	return caller.Superduper || caller.ID == target.ID || slices.Contains(target.Tree, caller.ID)
}
