package runfile_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/kazoolab/kazoolab/internal/runfile"
)

// alive is the note of this very process, with a port that answers.
func alive(t *testing.T) runfile.File {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return runfile.File{
		PID:      os.Getpid(),
		REST:     "http://" + listener.Addr().String(),
		AMQP:     "amqp://guest:guest@127.0.0.1:5672/",
		Accounts: []runfile.Account{{ID: "m", Name: "Master", Kind: runfile.Master}, {ID: "c", Name: "Cust Omer", Kind: runfile.Customer}},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "run.json")
	want := alive(t)
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := runfile.Read(t.Context(), path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v: others can read the keys", info.Mode(), err)
	}
	if err := want.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := runfile.Read(t.Context(), path); !errors.Is(err, runfile.ErrNotRunning) {
		t.Fatalf("after removal: %v", err)
	}
}

func TestANoteLeftOverIsNotTaken(t *testing.T) {
	t.Parallel()
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	deadProcess, closedPort := alive(t), alive(t)
	deadProcess.PID = gone.Process.Pid
	closedPort.REST = "http://127.0.0.1:1"
	for name, file := range map[string]runfile.File{"dead process": deadProcess, "closed port": closedPort} {
		path := filepath.Join(t.TempDir(), "run.json")
		if err := file.Write(path); err != nil {
			t.Fatal(err)
		}
		if _, err := runfile.Read(t.Context(), path); !errors.Is(err, runfile.ErrNotRunning) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABrokenNoteIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := runfile.Read(t.Context(), path); err == nil || errors.Is(err, runfile.ErrNotRunning) {
		t.Fatal(err)
	}
}

func TestRemoveLeavesAnothersNoteAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.json")
	mine, other := alive(t), alive(t)
	other.PID++
	if err := other.Write(path); err != nil {
		t.Fatal(err)
	}
	if err := mine.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("another's note is gone")
	}
}

func TestPathFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_RUNTIME_DIR": "/run/user/1", "HOME": "/users/ann"}, "/run/user/1/kazoolab/run.json"},
		{map[string]string{"XDG_CACHE_HOME": "/c", "HOME": "/users/ann"}, "/c/kazoolab/run.json"},
		{map[string]string{"HOME": "/users/ann"}, "/users/ann/.cache/kazoolab/run.json"},
		{map[string]string{"HOME": "relative"}, ""},
	} {
		got, err := runfile.Path(func(name string) string { return c.env[name] })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v: %q, %v", c.env, got, err)
		}
	}
}

func TestAccountsAreFoundByIDNameAndKind(t *testing.T) {
	t.Parallel()
	file := alive(t)
	for _, key := range []string{"c", "Cust Omer", runfile.Customer} {
		if a, ok := file.Account(key); !ok || a.ID != "c" {
			t.Errorf("%s: %+v", key, a)
		}
	}
	if a, ok := file.Default(); !ok || a.ID != "c" {
		t.Errorf("default %+v", a)
	}
	file.Accounts = file.Accounts[:1]
	if a, ok := file.Default(); !ok || a.ID != "m" {
		t.Errorf("default without customers %+v", a)
	}
	if _, ok := file.Account("x"); ok {
		t.Error("an account out of nowhere")
	}
}
