// Package buildinfo says which build is running, from what the Go linker wrote
// into the program. It never asks the network or a repository.
package buildinfo

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker where the compiler sees no repository, as in a
// container: go build -ldflags "-X github.com/kazoolab/kazoolab/internal/buildinfo.version=v1.2.3".
var version string

// Info describes one build. Fields the linker did not fill are empty.
type Info struct {
	Version  string `json:"version"`            // module version, "devel" when built from a tree without one
	Commit   string `json:"commit,omitempty"`   // full hash of the commit
	Date     string `json:"date,omitempty"`     // time of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the tree had changes that were not committed
	Go       string `json:"go"`                 // version of the compiler
	Platform string `json:"platform"`           // os/architecture
}

// Read returns the running program's Info.
func Read() Info {
	info := Info{
		Version:  "devel",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if v := build.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
	}
	if version != "" {
		info.Version = version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Date = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// String is one line for people.
func (i Info) String() string {
	line := "kazoolab " + i.Version
	if i.Commit != "" {
		line += fmt.Sprintf(" (%.12s, %s)", i.Commit, i.Date)
	}
	return fmt.Sprintf("%s %s %s", line, i.Go, i.Platform)
}
