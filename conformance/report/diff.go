package report

import (
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/conformance/results"
)

// span is a stretch of one of two texts: the same in both, or not.
type span struct {
	text    string
	differs bool
}

// Bounds of the comparison.
const (
	// mostEdits is where the search for what two have in common ends. With more that differs,
	// two of the same length are compared place by place, and of others all between the first
	// and the last difference is marked. It bounds time and memory.
	mostEdits = 600
	// island is how many units that are the same by chance stand between two differences
	// without being shown as the same.
	island = 3
)

// compare finds what differs between two: by characters where both are text, else by bytes.
func compare(expected, actual *results.Bytes) (e, a []span) {
	cut := units
	if !expected.Text() || !actual.Text() {
		cut = single
	}
	x, y := cut(expected.Data), cut(actual.Data)
	head := 0
	for head < len(x) && head < len(y) && x[head] == y[head] {
		head++
	}
	tail := 0
	for tail < len(x)-head && tail < len(y)-head && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	inX, inY := x[head:len(x)-tail], y[head:len(y)-tail]
	keptX, keptY := make([]bool, len(inX)), make([]bool, len(inY))
	for _, pair := range common(inX, inY) {
		keptX[pair[0]], keptY[pair[1]] = true, true
	}
	drown(keptX, keptY)
	h := hunks{}
	h.same(x[:head])
	h.between(inX, inY, keptX, keptY)
	h.same(x[len(x)-tail:])
	return h.e, h.a
}

// hunks are two lists of spans of the same length: where one has something that the other
// has not, the other has an empty span.
type hunks struct{ e, a []span }

func (h *hunks) same(units []string) {
	if len(units) == 0 {
		return
	}
	text := strings.Join(units, "")
	if last := len(h.e) - 1; last >= 0 && !h.e[last].differs {
		h.e[last].text += text
		h.a[last].text += text
		return
	}
	h.e, h.a = append(h.e, span{text, false}), append(h.a, span{text, false})
}

func (h *hunks) between(x, y []string, keptX, keptY []bool) {
	for i, j := 0, 0; i < len(x) || j < len(y); {
		fromI, fromJ := i, j
		for i < len(x) && !keptX[i] {
			i++
		}
		for j < len(y) && !keptY[j] {
			j++
		}
		if i > fromI || j > fromJ {
			h.e = append(h.e, span{strings.Join(x[fromI:i], ""), true})
			h.a = append(h.a, span{strings.Join(y[fromJ:j], ""), true})
		}
		fromI = i
		for i < len(x) && j < len(y) && keptX[i] && keptY[j] {
			i, j = i+1, j+1
		}
		h.same(x[fromI:i])
	}
}

func units(data []byte) []string {
	var list []string
	for len(data) > 0 {
		_, size := utf8.DecodeRune(data)
		list = append(list, string(data[:size]))
		data = data[size:]
	}
	return list
}

func single(data []byte) []string {
	list := make([]string, len(data))
	for i := range data {
		list[i] = string(data[i : i+1])
	}
	return list
}

// common returns places of a longest common subsequence (Myers 1986), or of what stands in
// the same places when more than mostEdits differ.
func common(x, y []string) [][2]int {
	if len(x) == 0 || len(y) == 0 {
		return nil
	}
	most := min(len(x)+len(y), mostEdits)
	at := make([]int, 2*most+2)
	var past [][]int
	for d := 0; d <= most; d++ {
		past = append(past, append([]int(nil), at...))
		for k := -d; k <= d; k += 2 {
			i := furthest(at, most, k, d)
			for i < len(x) && i-k >= 0 && i-k < len(y) && x[i] == y[i-k] {
				i++
			}
			at[most+k] = i
			if k == len(x)-len(y) && i >= len(x) {
				return back(past, most, len(x), len(y))
			}
		}
	}
	return inPlace(x, y)
}

func inPlace(x, y []string) [][2]int {
	var pairs [][2]int
	for i := range x {
		if len(x) == len(y) && x[i] == y[i] {
			pairs = append(pairs, [2]int{i, i})
		}
	}
	return pairs
}

// furthest is where the path on diagonal k begins its d-th step: from the better neighbour.
func furthest(at []int, most, k, d int) int {
	if k == -d || k != d && at[most+k-1] < at[most+k+1] {
		return at[most+k+1]
	}
	return at[most+k-1] + 1
}

// back follows the path from its end and collects its diagonals.
func back(past [][]int, most, i, j int) [][2]int {
	var pairs [][2]int
	for d := len(past) - 1; d >= 0 && (i > 0 || j > 0); d-- {
		at, k := past[d], i-j
		before := k - 1
		if k == -d || k != d && at[most+k-1] < at[most+k+1] {
			before = k + 1
		}
		fromI := at[most+before]
		fromJ := fromI - before
		if d == 0 {
			fromI, fromJ = 0, 0
		}
		for i > fromI && j > fromJ {
			i, j = i-1, j-1
			pairs = append(pairs, [2]int{i, j})
		}
		if d > 0 {
			i, j = fromI, fromJ
		}
	}
	return pairs
}

// drown takes out short runs of what is the same, which would only make the reader look at
// letters that two different words share.
func drown(x, y []bool) {
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		for i < len(x) && !x[i] {
			i++
		}
		for j < len(y) && !y[j] {
			j++
		}
		run := 0
		for i+run < len(x) && j+run < len(y) && x[i+run] && y[j+run] {
			run++
		}
		if run <= island {
			for n := range run {
				x[i+n], y[j+n] = false, false
			}
		}
		i, j = i+run, j+run
		if run == 0 {
			return
		}
	}
}
