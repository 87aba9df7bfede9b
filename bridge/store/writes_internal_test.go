package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Old writes are forgotten, and whoever asks for one of them is told.
func TestOldWritesAreForgotten(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	save := func(n int) {
		t.Helper()
		docs := make([]Document, n)
		for i := range docs {
			docs[i] = Document{DB: kapi.DatabaseNumbers}
		}
		if err := s.SaveAll(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, after int64, want int) {
		t.Helper()
		got, err := s.Writes(t.Context(), after, 2*KeptWrites)
		if want < 0 && !errors.Is(err, ErrForgotten) || want >= 0 && (err != nil || len(got) != want) {
			t.Errorf("%s: %d writes after %d, %v", what, len(got), after, err)
		}
	}
	// As if so many had been made.
	if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf("UPDATE write_count SET last=%d", 5*KeptWrites-2)); err != nil {
		t.Fatal(err)
	}
	save(1)
	expect("never noted", 5*KeptWrites-3, -1)
	expect("noted", 5*KeptWrites-2, 1)
	save(KeptWrites + 10)
	expect("at once, more than are kept", 5*KeptWrites-1, -1)
	expect("at once, more than are kept", 5*KeptWrites+8, -1)
	expect("at once, more than are kept", 5*KeptWrites+9, KeptWrites)
	save(forgetEvery + 10)
	var rows int
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM writes").Scan(&rows); err != nil || rows > KeptWrites+forgetEvery {
		t.Errorf("%d rows, %v", rows, err)
	}
	expect("too old", 5*KeptWrites+9, -1)
}
