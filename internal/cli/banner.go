package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// banner is what up prints once it runs.
type banner struct {
	lab     runfile.File
	path    string // of the run file
	broker  upBroker
	account runfile.Account
	token   string
}

// upBroker is the broker that up uses.
type upBroker struct {
	url        string // with its password
	management string // URL of its management API; only that of the built-in one is known
	builtIn    bool
}

// shown is the URL for people to copy. Anyone knows the password of the built-in
// one; another's is masked.
func (b upBroker) shown() string {
	if b.builtIn {
		return b.url
	}
	return config.MaskURL(b.url)
}

// upReport is the banner as JSON.
type upReport struct {
	REST          string            `json:"rest"`
	Websocket     string            `json:"websocket,omitempty"`
	Broker        string            `json:"broker"`
	Management    string            `json:"management,omitempty"` // of the built-in broker
	RunFile       string            `json:"run_file"`
	AccountID     string            `json:"account_id"`
	Token         string            `json:"auth_token"`
	CreateWebhook string            `json:"create_webhook"`
	Scenario      string            `json:"scenario,omitempty"` // that is played
	Relaxed       []string          `json:"relaxed"`
	Accounts      []runfile.Account `json:"accounts"`
}

func (u *up) printBanner(b banner) error {
	if u.output == outputJSON {
		return u.printJSON(upReport{
			Scenario: u.scenarioName(),
			REST:     b.lab.REST, Websocket: b.lab.Websocket, Broker: b.broker.shown(), Management: b.broker.management,
			RunFile: b.path, AccountID: b.account.ID, Token: b.token,
			CreateWebhook: b.createWebhook(), Relaxed: relaxed(u.config), Accounts: b.lab.Accounts,
		})
	}
	state := "temporary, --data DIR keeps accounts and hooks"
	if u.config.Data != "" {
		state = "accounts and hooks are kept in " + u.config.Data
	}
	table := tabwriter.NewWriter(u.Stdout, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		fmt.Fprintln(table, "  "+strings.Join(cells, "\t"))
	}
	u.printf("%s\n\n", u.paint(bold, "kazoolab is up"))
	row("REST", b.lab.REST+"/v2")
	if b.lab.Websocket != "" {
		row("websockets", b.lab.Websocket)
	}
	row("health", b.lab.REST+"/readyz")
	row("metrics", b.lab.REST+"/metrics")
	if b.broker.builtIn {
		row("broker", b.broker.shown()+", built in: what waits in its queues ends with it")
		row("", b.broker.management+"/api, a slice of RabbitMQ's management API")
	} else {
		row("broker", b.broker.shown())
	}
	row("clock", "the machine's, until "+u.Program+" clock advance puts it forward")
	row("state", state)
	row("run file", b.path)
	if u.story != nil {
		row("scenario", u.scenarioName()+", played now; its accounts are the last below")
	}
	row("relaxed", strings.Join(append(relaxed(u.config), "not for production"), "; "))
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
	u.printStoryUsers(b.lab)
	u.printf("Token of %s, good for an hour (%s env prints a new one):\n%s\n", b.account.Name, u.Program, b.token)
	u.printf("\nRun %s in a second terminal. Then, in a third, create a webhook and make a call:\n\n%s\n\n%s trigger channel_create\n",
		u.paint(bold, u.Program+" listen"), b.createWebhook(), u.Program)
	if !u.config.AllowLoopbackTargets {
		u.printf("\nallow-loopback-targets is off, and this uri is refused: put one that is not of this machine.\n")
	}
	return nil
}

func (u *up) scenarioName() string {
	if u.story == nil {
		return ""
	}
	return u.story.plan.Name
}

// printStoryUsers tells who can log in to the accounts of the story.
func (u *up) printStoryUsers(lab runfile.File) {
	for _, account := range lab.Accounts {
		if !u.elsewhere(account.ID) {
			continue
		}
		for _, user := range account.Users {
			u.printf("User of %s: %s, password %s (%s, extension %s)\n", clean(account.Name), user.Username, user.Password, clean(user.Name), user.Extension)
		}
	}
}

// relaxed lists what the settings allow that production should not.
func relaxed(c config.Config) []string {
	all := []string{}
	switch {
	case c.Webhooks.Guard == string(guard.Off):
		all = append(all, "webhooks may be delivered to any address, this machine's and cloud metadata too (webhooks.guard)")
	case c.AllowLoopbackTargets:
		all = append(all, "webhooks may point at this machine (allow-loopback-targets)")
	}
	if !c.Webhooks.TLSVerify {
		all = append(all, "certificates of receivers are not checked (webhooks.tls-verify)")
	}
	return all
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
