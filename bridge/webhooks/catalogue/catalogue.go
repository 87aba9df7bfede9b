package catalogue

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

//go:embed data/*.json
var data embed.FS

// Hook is one entry, as its metadata document says it (webhooks_util:init_metadata/2).
type Hook struct {
	Name        string // channel_create …
	Title       string // Channel Create …
	Description string
	// Modifiers name the members that custom_data of such a hook must have, with
	// the values each may take; nil for none.
	Modifiers jobj.Object
}

// ForDialect returns the hooks that a version of Kazoo has, without "all", which
// is a value of every hook document and no entry of the catalogue. The talk's
// Kazoo had hooks of their own for faxes and callflows: they stand beside those of
// 5.0, with the texts of its branch 3.22.
func ForDialect(dialect fidelity.Dialect) ([]Hook, error) {
	entries, err := read("hooks")
	if err != nil {
		return nil, err
	}
	differing, err := read("hooks_" + string(dialect))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	entries = overlaid(entries, differing)
	hooks := make([]Hook, 0, len(entries))
	for _, element := range entries {
		entry, _ := element.(jobj.Object)
		hooks = append(hooks, Hook{
			Name:        entry.String("id"),
			Title:       entry.String("name"),
			Description: entry.String("description"),
			Modifiers:   entry.Object("modifiers"),
		})
	}
	return hooks, nil
}

// overlaid lays each entry of over onto the one with the same id, or appends it.
func overlaid(entries, over []any) []any {
	for _, element := range over {
		entry, _ := element.(jobj.Object)
		known := false
		for i := range entries {
			old, _ := entries[i].(jobj.Object)
			if old.String("id") == entry.String("id") {
				entries[i], known = old.Merge(entry), true
			}
		}
		if !known {
			entries = append(entries, entry)
		}
	}
	return entries
}

// Names are the names of hooks, in their order.
func Names(hooks []Hook) []string {
	names := make([]string, len(hooks))
	for i, hook := range hooks {
		names[i] = hook.Name
	}
	return names
}

// Restricted returns the notifications that only superduper callers are shown
// (cb_webhooks, list of hooks).
func Restricted() []string { return []string{"system_alert", "webhook_disabled"} }

// Choices are the values that one modifier takes: the elements of its items when
// they are a list, else their keys.
func Choices(modifier jobj.Object) []string {
	items, _ := modifier.Get("items")
	var choices []string
	switch items := items.(type) {
	case []any:
		for _, element := range items {
			if choice, ok := element.(string); ok {
				choices = append(choices, choice)
			}
		}
	case jobj.Object:
		for _, member := range items {
			choices = append(choices, member.Key)
		}
	}
	return choices
}

func read(name string) ([]any, error) {
	text, err := data.ReadFile("data/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("hook catalogue: %w", err)
	}
	value, err := jobj.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("hook catalogue: %s: %w", name, err)
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("hook catalogue: %s: not a list", name)
	}
	return list, nil
}
