package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/labclock"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

func (a *app) clockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Show the clock of the running up, or put it forward",
		Long: `Show what time it is in the running up. kazoolab clock advance puts its clock
forward, so that retries come, tokens expire and windows end without a wait. What
waits on a socket waits in the machine's time all the same.`,
		Example: "  kazoolab clock\n  kazoolab clock advance 5m",
		Args:    onlySubcommands,
	}
	output := a.clockFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.useClock(cmd, http.MethodGet, labclock.Path, nil, *output)
	}
	cmd.AddCommand(a.clockAdvanceCommand())
	return cmd
}

func (a *app) clockAdvanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "advance DURATION",
		Short:   "Put the clock of the running up forward, as by 90s, 5m or 1h30m",
		Example: "  kazoolab clock advance 5m\n  kazoolab clock advance 1h -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s takes one duration, such as 90s, 5m or 1h30m", cmd.CommandPath())
			}
			_, err := labclock.ParseBy(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			return nil
		},
	}
	output := a.clockFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := json.Marshal(map[string]string{"by": args[0]})
		if err != nil {
			return err
		}
		return a.useClock(cmd, http.MethodPost, labclock.PathAdvance, body, *output)
	}
	return cmd
}

const clockSettings = "clock"

func (a *app) clockFlags(cmd *cobra.Command) (output *string) {
	settingFlagsOf(cmd, clockSettings)
	return outputFlag(cmd)
}

// useClock makes a request to the clock and prints what it then shows.
func (a *app) useClock(cmd *cobra.Command, method, path string, body []byte, output string) error {
	loaded, err := a.loadOf(cmd, clockSettings)
	if err != nil {
		return err
	}
	running, err := a.running(cmd.Context(), loaded.Config)
	if err != nil {
		return err
	}
	reading, err := askClock(cmd.Context(), running, method, path, body)
	if err != nil {
		return err
	}
	if output == outputJSON {
		return a.printLine(reading)
	}
	ahead := "as the machine's clock"
	if d := offset(reading); d > 0 {
		ahead = d.String() + " ahead of the machine's clock"
	}
	a.printf("%s, %s\n", reading.Now.Format(time.DateTime+" MST"), ahead)
	return nil
}

func offset(r labclock.Reading) time.Duration {
	return time.Duration(r.OffsetSeconds * float64(time.Second)).Round(time.Microsecond)
}

// askClock makes a request to the clock of the running up.
func askClock(ctx context.Context, running runfile.File, method, path string, body []byte) (labclock.Reading, error) {
	var reading labclock.Reading
	status, answer, err := askWith(ctx, method, strings.TrimRight(running.REST, "/")+path, bytes.NewReader(body), func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+running.ClockToken)
		r.Host = net.JoinHostPort("127.0.0.1", r.URL.Port()) // wherever it listens
	})
	if err != nil {
		return reading, err
	}
	if status != http.StatusOK {
		var refusal struct{ Error string }
		_ = json.Unmarshal(answer, &refusal) // the status says enough
		return reading, fmt.Errorf("the clock answered %d %s", status, refusal.Error)
	}
	return reading, json.Unmarshal(answer, &reading)
}

// clockOf is the clock by which the running up lives; this machine's where none runs.
func (a *app) clockOf(ctx context.Context, running *runfile.File) (clock.Clock, error) {
	if running == nil || running.ClockToken == "" {
		return a.Clock, nil
	}
	reading, err := askClock(ctx, *running, http.MethodGet, labclock.Path, nil)
	if err != nil {
		return nil, err
	}
	c := clock.NewAdjustable(a.Clock)
	return c, c.Advance(offset(reading))
}
