package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

func (a *app) envCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print SERVER, ACCOUNT_ID and a fresh AUTH_TOKEN for the shell",
		Long: `Print the variables with which the curl commands of Kazoo's documentation work
against the running up: SERVER, ACCOUNT_ID and AUTH_TOKEN, a token that is good
for an hour. WEBSOCKET_URL is where websockets are. CLOCK_TOKEN is for tools that
put the lab's clock forward: see
kazoolab clock.`,
		Example: "  eval \"$(kazoolab env)\"\n  curl http://$SERVER:8000/v2/accounts/$ACCOUNT_ID/webhooks -H \"X-Auth-Token: $AUTH_TOKEN\"",
		Args:    noArguments,
	}
	settingFlags(cmd)
	output := outputFlag(cmd)
	name := a.accountFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		running, err := a.running(cmd.Context(), loaded.Config)
		if err != nil {
			return err
		}
		account, err := chooseAccount(running, *name)
		if err != nil {
			return err
		}
		token, err := newToken(cmd.Context(), running.REST, account.APIKey)
		if err != nil {
			return err
		}
		return a.printEnv(running, account.ID, token, *output)
	}
	return cmd
}

func (a *app) printEnv(running runfile.File, accountID, token, output string) error {
	base, err := url.Parse(running.REST)
	if err != nil {
		return err
	}
	if output == outputJSON {
		return a.printJSON(map[string]string{
			"SERVER": base.Hostname(), "ACCOUNT_ID": accountID, "AUTH_TOKEN": token, "CLOCK_TOKEN": running.ClockToken,
			"WEBSOCKET_URL": running.Websocket,
		})
	}
	if base.Port() != "8000" {
		a.say("REST answers on port %s here, not on 8000", base.Port())
	}
	a.printf("export SERVER='%s' ACCOUNT_ID='%s' AUTH_TOKEN='%s' CLOCK_TOKEN='%s' WEBSOCKET_URL='%s'\n",
		base.Hostname(), accountID, token, running.ClockToken, running.Websocket)
	return nil
}

// accountFlag adds --account, completed from the running up.
func (a *app) accountFlag(cmd *cobra.Command) *string {
	return a.accountFlagOf(cmd, cmd.Name(), runfile.Customer)
}

// accountFlagOf adds it to cmd, part of command; otherwise is the kind of account that
// is meant without it.
func (a *app) accountFlagOf(cmd *cobra.Command, command, otherwise string) *string {
	name := cmd.Flags().String("account", "", "account by id, name or kind: master, reseller, customer (default the first of kind "+otherwise+")")
	complete := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		loaded, err := a.loadOf(cmd, command)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		running, err := a.running(cmd.Context(), loaded.Config)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return accountNames(running), cobra.ShellCompDirectiveNoFileComp
	}
	_ = cmd.RegisterFlagCompletionFunc("account", complete) // fails only for want of the flag above
	return name
}

// running is the up that runs.
func (a *app) running(ctx context.Context, c config.Config) (runfile.File, error) {
	path, err := a.runFilePath(c)
	if err != nil {
		return runfile.File{}, err
	}
	file, err := runfile.Read(ctx, path)
	if errors.Is(err, runfile.ErrNotRunning) {
		return file, unreachablef("%w; start it in another terminal", err)
	}
	return file, err
}

// chooseAccount finds the account that the user named, or the default one.
func chooseAccount(running runfile.File, name string) (runfile.Account, error) {
	if name == "" {
		if account, ok := running.Default(); ok {
			return account, nil
		}
		return runfile.Account{}, usagef("there is no account")
	}
	if account, ok := running.Account(name); ok {
		return account, nil
	}
	hint := suggest.Hint(name, accountNames(running))
	if hint == "" {
		hint = "; use master, reseller, customer, or an id or a name that up printed"
	}
	return runfile.Account{}, usagef("no account %q%s", name, hint)
}

func accountNames(running runfile.File) []string {
	var names []string
	for _, account := range running.Accounts {
		names = append(names, account.Name, account.ID)
	}
	return append(names, runfile.Master, runfile.Reseller, runfile.Customer)
}

// newToken asks the bridge for a token with an API key, as any client would.
func newToken(ctx context.Context, rest, apiKey string) (string, error) {
	request, err := json.Marshal(map[string]any{"data": map[string]string{"api_key": apiKey}})
	if err != nil {
		return "", err
	}
	status, body, err := ask(ctx, http.MethodPut, strings.TrimRight(rest, "/")+"/v2/api_auth", bytes.NewReader(request))
	if err != nil {
		return "", err
	}
	var answer struct {
		Token   string `json:"auth_token"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusCreated || answer.Token == "" {
		return "", fmt.Errorf("no token: PUT /v2/api_auth answered %d %s", status, answer.Message)
	}
	return answer.Token, nil
}
