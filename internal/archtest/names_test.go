package archtest_test

import (
	"path"
	"regexp"
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/internal/config"
)

// documents are the files that people read and copy commands from.
func documents(t *testing.T) []file {
	t.Helper()
	return slices.DeleteFunc(files(t), func(f file) bool {
		named := []string{"Makefile", "Dockerfile", "docker-compose.yml", ".ci/run"}
		return path.Ext(f.path) != ".md" && !slices.Contains(named, f.path)
	})
}

func TestEveryVariableInTheDocumentsIsRead(t *testing.T) {
	known := []string{
		// internal/cli
		"KAZOOLAB_CONFIG",
		// internal/brokertest, internal/postgrestest, internal/browsertest and internal/vectortest
		"KAZOOLAB_TEST_AMQP_URL", "KAZOOLAB_TEST_BROWSER", "KAZOOLAB_TEST_MANAGEMENT_URL", "KAZOOLAB_TEST_POSTGRES_URL", "KAZOOLAB_VECTORS",
		// .ci/run and docker-compose.yml themselves
		"KAZOOLAB_SHARED", "KAZOOLAB_PORT", "KAZOOLAB_WEBSOCKET_PORT", "KAZOOLAB_AMQP_PORT", "KAZOOLAB_MANAGEMENT_PORT",
		"KAZOOLAB_ACCOUNT", "KAZOOLAB_RATE",
	}
	for _, setting := range config.Settings() {
		known = append(known, setting.Env())
	}
	variable := regexp.MustCompile(`\bKAZOOLAB_[A-Z][A-Z_]*[A-Z]\b`)
	for _, f := range documents(t) {
		for _, name := range variable.FindAll(f.text, -1) {
			if !slices.Contains(known, string(name)) {
				t.Errorf("%s names %s, which nothing reads", f.path, name)
			}
		}
	}
}

func TestEveryMakeTargetInTheDocumentsExists(t *testing.T) {
	target := regexp.MustCompile(`(?m)^([a-z-]+):`)
	called := regexp.MustCompile("(?m)(?:`|^ *\\$? *)make ([a-z-]+)")
	var targets []string
	docs := documents(t)
	for _, f := range docs {
		if f.path == "Makefile" {
			for _, match := range target.FindAllSubmatch(f.text, -1) {
				targets = append(targets, string(match[1]))
			}
		}
	}
	if len(targets) == 0 {
		t.Fatal("the Makefile has no targets")
	}
	for _, f := range docs {
		for _, match := range called.FindAllSubmatch(f.text, -1) {
			if !slices.Contains(targets, string(match[1])) {
				t.Errorf("%s says make %s, which is no target", f.path, match[1])
			}
		}
	}
}
