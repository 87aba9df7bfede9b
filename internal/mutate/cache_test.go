package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// Trials find what the user has built, and leave nothing in the user's cache.
func TestACacheOfTrialsBeginsAsTheUsersAndIsMadeAnew(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	users := filepath.Join(t.TempDir(), "go-build")
	g.Expect(os.MkdirAll(filepath.Join(users, "ab"), 0o700)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(users, "ab", "built"), []byte("as it stands"), 0o600)).To(Succeed())
	c := &cache{of: users}
	for range 2 {
		for n := range trialsPerCache {
			dir, err := c.ready()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(os.ReadFile(filepath.Join(dir, "ab", "built"))).To(BeEquivalentTo("as it stands"))
			mutant := filepath.Join(dir, "ab", "mutant")
			if n == 0 {
				g.Expect(mutant).NotTo(BeAnExistingFile())
				g.Expect(os.WriteFile(mutant, nil, 0o600)).To(Succeed())
			}
			g.Expect(mutant).To(BeAnExistingFile())
		}
	}
	g.Expect(c.remove()).To(Succeed())
	g.Expect(filepath.Glob(filepath.Join(filepath.Dir(users), "*"))).To(Equal([]string{users}))
	g.Expect(filepath.Glob(filepath.Join(users, "ab", "*"))).To(HaveLen(1))
}
