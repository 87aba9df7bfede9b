package kapi_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

func TestTheKeysOfACallAreInOrder(t *testing.T) {
	g := NewWithT(t)
	keys := kapi.CallKeys()
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, "Is-") }) // which follow each other otherwise
	g.Expect(slices.IsSorted(keys)).To(BeTrue(), "%v", keys)
	g.Expect(keys).To(HaveLen(40))
}

// Tenants do not meet by the name of their conference.
func TestConferencesAreTheAccountsOwn(t *testing.T) {
	g := NewWithT(t)
	g.Expect(kapi.ConferenceID("a", "sales")).To(Equal("b20f1ebf77ef40f98abe1060a73a0f4d"))
	g.Expect(kapi.ConferenceID("b", "sales")).NotTo(Equal(kapi.ConferenceID("a", "sales")))
}
