package buildinfo_test

import (
	"runtime"
	"testing"

	"github.com/kazoolab/kazoolab/internal/buildinfo"
)

func TestReadAlwaysNamesVersionCompilerAndPlatform(t *testing.T) {
	t.Parallel()
	info := buildinfo.Read()
	if info.Version == "" || info.Go != runtime.Version() || info.Platform != runtime.GOOS+"/"+runtime.GOARCH {
		t.Fatalf("incomplete: %+v", info)
	}
}

func TestStringShortensTheCommit(t *testing.T) {
	t.Parallel()
	info := buildinfo.Info{
		Version: "v1.2.3", Commit: "0123456789abcdef0123", Date: "2026-11-01T00:00:00Z",
		Go: "go1.26", Platform: "linux/amd64",
	}
	want := "kazoolab v1.2.3 (0123456789ab, 2026-11-01T00:00:00Z) go1.26 linux/amd64"
	if got := info.String(); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}
