package explore

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is something about an app that its developer should look at.
type Problem struct {
	Kind  string // error, dead end, trap, mistake, loop, note
	Place *Place
	Text  string
}

// Serious tells whether it is a fault of the app, and not just something odd.
func (p Problem) Serious() bool { return p.Kind != "loop" && p.Kind != "note" }

// Problems are the errors, the dead ends and the loops that were found, in the order of the places. A note
// stands where it was met first: most are of a habit of the app, and met again and again.
func (r *Result) Problems() (all []Problem) {
	out, told := r.leavable(), map[*Place]bool{} // told are places of a trap that was told of
	noted := map[string]bool{}
	all = append(all, finds(r.Places[0], []Move{{Finds: r.First}}, noted, func([]string) string { return "the first answer" })...)
	for _, p := range r.Places {
		if p.Ends == "failed" {
			all = append(all, Problem{"error", p, p.Why})
		}
		all = append(all, finds(p, p.Moves, noted, func(keys []string) string { return "the answer after " + strings.Join(keys, ", ") })...)
		switch {
		case p.asks == nil || p.Cut:
		case !slices.ContainsFunc(p.Moves, func(m Move) bool { return m.To != p && m.To.Ends != "failed" }):
			all = append(all, Problem{"dead end", p, "no answer leads anywhere but back here, or to an error"})
		case !out[p] && !told[p]:
			all = append(all, Problem{"trap", p, trap(p, told)})
		}
		if back := r.back(p); back != "" {
			all = append(all, Problem{"loop", p, back})
		}
	}
	return all
}

// finds are the mistakes of the answers that moves lead to, each once, and the notes that are not noted yet.
func finds(p *Place, moves []Move, noted map[string]bool, answer func(keys []string) string) (all []Problem) {
	var order []Find
	after := map[Find][]string{}
	for _, m := range moves {
		for _, f := range m.Finds {
			if after[f] == nil {
				order = append(order, f)
			}
			if !slices.Contains(after[f], Spoken(m.Keys)) {
				after[f] = append(after[f], Spoken(m.Keys))
			}
		}
	}
	for _, f := range order {
		kind, text := "mistake", answer(after[f])+", "+f.placed()
		if f.Note {
			if noted[f.Rule] {
				continue
			}
			noted[f.Rule] = true
			kind, text = "note", text+" ["+f.Quirk+"]"
		}
		all = append(all, Problem{kind, p, text})
	}
	return all
}

// placed is what was found with its place in the answer, where it has one.
func (f Find) placed() string {
	if f.Line == 0 {
		return f.Rule
	}
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Rule)
}

// trap says that there is no way out of a place, nor out of those that can be reached from it, which are told
// with it.
func trap(p *Place, told map[*Place]bool) string {
	told[p] = true
	var others []string
	for queue := []*Place{p}; len(queue) > 0; queue = queue[1:] {
		for _, m := range queue[0].Moves {
			if m.To.asks != nil && !told[m.To] {
				told[m.To] = true
				others = append(others, m.To.ID)
				queue = append(queue, m.To)
			}
		}
	}
	text := "from here the caller only goes round, and never reaches an end"
	if len(others) > 0 {
		text += "; nor does one from " + strings.Join(others, ", ")
	}
	return text
}

// leavable are the places from which an end that is no error can be reached, or one that was not tried.
func (r *Result) leavable() map[*Place]bool {
	out := map[*Place]bool{}
	for changed := true; changed; {
		changed = false
		for _, p := range r.Places {
			if out[p] {
				continue
			}
			if p.Cut || p.asks == nil && p.Ends != "failed" || slices.ContainsFunc(p.Moves, func(m Move) bool { return out[m.To] }) {
				out[p], changed = true, true
			}
		}
	}
	return out
}

// back says which answers lead to where the caller has been before; "" for none.
func (r *Result) back(p *Place) string {
	var all []string
	for _, way := range gathered(p.Moves) {
		if way.to.asks == nil || !r.before(way.to, p) {
			continue
		}
		where := way.to.ID
		if way.to == p {
			where = "itself"
		}
		all = append(all, "back to "+where+" by "+way.words)
	}
	return strings.Join(all, "; ")
}

// before tells whether one place is on the first way to another, or is that.
func (r *Result) before(p, of *Place) bool {
	return p == of || len(p.Way) < len(of.Way) && slices.Equal(p.Way, of.Way[:len(p.Way)])
}

// Spoken is an answer in words.
func Spoken(keys string) string {
	if keys == Nothing {
		return "no key"
	}
	return keys
}

// chart is how a drawing begins, and first its first place.
const chart, first = "flowchart TD\n", "    p1"

// Drawn tells a text that Mermaid has drawn.
func Drawn(text []byte) bool { return strings.HasPrefix(string(text), chart+first) }

// Mermaid draws the places and the ways between them as a Mermaid flowchart.
func (r *Result) Mermaid() string {
	var w strings.Builder
	w.WriteString(chart)
	for _, p := range r.Places {
		left, right := "[", "]"
		switch {
		case p.Ends == "failed":
			left, right = "{{", "}}"
		case p.Ends != "":
			left, right = "([", "])"
		}
		title := p.Title
		if p.Ends != "" {
			title = strings.TrimSpace(title + " (" + p.Ends + ")")
		}
		if p.Cut {
			title += " …"
		}
		fmt.Fprintf(&w, "    %s%s\"%s\"%s\n", p.ID, left, quoted(title), right)
	}
	for _, p := range r.Places {
		for _, m := range gathered(p.Moves) {
			fmt.Fprintf(&w, "    %s -->|\"%s\"| %s\n", p.ID, quoted(m.words), m.to.ID)
		}
	}
	w.WriteString("    classDef failed stroke:#c00,color:#c00\n")
	for _, p := range r.Places {
		if p.Ends == "failed" {
			fmt.Fprintf(&w, "    class %s failed\n", p.ID)
		}
	}
	return w.String()
}

// drawn is an arrow, with all answers that lead along it.
type drawn struct {
	words string
	to    *Place
}

func gathered(moves []Move) (all []drawn) {
	for _, m := range moves {
		i := slices.IndexFunc(all, func(d drawn) bool { return d.to == m.To })
		if i < 0 {
			all = append(all, drawn{Spoken(m.Keys), m.To})
			continue
		}
		all[i].words += ", " + Spoken(m.Keys)
	}
	return all
}

// quoted is text as Mermaid takes it between quotation marks: characters that mean something to it by their
// numbers. Those are also signs of Markdown, as which some versions read a label: 1. and - begin a list.
func quoted(text string) string {
	var w strings.Builder
	begin := true // nothing but digits and marks of a list so far
	for _, r := range text {
		list := begin && strings.ContainsRune(".)-+=", r)
		begin = begin && (list || unicode.IsDigit(r) || r == ' ')
		switch {
		case strings.ContainsRune("\"#&<>|`;\\*_~[]{}$%:", r) || unicode.IsControl(r) || list:
			fmt.Fprintf(&w, "#%d;", r)
		default:
			w.WriteRune(r)
		}
	}
	return w.String()
}
