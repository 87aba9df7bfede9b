package vhost

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Against a plain list, over any order of deliveries and acknowledgements.
func TestLedgerAgreesWithAPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ledger
		var plain []uint64
		var last uint64
		tags := func(rows []unacked) []uint64 {
			var tags []uint64
			for _, u := range rows {
				tags = append(tags, u.tag)
			}
			return tags
		}
		t.Repeat(map[string]func(*rapid.T){
			"deliver": func(t *rapid.T) {
				for range rapid.IntRange(1, 2000).Draw(t, "messages") {
					last++
					l.add(unacked{tag: last, entry: &entry{}})
					plain = append(plain, last)
				}
			},
			"settle": func(t *rapid.T) {
				tag := rapid.Uint64Range(0, last+1).Draw(t, "tag")
				multiple := rapid.Bool().Draw(t, "multiple")
				i, found := slices.BinarySearch(plain, tag)
				var want []uint64
				switch {
				case tag == 0 && multiple:
					found, want, plain = true, plain, nil
				case !found:
				case multiple:
					want, plain = slices.Clone(plain[:i+1]), slices.Delete(plain, 0, i+1)
				default:
					want, plain = []uint64{tag}, slices.Delete(plain, i, i+1)
				}
				got, ok := l.take(nil, tag, multiple)
				if ok != found || !slices.Equal(tags(got), want) {
					t.Fatalf("tag %d, multiple %v: %v %v, want %v %v", tag, multiple, ok, tags(got), found, want)
				}
				if back := rapid.Bool().Draw(t, "put back"); back {
					l.putBack(got)
					plain = append(plain, want...)
					slices.Sort(plain)
				}
			},
			"": func(t *rapid.T) {
				if l.open != len(plain) || len(l.rows) > 2*len(plain)+2*shrinkAbove {
					t.Fatalf("%d rows, %d open, for %d deliveries", len(l.rows), l.open, len(plain))
				}
			},
		})
	})
}

func TestBacklogKeepsPriorityAndPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBacklog(3)
		var inside, outside []*entry
		var position uint64
		order := func(a, b *entry) int {
			if a.message.priority != b.message.priority {
				return int(b.message.priority) - int(a.message.priority)
			}
			return int(a.position) - int(b.position)
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 500).Draw(t, "messages") {
					position++
					e := &entry{position: position, message: &Message{priority: rapid.Uint8Range(0, 2).Draw(t, "priority")}}
					b.push(e)
					inside = append(inside, e)
				}
			},
			"pop": func(t *rapid.T) {
				slices.SortFunc(inside, order)
				for range min(len(inside), rapid.IntRange(1, 1500).Draw(t, "messages")) {
					e := b.pop()
					if e != inside[0] {
						t.Fatalf("got %d of priority %d, want %d", e.position, e.message.priority, inside[0].position)
					}
					inside, outside = inside[1:], append(outside, e)
				}
				if len(inside) == 0 && b.pop() != nil {
					t.Fatal("something is left")
				}
			},
			"push back": func(t *rapid.T) {
				for len(outside) > 0 && rapid.Bool().Draw(t, "one more") {
					i := rapid.IntRange(0, len(outside)-1).Draw(t, "which")
					b.pushBack(outside[i : i+1])
					inside = append(inside, outside[i])
					outside = slices.Delete(outside, i, i+1)
				}
			},
			"": func(t *rapid.T) {
				if b.count != len(inside) {
					t.Fatalf("counts %d, holds %d", b.count, len(inside))
				}
			},
		})
	})
}
