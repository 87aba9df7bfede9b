package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// trialLimit is how long a hook's receiver may take: longer than a bridge waits
// for it by default.
const trialLimit = 90 * time.Second

func (a *app) hooksTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test ID",
		Short: "Send a webhook a sample event, and print what is answered",
		Long: `Have the bridge send a webhook one sample event of its kind, whether the hook is
on or off, and print what was sent and answered. The request is as a real event's,
of a call or document whose id begins with sample-; filters are not asked, and no
other hook gets it. The attempt is kept among the hook's, but does not count as a
failure. Exit code 1 when the receiver does not answer with success.`,
		Example: "  kazoolab hooks test 6e097cd2\n  kazoolab hooks test 'New Calls' -o json",
		Args:    oneHook,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	a.completeHooks(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		hook, err := c.findHook(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), trialLimit)
		defer cancel()
		envelope, err := c.doUntil(ctx, http.MethodPost, "/kazoolab/hooks"+strings.TrimPrefix(hookPath(hook), "/webhooks")+"/test", jobj.Object{})
		if err != nil {
			return err
		}
		trial := envelope.Object("data")
		if *output == outputJSON {
			err = a.printJSON(trial)
		} else {
			a.printTrial(trial)
		}
		if err == nil && !trial.Bool(false, "success") {
			return fmt.Errorf("the test failed: %s", trialFailure(trial))
		}
		return err
	}
	return cmd
}

func (a *app) printTrial(trial jobj.Object) {
	a.printf("sent      %s %s  %s\n", strings.ToUpper(trial.String("method")), clean(trial.String("uri")), trial.String("event"))
	for _, header := range trial.Object("req_headers") {
		value, _ := header.Value.(string)
		a.printf("          %s: %s\n", clean(header.Key), clean(value))
	}
	a.printText(trial.String("sent"))
	took := fmt.Sprintf("%d ms", trial.Int("elapsed_ms"))
	if status := trial.String("resp_status_code"); status != "" {
		a.printf("answered  %s in %s\n", a.paintOutcome(status), took)
	} else {
		a.printf("answered  nothing in %s: %s\n", took, trial.String("client_error"))
	}
	a.printText(trial.String("resp_body"))
}

// printText prints a body line by line, further in.
func (a *app) printText(text string) {
	for line := range strings.Lines(text) {
		a.printf("          %s\n", clean(strings.TrimRight(line, "\r\n")))
	}
}

func trialFailure(trial jobj.Object) string {
	if status := trial.String("resp_status_code"); status != "" {
		return "the receiver answered " + status + ", which is no success"
	}
	return "the receiver did not answer: " + trial.String("client_error")
}
