package storetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func files() []contract {
	doc := store.Document{DB: "d", ID: "m", Type: "media", AccountID: "a1", Body: jobj.Object{{Key: "name", Value: "one"}}}
	wav := store.File{Name: "a.wav", ContentType: "audio/wav", Content: []byte("RIFF\x00\xff")}
	saved := func(t *testing.T, f *fixture, doc store.Document, file store.File) store.Document {
		t.Helper()
		saved, err := f.SaveFile(t.Context(), doc, file)
		if err != nil {
			t.Fatal(err)
		}
		return saved
	}
	expect := func(t *testing.T, f *fixture, want store.File) {
		t.Helper()
		got, err := f.File(t.Context(), "d", "m")
		if want.Content == nil {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q, %v instead of none", got.Content, err)
			}
			return
		}
		if err != nil || got.Name != want.Name || got.ContentType != want.ContentType || !bytes.Equal(got.Content, want.Content) {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	return []contract{
		{"a file comes back as it was saved", func(t *testing.T, f *fixture) {
			expect(t, f, store.File{})
			first := saved(t, f, doc, wav)
			expect(t, f, wav)
			if got, err := f.Get(t.Context(), "d", "m"); err != nil || got.Rev != first.Rev || got.Body.String("name") != "one" {
				t.Errorf("%+v, %v", got, err)
			}
			large := store.File{Name: "b", ContentType: "x/y", Content: bytes.Repeat([]byte{0, 1, 2, 255}, 2_000_000)}
			saved(t, f, first, large)
			expect(t, f, large)
		}},
		{"a file stays when the document is saved without", func(t *testing.T, f *fixture) {
			first := saved(t, f, doc, wav)
			first.Deleted = true
			if _, err := f.Save(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			expect(t, f, wav)
			if _, err := f.Save(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
			expect(t, f, store.File{}) // another document, of the same id
		}},
		{"a file without content takes the one before away", func(t *testing.T, f *fixture) {
			first := saved(t, f, doc, wav)
			saved(t, f, first, store.File{})
			expect(t, f, store.File{})
		}},
		{"a file goes with its document", func(t *testing.T, f *fixture) {
			saved(t, f, doc, wav)
			if err := f.Remove(t.Context(), "d", "m"); err != nil {
				t.Fatal(err)
			}
			expect(t, f, store.File{})
			saved(t, f, doc, store.File{})
			expect(t, f, store.File{})
		}},
		{"neither is saved where the document is another one", func(t *testing.T, f *fixture) {
			first := saved(t, f, doc, wav)
			first.Rev = "1-00000000000000000000000000000000"
			if _, err := f.SaveFile(t.Context(), first, store.File{Name: "b", Content: []byte("b")}); !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
			expect(t, f, wav)
		}},
		{"names that a database cannot hold are refused", func(t *testing.T, f *fixture) {
			for _, file := range []store.File{{Name: "a\x00", Content: []byte("x")}, {ContentType: "\xff", Content: []byte("x")}} {
				if _, err := f.SaveFile(t.Context(), doc, file); !errors.Is(err, store.ErrInvalid) {
					t.Errorf("%q: %v", file.Name, err)
				}
			}
		}},
	}
}
