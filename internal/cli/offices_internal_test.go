package cli

import (
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestUsersOfMadeUpAccountsAreToldOfMissedCalls(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	offices, err := officesFor(nil, "", 2, ids.Seeded("offices"))
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(offices).To(gomega.HaveLen(2))
	for _, o := range offices {
		for _, number := range o.Numbers {
			g.Expect(o.Alerts[number]).NotTo(gomega.BeEmpty())
			g.Expect(o.Alerts[number]).To(gomega.HaveEach(gomega.HaveSuffix("@" + o.Account.Realm)))
		}
	}
}
