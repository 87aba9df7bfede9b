package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// choice says which deviations are tried.
type choice struct {
	only   []string // ids
	areas  []string
	sample int    // so many of them, 0 for all
	seed   string // draws the sample
}

// of returns the chosen ones in their order. What names none is an error.
func (c choice) of(all []deviation) ([]deviation, error) {
	for _, want := range []struct {
		flag  string
		names []string
		of    func(deviation) string
	}{
		{"-only", c.only, func(d deviation) string { return d.id }},
		{"-area", c.areas, func(d deviation) string { return d.area }},
	} {
		if len(want.names) == 0 {
			continue
		}
		known := map[string]bool{}
		for _, d := range all {
			known[want.of(d)] = true
		}
		for _, name := range want.names {
			if !known[name] {
				return nil, fmt.Errorf("%s: there is no %q among the deviations", want.flag, name)
			}
		}
		all = slices.DeleteFunc(slices.Clone(all), func(d deviation) bool { return !slices.Contains(want.names, want.of(d)) })
	}
	if c.sample == 0 || c.sample >= len(all) {
		return all, nil
	}
	random := ids.Seeded(c.seed)
	left := slices.Clone(all)
	for len(left) > c.sample {
		i := random.IntN(len(left))
		left = slices.Delete(left, i, i+1)
	}
	return left, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
