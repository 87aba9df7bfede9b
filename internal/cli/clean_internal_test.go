package cli

import "testing"

func TestWhatComesFromOutsideDoesNotReachTheTerminalAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"Reichel Dental – ä日本": "Reichel Dental – ä日本",
		"a\x1b[2Jb\r\nc":       "a [2Jb  c",
		"a\u009b2Jb\u0085":     "a 2Jb ",
		"a\u202egpj.exe":       "a gpj.exe",
		"a\u200bb\x7f":         "a b ",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
