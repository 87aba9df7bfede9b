package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func secrets() []contract {
	return []contract{
		{"a secret is made once", func(t *testing.T, f *fixture) {
			for _, made := range []string{"\x00\xff first", "second"} {
				got, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return []byte(made), nil })
				if err != nil || string(got) != "\x00\xff first" {
					t.Errorf("%q, %v", got, err)
				}
			}
			other, err := f.Secret(t.Context(), "other", func() ([]byte, error) { return []byte("its own"), nil })
			if err != nil || string(other) != "its own" {
				t.Errorf("%q, %v", other, err)
			}
		}},
		{"all who race get the same", func(t *testing.T, f *fixture) {
			const racers = 8
			var (
				group sync.WaitGroup
				ready sync.WaitGroup
				got   [racers][]byte
			)
			ready.Add(racers)
			for racer := range racers {
				group.Go(func() {
					value, err := f.Secret(t.Context(), "key", func() ([]byte, error) {
						ready.Done()
						ready.Wait() // until each has found that there is none
						return fmt.Append(nil, racer), nil
					})
					if err != nil {
						t.Error(err)
					}
					got[racer] = value
				})
			}
			group.Wait()
			for _, value := range got {
				if len(value) == 0 || !bytes.Equal(value, got[0]) {
					t.Errorf("%q and %q", got[0], value)
				}
			}
		}},
		{"a maker that fails leaves room for the next", func(t *testing.T, f *fixture) {
			broken := errors.New("no entropy")
			if _, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
				t.Error(err)
			}
			got, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return []byte("made"), nil })
			if err != nil || string(got) != "made" {
				t.Errorf("%q, %v", got, err)
			}
		}},
	}
}
