package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// letterChoice says which dead letters are meant.
type letterChoice struct {
	ids    []string // or beginnings of them
	all    bool
	reason string // of all; "" is any
	hook   string // not letters, but what waits for this hook
}

func (c *letterChoice) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.all, "all", false, "all dead letters")
	cmd.Flags().StringVar(&c.reason, "reason", "", "of all only those that are dead for this reason, such as not_json")
	cmd.Flags().StringVar(&c.hook, "hook", "", "what waits for the hook with this id, not dead letters")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case c.hook != "" && (c.all || c.reason != "" || len(args) > 0):
			return usagef("--hook is for what waits for a hook; leave it out, or ids, --all and --reason")
		case c.hook != "":
			return nil
		case c.all && len(args) > 0:
			return usagef("%s takes either ids or --all; leave %q or the flag out", cmd.CommandPath(), args[0])
		case c.reason != "" && !c.all:
			return usagef("--reason chooses among --all; add that")
		case !c.all && len(args) == 0:
			return usagef("which dead letters? Give their ids, as kazoolab queues show lists them, or --all; or --hook for what waits for a hook")
		}
		c.ids = args
		return nil
	}
}

// mayMean tells the letters that may be meant, as far as one letter alone can tell.
func (c *letterChoice) mayMean(l deadletter.Letter) bool {
	if c.all {
		return c.reason == "" || l.Reason == c.reason
	}
	return slices.ContainsFunc(c.ids, func(which string) bool { return which != "" && strings.HasPrefix(l.ID, which) })
}

// pick finds the letters that are meant, by their places. Each id has to mean one. The
// same id twice is the same letter, which a lost connection has let in twice.
func (c *letterChoice) pick(letters []deadletter.Letter) ([]int, error) {
	if c.all {
		return c.pickAll(letters)
	}
	meant := map[string]bool{}
	for _, which := range c.ids {
		id, err := oneLetter(letters, which)
		if err != nil {
			return nil, err
		}
		meant[id] = true
	}
	return placesOf(letters, func(l deadletter.Letter) bool { return meant[l.ID] }), nil
}

func (c *letterChoice) pickAll(letters []deadletter.Letter) ([]int, error) {
	found := placesOf(letters, c.mayMean)
	if len(found) == 0 && len(letters) > 0 {
		counts := map[string]int{}
		for _, l := range letters {
			counts[l.Reason]++
		}
		return nil, usagef("no letter is dead for the reason %q%s; there are %s",
			c.reason, suggest.Hint(c.reason, slices.Sorted(maps.Keys(counts))), reasonsText(counts))
	}
	return found, nil
}

func placesOf(letters []deadletter.Letter, is func(deadletter.Letter) bool) []int {
	var places []int
	for i, l := range letters {
		if is(l) {
			places = append(places, i)
		}
	}
	return places
}

// oneLetter is the id of the letter that a person means, by its id or the beginning of
// it.
func oneLetter(letters []deadletter.Letter, which string) (string, error) {
	var known, begun []string
	for _, l := range letters {
		if l.ID == which && which != "" {
			return which, nil
		}
		known = append(known, l.ID)
		if strings.HasPrefix(l.ID, which) && which != "" && !slices.Contains(begun, l.ID) {
			begun = append(begun, l.ID)
		}
	}
	switch len(begun) {
	case 0:
		return "", usagef("there is no dead letter %q%s; kazoolab queues show lists them", which, suggest.Hint(which, known))
	case 1:
		return begun[0], nil
	}
	const most = 5
	if len(begun) > most {
		return "", usagef("%q means %d dead letters: %s …; write more of the id", which, len(begun), clean(strings.Join(begun[:most], ", ")))
	}
	return "", usagef("%q means %d dead letters: %s; write more of the id", which, len(begun), clean(strings.Join(begun, ", ")))
}

func (a *app) queuesReplayCommand() *cobra.Command {
	var choice letterChoice
	cmd := &cobra.Command{
		Use:   "replay ID... | --all [--reason REASON] | --hook ID",
		Short: "Have dead letters delivered after all, or a hook's receiver tried now",
		Long: `Send dead letters to work again, in the order in which they came: each is put into
the work queue, and when the broker has confirmed that, taken from the dead letters.
If the command is cut short, a letter may be in both places, and none is lost. One
that is still broken comes back with another id. An event that some of its hooks had
got already goes to all of them once more.

With --hook the receiver of a hook for which deliveries wait is tried now instead of
after its pause.`,
		Example: "  kazoolab queues replay 1a2b3c 4d5e6f\n  kazoolab queues replay --all --reason delivery_limit\n  kazoolab queues replay --hook 6e097cd2",
	}
	flags, output := a.queueFlags(cmd), outputFlag(cmd)
	choice.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if choice.hook != "" {
			return a.retryBacklog(cmd, flags, choice.hook, *output)
		}
		return a.atDesk(cmd, func(ctx context.Context, d desk) error {
			return d.take(ctx, choice.mayMean, func(tray *deadletter.Tray) error {
				chosen, err := choice.pick(tray.Letters)
				if err != nil {
					return err
				}
				return a.each("replayed", tray, chosen, *output, func(i int) error {
					sending, cancel := context.WithTimeout(ctx, queueSendLimit)
					defer cancel()
					return tray.Replay(sending, i, bridge.WorkQueue)
				})
			})
		})
	}
	return cmd
}

func (a *app) queuesDropCommand() *cobra.Command {
	var choice letterChoice
	cmd := &cobra.Command{
		Use:   "drop ID... | --all [--reason REASON] | --hook ID",
		Short: "Drop dead letters for good, or what waits for a hook",
		Long: `Drop dead letters for good. You are asked before, unless --yes says that you mean
it. With --hook the deliveries are dropped that wait for a hook; those that a node has
in hand at that moment are made all the same.`,
		Example: "  kazoolab queues drop 1a2b3c\n  kazoolab queues drop --all --reason not_json --yes\n  kazoolab queues drop --hook 6e097cd2",
	}
	flags, output := a.queueFlags(cmd), outputFlag(cmd)
	choice.flags(cmd)
	yes := cmd.Flags().Bool("yes", false, "do not ask first")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if choice.hook != "" {
			return a.dropBacklog(cmd, flags, choice.hook, *yes, *output)
		}
		return a.atDesk(cmd, func(ctx context.Context, d desk) error {
			return d.take(ctx, func(deadletter.Letter) bool { return false }, func(tray *deadletter.Tray) error {
				chosen, err := choice.pick(tray.Letters)
				if err != nil {
					return err
				}
				if len(chosen) > 0 && !*yes {
					if err := a.confirm(ctx, "Drop %d of %d dead letters for good?", len(chosen), len(tray.Letters)); err != nil {
						return err
					}
				}
				return a.each("dropped", tray, chosen, *output, tray.Drop)
			})
		})
	}
	return cmd
}

// each does something with the chosen letters, one after the other, and prints each that
// it is done with. It ends with the first that fails.
func (a *app) each(done string, tray *deadletter.Tray, chosen []int, output string, do func(i int) error) error {
	if len(chosen) == 0 {
		a.say("there are no dead letters")
		return nil
	}
	for n, i := range chosen {
		letter := tray.Letters[i]
		if err := do(i); err != nil {
			return fmt.Errorf("%d of %d letters %s; not known of %s: %w", n, len(chosen), done, orDash(clean(letter.ID)), err)
		}
		if output == outputJSON {
			if err := a.printLine(map[string]string{"id": letter.ID, "reason": letter.Reason, "done": done}); err != nil {
				return err
			}
			continue
		}
		a.printf("%s  %s  %s  %s\n", done, orDash(clean(letter.ID)), orDash(clean(letter.Reason)), orDash(clean(letter.RoutingKey)))
	}
	return nil
}
