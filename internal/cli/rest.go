package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// client makes requests to the REST API of a bridge on behalf of one account.
type client struct {
	base      string // URL of the bridge
	accountID string
	account   string // its name where that is known, else its id
	token     string
}

// clientFlags are the flags that say which bridge and account.
type clientFlags struct {
	url, token, account *string
	command             string // whose settings are read
	otherwise           string // kind of the account that is meant when none is named
}

// clientSettings is the command whose settings every REST client reads.
const clientSettings = "hooks"

// clientFlags gives cmd the flags of a REST client: a person who runs up needs none
// of them.
func (a *app) clientFlags(cmd *cobra.Command) clientFlags {
	return a.clientFlagsOf(cmd, clientSettings, runfile.Customer)
}

// clientFlagsOf does so for a part of command, for an account of a kind unless another
// is named.
func (a *app) clientFlagsOf(cmd *cobra.Command, command, otherwise string) clientFlags {
	settingFlagsOf(cmd, command)
	return clientFlags{
		url:       cmd.Flags().String("url", "", "base URL of a bridge, such as "+exampleURL+" (default the running up)"),
		token:     cmd.Flags().String("token", "", "token to use (default a fresh one; with --url $AUTH_TOKEN)"),
		account:   a.accountFlagOf(cmd, command, otherwise),
		command:   command,
		otherwise: otherwise,
	}
}

// client finds the bridge and the account, and gets a token.
func (a *app) client(cmd *cobra.Command, f clientFlags) (*client, error) {
	if *f.url != "" {
		if err := checkURL("--url", *f.url, exampleURL); err != nil {
			return nil, err
		}
		return a.remoteClient(f)
	}
	loaded, err := a.loadOf(cmd, f.command)
	if err != nil {
		return nil, err
	}
	running, err := a.running(cmd.Context(), loaded.Config)
	if err != nil {
		return nil, err
	}
	name := *f.account
	if _, ok := running.Account(f.otherwise); name == "" && ok {
		name = f.otherwise
	}
	account, err := chooseAccount(running, name)
	if err != nil {
		return nil, err
	}
	c := &client{base: strings.TrimRight(running.REST, "/"), accountID: account.ID, account: account.Name, token: *f.token}
	if c.token == "" {
		c.token, err = newToken(cmd.Context(), running.REST, account.APIKey)
	}
	return c, err
}

// remoteClient is for a bridge that no run file tells of.
func (a *app) remoteClient(f clientFlags) (*client, error) {
	c := &client{base: strings.TrimRight(*f.url, "/"), accountID: *f.account, token: *f.token}
	if c.accountID == "" {
		c.accountID = a.getenv("ACCOUNT_ID")
	}
	if c.token == "" {
		c.token = a.getenv("AUTH_TOKEN")
	}
	switch {
	case c.accountID == "":
		return nil, usagef("--url needs --account with the id of an account, or ACCOUNT_ID in the environment")
	case c.token == "":
		return nil, usagef("--url needs --token, or AUTH_TOKEN in the environment; PUT /v2/user_auth or /v2/api_auth gives one")
	}
	c.account = c.accountID
	return c, nil
}

// refusedError is an answer that is no success.
type refusedError struct {
	status int
	what   string // method and path
	said   string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.what, e.status, e.said)
}

// isMissing tells that what was asked for does not exist.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*refusedError](err)
	return ok && refused.status == http.StatusNotFound
}

// do makes one request below the account and returns the envelope of a success.
// data is nil for a request without a body. The error is a *refusedError, or leads
// to ExitUnreachable.
func (c *client) do(ctx context.Context, method, path string, data any) (jobj.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return c.doUntil(ctx, method, path, data)
}

// doUntil is do that waits as long as ctx lets it.
func (c *client) doUntil(ctx context.Context, method, path string, data any) (jobj.Object, error) {
	status, envelope, err := c.answer(ctx, method, path, data)
	if err == nil && status >= 300 {
		err = &refusedError{status, method + " " + c.path(path), refusal(status, envelope)}
	}
	return envelope, err
}

func (c *client) path(path string) string {
	return "/v2/accounts/" + url.PathEscape(c.accountID) + path
}

// answer makes a request and returns what is answered, whatever that is. The envelope of
// a refusal is nil where it is none of Kazoo's.
func (c *client) answer(ctx context.Context, method, path string, data any) (status int, envelope jobj.Object, err error) {
	var body []byte
	if data != nil {
		body = jobj.Append(nil, jobj.Object{{Key: "data", Value: data}})
	}
	status, answer, err := askUntil(ctx, method, c.base+c.path(path), bytes.NewReader(body), func(r *http.Request) {
		r.Header.Set("X-Auth-Token", c.token)
	})
	if err != nil {
		return 0, nil, err
	}
	envelope, err = jobj.ParseObject(answer)
	if err != nil && status < 300 {
		return status, nil, fmt.Errorf("%s %s: the answer is none of Kazoo's: %w", method, c.path(path), err)
	}
	return status, envelope, nil
}

// refusal is what an error answer says, member by member where some are wrong.
func refusal(status int, envelope jobj.Object) string {
	said := []string{envelope.String("message")}
	if said[0] == "" {
		said[0] = http.StatusText(status)
	}
	if text := envelope.String("data", "message"); strings.ReplaceAll(said[0], "_", " ") != text && text != "" {
		said = append(said, text)
	}
	for _, member := range envelope.Object("data") {
		rules, _ := member.Value.(jobj.Object)
		for _, rule := range rules {
			details, _ := rule.Value.(jobj.Object)
			said = append(said, member.Key+": "+details.String("message"))
		}
	}
	if status == http.StatusUnauthorized {
		said = append(said, "the token is not good, or no longer: get a new one")
	}
	return strings.Join(said, "; ")
}

// rows reads a whole list, page by page. The path may have a query.
func (c *client) rows(ctx context.Context, path string) ([]jobj.Object, error) {
	path, chosen, _ := strings.Cut(path, "?")
	query, err := url.ParseQuery(chosen)
	if err != nil {
		return nil, err
	}
	query.Set("page_size", "500")
	var rows []jobj.Object
	for {
		envelope, err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		list, _ := envelope.Get("data")
		elements, _ := list.([]any)
		for _, element := range elements {
			row, _ := element.(jobj.Object)
			rows = append(rows, row)
		}
		next := envelope.String("next_start_key")
		if next == "" || len(elements) == 0 {
			return rows, nil
		}
		query.Set("start_key", next)
	}
}
