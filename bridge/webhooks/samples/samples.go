package samples

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

//go:embed events/*.json
var events embed.FS

// What the reference serves for these hooks was written by hand, and holds members
// that no hook sends and lacks others.
//
//go:embed recorded/*.json
var recorded embed.FS

// What the reference shows no sample of, but a hook may be for: to try one with.
//
//go:embed unlisted/*.json
var unlisted embed.FS

// resellerID is that of every sample's account.
const resellerID = "026f4f0a6d99f9a19b6aa4aa75501d7d"

// Set holds the samples of one dialect and mode.
type Set struct {
	byHook map[string][]any
}

// New makes the samples. In the mode kazoo they are the reference's, to the byte
// where those are payloads, without cluster_id, and none for the hooks that it has
// none for (quirk samples-by-hand); corrected, they are what a receiver gets.
func New(dialect fidelity.Dialect, compat fidelity.Compat, clusterID string) (*Set, error) {
	s := &Set{byHook: map[string][]any{}}
	reader := payload.NewReader(payload.Rules{Dialect: dialect, Compat: compat, Reserved: payload.DefaultReservedVars()})
	err := each(events, func(_ string, messages []any) error {
		for _, message := range messages {
			if err := s.add(reader, message, clusterID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if compat == fidelity.Corrected {
		return s, nil
	}
	delete(s.byHook, "sms")
	delete(s.byHook, "mms")
	return s, each(recorded, func(hook string, written []any) error {
		s.byHook[hook] = written
		return nil
	})
}

// add makes the payloads of one message.
func (s *Set) add(reader *payload.Reader, message any, clusterID string) error {
	body := jobj.Append(nil, message)
	event, err := reader.Read(body)
	if err != nil {
		return fmt.Errorf("sample of an event: %w", err)
	}
	owner := payload.Owner{AccountID: event.AccountID, ResellerID: resellerID}
	sent := func(hook string, build func() payload.Payload) error {
		p := build()
		if reader.Compat == fidelity.Corrected {
			p = p.Merge(reader.Compat, nil, clusterID)
		}
		value, err := jobj.Parse(p.JSON(reader.Compat))
		if err != nil {
			return fmt.Errorf("sample of %s: %w", hook, err)
		}
		s.byHook[hook] = append(s.byHook[hook], value)
		return nil
	}
	if event.OldHook != "" {
		if err := sent(event.OldHook, func() payload.Payload { return event.OldPayload(owner) }); err != nil {
			return err
		}
	}
	switch {
	case event.Hook != "":
		return sent(event.Hook, func() payload.Payload { return event.Payload(owner) })
	case reader.Compat == fidelity.Corrected:
		return nil // it brings its own hook; no other gets it
	}
	// The reference shows the message all the same.
	return sent(payload.HookNotifications, func() payload.Payload { return reader.Normalise(payload.Parse(string(body))) })
}

// Hooks are those that there are samples for, sorted.
func (s *Set) Hooks() []string { return slices.Sorted(maps.Keys(s.byHook)) }

// Of are payloads such as a hook sends; nil for a hook without any.
func (s *Set) Of(hook string) []any { return s.byHook[hook] }

// each reads every file of a folder: a list, named after its hook.
func each(files fs.FS, do func(hook string, list []any) error) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		list, err := readList(files, name)
		if err != nil {
			return err
		}
		return do(strings.TrimSuffix(path.Base(name), ".json"), list)
	})
}

func readList(files fs.FS, name string) ([]any, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	value, err := jobj.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s: not a list", name)
	}
	return list, nil
}
