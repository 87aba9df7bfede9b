package cli

import (
	"strings"

	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// findKind looks up what a word on the command line means.
func findKind(text string) (pbx.Kind, error) {
	if kind, ok := pbx.FindKind(text); ok {
		return kind, nil
	}
	var names, same []string
	for _, k := range pbx.Kinds() {
		names = append(names, k.Name)
		if strings.EqualFold(k.Hook, text) || strings.EqualFold(k.Event(), text) {
			same = append(same, k.Name)
		}
	}
	if len(same) > 0 {
		return pbx.Kind{}, usagef("%q can be many an event: %s …; kazoolab trigger --list shows all", text, strings.Join(same[:min(3, len(same))], ", "))
	}
	return pbx.Kind{}, usagef("no event %q%s; kazoolab trigger --list shows them", text, suggest.Hint(text, names))
}

// wholeCall is what a call is triggered with, from its beginning to its end.
const (
	wholeCall      = "call"
	wholeCallAbout = "a whole call: channel_create, _answer, _bridge and _destroy"
)

func isWholeCall(text string) bool { return strings.EqualFold(text, wholeCall) }

// completions are the events as a shell offers them.
func completions() []string {
	offered := []string{wholeCall + "\t" + wholeCallAbout}
	for _, k := range pbx.Kinds() {
		offered = append(offered, k.Name+"\t"+k.About)
	}
	return offered
}

// kindReport is an event that can be triggered, as a line of JSON.
type kindReport struct {
	Event    string `json:"event"`
	Hook     string `json:"hook,omitempty"`
	Group    string `json:"group"`
	About    string `json:"about"`
	Messages int    `json:"messages"`
}

// printKinds lists what can be triggered, group by group.
func (a *app) printKinds(output string) error {
	line := func(name, hook, about string) { a.printf("%-28s  %-15s  %s\n", name, hook, about) }
	group := ""
	if output == outputJSON {
		if err := a.printLine(kindReport{Event: wholeCall, Group: pbx.Kinds()[0].Group, About: wholeCallAbout, Messages: 4}); err != nil {
			return err
		}
	}
	for _, k := range pbx.Kinds() {
		if output == outputJSON {
			if err := a.printLine(kindReport{k.Name, k.Hook, k.Group, k.About, k.Messages()}); err != nil {
				return err
			}
			continue
		}
		if group == "" {
			line("EVENT", "HOOK", "WHAT IT SAYS")
		}
		if k.Group != group {
			group = k.Group
			a.printf("\n%s\n", a.paint(bold, group))
			if group == pbx.Kinds()[0].Group {
				line("  "+wholeCall, "", wholeCallAbout)
			}
		}
		line("  "+k.Name, k.Hook, k.About)
	}
	return nil
}
