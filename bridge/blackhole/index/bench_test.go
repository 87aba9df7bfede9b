package index_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
)

// BenchmarkMatch finds the subscribers of one account's new call among those of
// many: under a key without wildcards for the call, with *, and with #.
func BenchmarkMatch(b *testing.B) {
	for _, last := range []string{"*", "c1", "#"} {
		for _, keys := range []int{10, 1_000, 100_000} {
			b.Run(fmt.Sprintf("last=%s/keys=%d", last, keys), func(b *testing.B) {
				x := index.New[int]()
				for i := range keys {
					x.Add(fmt.Sprintf("call.%032x.CHANNEL_CREATE.%s", i, last), i)
				}
				event := fmt.Sprintf("call.%032x.CHANNEL_CREATE.c1", keys/2)
				seen := 0
				b.ReportAllocs()
				for b.Loop() {
					x.Match(event, func(int) bool { seen++; return true })
				}
				if seen != b.N {
					b.Fatalf("found %d times in %d", seen, b.N)
				}
			})
		}
	}
}

// BenchmarkAddRemove changes an index of many.
func BenchmarkAddRemove(b *testing.B) {
	for _, keys := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			x := index.New[int]()
			for i := range keys {
				x.Add(fmt.Sprintf("call.%032x.CHANNEL_CREATE.*", i), i)
			}
			key := fmt.Sprintf("call.%032x.CHANNEL_ANSWER.*", keys/2)
			b.ReportAllocs()
			for b.Loop() {
				x.Add(key, 1)
				x.Remove(key, 1)
			}
		})
	}
}

// BenchmarkMemory weighs 100,000 keys of as many accounts, each with one value.
func BenchmarkMemory(b *testing.B) {
	const keys = 100_000
	for b.Loop() {
		before := heap()
		x := index.New[int]()
		for i := range keys {
			x.Add(fmt.Sprintf("call.%032x.CHANNEL_CREATE.*", i), i)
		}
		b.ReportMetric(float64(heap()-before)/keys, "bytes/key")
		runtime.KeepAlive(x)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
