package traffic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What is something that people do.
type What int

// What people do. The first five are calls of two.
const (
	Call       What = iota // two talk, or try to
	Hold                   // one of them waits in between
	Transfer               // one is given to a third
	Consult                // who was asked first
	Park                   // one waits in a parking slot
	Conference             // three or four meet
	Fax                    // comes in or goes out
	Register               // a telephone registers anew
	Edit                   // a document is changed
)

func (w What) String() string {
	return [...]string{"call", "hold", "transfer", "consult", "park", "conference", "fax", "register", "edit"}[w]
}

// whats lists all that people do.
func whats() []What {
	return []What{Call, Hold, Transfer, Consult, Park, Conference, Fax, Register, Edit}
}

// Share is how often something is done, beside the others.
type Share struct {
	What   What
	Weight int
}

// Mix is what people do, and how often each.
type Mix []Share

// OfficeMix is what a small office's people do with their telephones.
func OfficeMix() Mix {
	return Mix{{Call, 86}, {Hold, 5}, {Transfer, 3}, {Consult, 1}, {Park, 2}, {Conference, 1}, {Fax, 2}}
}

func (m Mix) String() string {
	var shares []string
	for _, s := range m {
		shares = append(shares, fmt.Sprintf("%s=%d", s.What, s.Weight))
	}
	return strings.Join(shares, ",")
}

// ParseMix reads what String writes.
func ParseMix(text string) (Mix, error) {
	var mix Mix
	for share := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(share), "=")
		i := slices.IndexFunc(whats(), func(w What) bool { return w.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("nobody does %q: there are %s", name, strings.Trim(fmt.Sprint(whats()), "[]"))
		}
		weight, err := strconv.Atoi(number)
		if err != nil || weight < 0 || weight > 1_000_000 {
			return nil, fmt.Errorf("%s=%q is no share; write a number from 0 to 1,000,000, as %s=3", name, number, name)
		}
		mix = append(mix, Share{whats()[i], weight})
	}
	if mix.whole() == 0 {
		return nil, fmt.Errorf("%s leaves nothing to do", text)
	}
	return mix, nil
}

func (m Mix) whole() (sum int) {
	for _, s := range m {
		sum += s.Weight
	}
	return sum
}

func (m Mix) draw(random Random) What {
	n := random.IntN(m.whole())
	for _, s := range m {
		if n -= s.Weight; n < 0 {
			return s.What
		}
	}
	return Call
}
