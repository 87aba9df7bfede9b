package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// looking is how often a folder is looked at.
	looking = 300 * time.Millisecond
	// mostFiles bounds what is looked at.
	mostFiles = 20_000
)

// watch does something now, and again whenever a file of a folder has changed and the folder has
// been quiet since. It returns when ctx ends.
func (a *app) watch(ctx context.Context, folder string, do func() error) error {
	state, err := folderState(folder)
	if err != nil {
		return usagef("--watch: %w", err)
	}
	for {
		if err := do(); err != nil {
			if ctx.Err() != nil {
				return orderly(ctx, err)
			}
			a.say("%s: %v", a.Program, err) // it may be put right
		}
		a.say("watching %s; Ctrl-C ends it", folder)
		if state, err = a.changed(ctx, folder, state); err != nil {
			return orderly(ctx, err)
		}
		a.printf("\n")
	}
}

// changed returns the state of a folder when it is another than before, and has settled.
func (a *app) changed(ctx context.Context, folder string, was uint64) (uint64, error) {
	last := was
	for {
		if err := clock.Sleep(ctx, a.Clock, looking); err != nil {
			return was, err
		}
		is, err := folderState(folder)
		if err != nil {
			return was, fmt.Errorf("look at %s: %w", folder, err)
		}
		if is == last && is != was {
			return is, nil
		}
		last = is
	}
}

// folderState is a number that changes with the files of a folder: their names, sizes and times.
func folderState(folder string) (uint64, error) {
	if info, err := os.Stat(folder); err != nil {
		return 0, err
	} else if !info.IsDir() {
		return 0, fmt.Errorf("%s is no folder", folder)
	}
	sum, files := fnv.New64a(), 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went while it was looked at
			return nil
		case err != nil:
			return err
		case entry.IsDir() && path != folder && slices.Contains([]string{".git", "node_modules", "vendor", "__pycache__"}, entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		if files++; files > mostFiles {
			return fmt.Errorf("it has more than %d files; watch the folder of the app alone", mostFiles)
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			fmt.Fprintf(sum, "%s\x00%d\x00%d\x00", path, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	return sum.Sum64(), err
}
