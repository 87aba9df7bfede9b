package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// banner is what up prints once it runs.
type banner struct {
	lab     runfile.File
	path    string // of the run file
	account runfile.Account
	token   string
}

// upReport is the banner as JSON.
type upReport struct {
	REST          string            `json:"rest"`
	Broker        string            `json:"broker"`
	RunFile       string            `json:"run_file"`
	AccountID     string            `json:"account_id"`
	Token         string            `json:"auth_token"`
	CreateWebhook string            `json:"create_webhook"`
	Relaxed       []string          `json:"relaxed"`
	Accounts      []runfile.Account `json:"accounts"`
}

func (u *up) printBanner(b banner) error {
	if u.output == outputJSON {
		return u.printJSON(upReport{
			REST: b.lab.REST, Broker: config.MaskURL(b.lab.AMQP), RunFile: b.path, AccountID: b.account.ID, Token: b.token,
			CreateWebhook: b.createWebhook(), Relaxed: u.relaxed(), Accounts: b.lab.Accounts,
		})
	}
	state := "temporary, --data DIR keeps it"
	if u.config.Data != "" {
		state = u.config.Data
	}
	table := tabwriter.NewWriter(u.Stdout, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		fmt.Fprintln(table, "  "+strings.Join(cells, "\t"))
	}
	u.printf("%s\n\n", u.paint(bold, "kazoolab is up"))
	row("REST", b.lab.REST+"/v2")
	row("health", b.lab.REST+"/readyz")
	row("metrics", b.lab.REST+"/metrics")
	row("broker", config.MaskURL(b.lab.AMQP))
	row("state", state)
	row("run file", b.path)
	row("relaxed", strings.Join(append(u.relaxed(), "not for production"), "; "))
	row()
	for _, a := range b.lab.Accounts {
		row(a.Kind, a.ID, a.Name, strings.Join(a.Numbers, " "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(b.account.Users) > 0 {
		u.printf("\nUser of %s: %s, password %s\n", b.account.Name, b.account.Users[0].Username, b.account.Users[0].Password)
	}
	u.printf("Token of %s, good for an hour (%s env prints a new one):\n%s\n", b.account.Name, u.Program, b.token)
	u.printf("\nRun %s in a second terminal. Then, in a third, create a webhook and make a call:\n\n%s\n\n%s trigger channel_create\n",
		u.paint(bold, u.Program+" listen"), b.createWebhook(), u.Program)
	return nil
}

// relaxed lists what is allowed here and not in production.
func (u *up) relaxed() []string {
	if !u.config.AllowLoopbackTargets {
		return []string{}
	}
	return []string{"webhooks may point at this machine (allow-loopback-targets)"}
}

// createWebhook is the command that Kazoo's documentation prints, filled in.
func (b banner) createWebhook() string {
	return fmt.Sprintf(`curl -v -X PUT \
 -H "X-Auth-Token: %s" \
 -H "Content-Type: application/json" \
 -d '{"data": {
 "name": "New Calls",
 "uri": "http://%s/calls/new.php",
 "http_verb": "post",
 "hook": "channel_create",
 "retries":3
 }}' \
 %s/v2/accounts/%s/webhooks`, b.token, b.lab.Receiver, b.lab.REST, b.account.ID)
}
