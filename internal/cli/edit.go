package cli

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// edit lets the user change a text in the editor of their choice. name is what the
// file is called, by which editors know its language.
func (a *app) edit(ctx context.Context, name, text string) (string, error) {
	editor := strings.Fields(cmp.Or(a.getenv("VISUAL"), a.getenv("EDITOR")))
	if len(editor) == 0 {
		return "", usagef("--edit: set EDITOR to the editor to use")
	}
	folder, err := os.MkdirTemp("", "kazoolab-edit-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", err
	}
	if err := a.Edit(ctx, append(editor, path)); err != nil {
		return "", usagef("--edit: %s: %w", editor[0], err)
	}
	changed, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	// Editors end the last line of a file that did not end it.
	if !strings.HasSuffix(text, "\n") {
		changed = []byte(strings.TrimSuffix(string(changed), "\n"))
	}
	return string(changed), nil
}

// runEditor runs an editor at the terminal of this process.
func runEditor(ctx context.Context, command []string) error {
	editor := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the user's own choice
	editor.Stdin, editor.Stdout, editor.Stderr = os.Stdin, os.Stdout, os.Stderr
	return editor.Run()
}
