package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

const (
	// looking is how often a folder is looked at.
	looking = 300 * time.Millisecond
	// settling bounds how often it is looked at for what a run leaves behind.
	settling = 10
	// mostFiles bounds what is looked at.
	mostFiles = 20_000
)

// watched is a folder, and files that may lie elsewhere.
type watched struct {
	folder string
	also   []string
}

// watch does something now, and again whenever a file of a folder, or one beside it, has changed and all has
// been quiet since. What changes meanwhile does not count: an app that writes into its own folder
// when it is asked would have it done for ever. It returns when ctx ends.
func (a *app) watch(ctx context.Context, w watched, do func() error) error {
	if _, err := w.state(); err != nil {
		return usagef("--watch: %w", err)
	}
	for {
		if err := do(); err != nil {
			if ctx.Err() != nil {
				return orderly(ctx, err)
			}
			a.say("kazoolab: %v", err) // it may be put right
		}
		state, err := a.settled(ctx, w)
		if err != nil {
			return orderly(ctx, err)
		}
		a.say("watching %s; Ctrl-C ends it", w.folder)
		what, err := a.changed(ctx, w, state)
		if err != nil {
			return orderly(ctx, err)
		}
		a.printf("\n")
		a.say("%s", what)
	}
}

// look waits a moment and returns the state of a folder.
func (a *app) look(ctx context.Context, w watched) (files, error) {
	if err := clock.Sleep(ctx, a.Clock, looking); err != nil {
		return nil, err
	}
	is, err := w.state()
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", w.folder, err)
	}
	return is, nil
}

// settled returns the state of a folder once it is quiet, or has been looked at often enough: an
// app may go on writing for a moment after its last answer.
func (a *app) settled(ctx context.Context, w watched) (is files, err error) {
	var last files
	for range settling {
		if is, err = a.look(ctx, w); err != nil || last != nil && maps.Equal(is, last) {
			return is, err
		}
		last = is
	}
	return is, nil
}

// changed says which file is another than before, once the folder is quiet.
func (a *app) changed(ctx context.Context, w watched, was files) (string, error) {
	for last := was; ; {
		is, err := a.look(ctx, w)
		if err != nil {
			return "", err
		}
		if maps.Equal(is, last) && !maps.Equal(is, was) {
			return is.since(was), nil
		}
		last = is
	}
}

// files are those of a folder, and what changes with each: its size and time.
type files map[string][2]int64

// since says what has changed, for people.
func (f files) since(was files) string {
	var names []string
	for name, is := range f {
		if before, ok := was[name]; !ok || is != before {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, ok := f[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > 1 {
		return fmt.Sprintf("%s and %s have changed", visible(names[0]), session.Counted(len(names)-1, "other file"))
	}
	return visible(names[0]) + " has changed"
}

// state tells all files.
func (w watched) state() (files, error) {
	is, err := folderState(w.folder)
	if err != nil {
		return nil, err
	}
	for _, path := range w.also {
		switch info, err := os.Stat(path); {
		case err == nil:
			is[filepath.Clean(path)] = [2]int64{info.Size(), info.ModTime().UnixNano()}
		case !errors.Is(err, fs.ErrNotExist): // it went, and may come back
			return nil, err
		}
	}
	return is, nil
}

// folderState tells the files of a folder, but for logs.
func folderState(folder string) (files, error) {
	if info, err := os.Stat(folder); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", folder)
	}
	state := files{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went while it was looked at
			return nil
		case err != nil:
			return err
		case entry.IsDir() && path != folder && slices.Contains([]string{".git", "node_modules", "vendor", "__pycache__"}, entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular(), strings.HasSuffix(entry.Name(), ".log"):
			return nil
		}
		if len(state) >= mostFiles {
			return fmt.Errorf("it has more than %d files; watch the folder of the app alone", mostFiles)
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			state[path] = [2]int64{info.Size(), info.ModTime().UnixNano()}
		}
		return err
	})
	return state, err
}
