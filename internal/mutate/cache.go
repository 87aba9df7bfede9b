package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// cache is where a trial builds: all that go build has cached so far, and what trials add.
// A deviation in a package that most others import adds some 40 MB, which nobody needs
// again: all of them left 34 GB in the user's own cache.
type cache struct {
	of    string // the user's
	dir   string
	tried int // since it was made
}

// trialsPerCache is how many trials add to a cache: making one takes as long as linking all
// of the user's files, of which there may be 100,000.
const trialsPerCache = 20

// ready makes the cache anew after every trialsPerCache trials. To be linked its files must
// be on the same disk, so it stands beside the user's.
func (c *cache) ready() (dir string, err error) {
	if c.tried%trialsPerCache == 0 {
		if err := c.remove(); err != nil {
			return "", err
		}
		if c.dir, err = os.MkdirTemp(filepath.Dir(c.of), "kazoolab-mutate-"); err != nil {
			return "", err
		}
		err := link(c.of, c.dir)
		if errors.Is(err, syscall.EXDEV) { // it is a disk of its own, on which there is nothing beside it
			return c.of, nil
		}
		if err != nil {
			return "", err
		}
	}
	c.tried++
	return c.dir, nil
}

func (c *cache) remove() error {
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// link has a folder show the files of another. What goes away meanwhile, as go build removes
// what is old, is left out.
func link(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return ignore(err, fs.ErrNotExist)
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return ignore(os.Mkdir(target, 0o700), fs.ErrExist)
		}
		if entry.Name() == "trim.txt" { // which go build writes in place: when it last removed what is old
			return nil
		}
		return ignore(os.Link(path, target), fs.ErrNotExist) //nolint:gosec // the user's own files
	})
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
