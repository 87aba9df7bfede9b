// Package report prints the results of a certification: for a terminal, as JSON, as JUnit's
// XML, as one page of HTML that needs no network, and as Markdown for a CI's summary. All are
// made of results.Results alone; what is hostile in it is shown, and never acts. The package
// decides no outcome.
package report

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kazoolab/kazoolab/conformance/results"
)

// Names of the files that Write makes.
const (
	JSONFile    = "results.json"
	JUnitFile   = "junit.xml"
	HTMLFile    = "report.html"
	SummaryFile = "summary.md"
)

// Write writes all files into a folder, which is made if it is not there, and returns their
// paths. A file is replaced whole or not at all.
func Write(dir string, r *results.Results) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // reports are for others to read, and hold no secret
		return nil, err
	}
	var paths []string
	for _, f := range []struct {
		name  string
		print func(io.Writer, *results.Results) error
	}{{JSONFile, JSON}, {JUnitFile, JUnit}, {HTMLFile, HTML}, {SummaryFile, Summary}} {
		path := filepath.Join(dir, f.name)
		var text bytes.Buffer
		if err := f.print(&text, r); err != nil {
			return paths, err
		}
		if err := replace(path, text.Bytes()); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Remove removes the files of an earlier run from a folder.
func Remove(dir string) error {
	var errs []error
	for _, name := range []string{JSONFile, JUnitFile, HTMLFile, SummaryFile} {
		if err := os.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func replace(path string, data []byte) error {
	const readable fs.FileMode = 0o644
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(readable), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}
