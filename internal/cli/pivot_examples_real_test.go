//go:build real

package cli_test

import (
	"os/exec"
	"testing"
)

// Node and PHP are real ones: `make test-real` installs them where they are not.
func TestThePivotExamplesInNodeAndPHPDoWhatTheirCallersExpect(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(address string) []string{
		"node": func(string) []string { return []string{"node", pivotExamples + "/node/ivr.mjs"} },
		"php":  func(address string) []string { return []string{"php", "-S", address, pivotExamples + "/php/ivr.php"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := freeAddress(t)
			words := command(address)
			example(t, address, exec.CommandContext(t.Context(), words[0], words[1:]...))
			callExample(t, "http://"+address+"/start.xml", "twiml")
		})
	}
}
