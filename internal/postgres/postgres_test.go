package postgres

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func TestMissingInstallationSaysWhatToDo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := findIn(t.TempDir(), t.TempDir())
	g.Expect(err).To(MatchError(ErrNotInstalled))
	g.Expect(err).To(MatchError(ContainSubstring("apt-get install")))
}

func TestTheNewestInstallationIsTaken(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	versions, programs := t.TempDir(), t.TempDir()
	install := func(folder string, names ...string) {
		g.Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
		for _, name := range names {
			g.Expect(os.WriteFile(filepath.Join(folder, name), nil, 0o700)).To(Succeed())
		}
	}
	install(programs, "initdb", "postgres")
	in, err := findIn(versions, programs)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(in.server).To(Equal(filepath.Join(programs, "postgres")))

	install(filepath.Join(versions, "9", "bin"), "initdb", "postgres")
	install(filepath.Join(versions, "15", "bin"), "initdb", "postgres")
	install(filepath.Join(versions, "17", "bin"), "psql") // a client alone
	in, err = findIn(versions, programs)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(in.initdb).To(Equal(filepath.Join(versions, "15", "bin", "initdb")))
}

func TestNameOfADatabase(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(name("postgres://user:pass@127.0.0.1:5432/a%20b?sslmode=disable")).To(Equal("a b"))
}
