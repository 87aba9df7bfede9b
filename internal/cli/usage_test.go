package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/cli"
)

func TestWrongCommandLinesSayWhatIsMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		says []string
	}{
		{"upp", []string{`unknown command "upp"`, "did you mean up?"}},
		{"trigge channel_create", []string{"did you mean trigger or bridge?"}},
		{"config shwo", []string{`unknown command "shwo" for "kazoolab config"`, "did you mean show?"}},
		{"completion fisch", []string{"did you mean fish?"}},
		{"up --rest-lisen 127.0.0.1:0", []string{"--rest-lisen", "did you mean --rest-listen?"}},
		{"up now", []string{`takes no argument`, `"now"`}},
		{"version -o jsn", []string{"text|json", "did you mean json?"}},
		{"version -x", []string{"-x"}},
		{"trigger", []string{"which event?", "trigger --list", "channel_create"}},
		{"trigger notifications", []string{`"notifications" can be many an event`, "new_account", "--list"}},
		{"trigger doc_edited --account 22222222222222222222222222222222 --set Typ=user", []string{`doc_edited has no field "Typ"`, "did you mean Type?"}},
		{"trigger sms --account 22222222222222222222222222222222 --set Body=", []string{"Body is required"}},
		{"trigger sms --account 22222222222222222222222222222222 --set Route-Type=on", []string{"Route-Type must be one of onnet, offnet"}},
		{"trigger channel_crate", []string{`no event "channel_crate"`, "channel_create"}},
		{"trigger nothing", []string{`no event "nothing"; kazoolab trigger --list shows them`}},
		{"trigger channel_create --timeout 0s", []string{"--timeout: 0s"}},
		{"trigger channel_create --count many", []string{`--count: "many" is no whole number`}},
		{"hooks attempts --since yesterday", []string{`--since: "yesterday" is no duration such as`}},
		{"trigger channel_create channel_answer", []string{`"channel_answer" is too much`}},
		{"trigger channel_create --count 0", []string{"--count"}},
		{"trigger channel_create --set Call-ID", []string{"Path=value"}},
		{"trigger channel_create", []string{"--account"}},
		{"trigger channel_create --account Nobody", []string{"--account"}},
		{"trigger channel_create --amqp-url http://x", []string{"--amqp-url", "amqp://"}},
		{"listen --answer 200,whatever", []string{`"whatever"`, "slow:2s"}},
		{"listen --show headers", []string{"--show"}},
		{"listen --count -1", []string{"--count"}},
		{"hooks lst", []string{`unknown command "lst" for "kazoolab hooks"`, "did you mean list or"}},
		{"queues repaly", []string{`unknown command "repaly" for "kazoolab queues"`, "did you mean replay?"}},
		{"hooks show", []string{"which webhook?", "kazoolab hooks list"}},
		{"hooks disable a b", []string{`"b" is too much`}},
		{"hooks enable", []string{"which webhook?"}},
		{"hooks enable a --all", []string{`leave "a" or the flag out`}},
		{"hooks enable --all --descendants", []string{"leave one of them out"}},
		{"hooks list --url http://127.0.0.1:1", []string{"--account", "ACCOUNT_ID"}},
		{"hooks list --url http://127.0.0.1:1 --account a", []string{"--token", "AUTH_TOKEN"}},
		{"hooks list --url here --account a --token t", []string{`--url: "here" begins with neither http:// nor https://; write it as http://127.0.0.1:8000`}},
		{"hooks attempts replay a --to 127.0.0.1:8099", []string{`--to: "127.0.0.1:8099" begins with neither http:// nor https://; write it as http://127.0.0.1:8099/`}},
		{"socket --expect =x", []string{"--expect", "begins with no name", "CHANNEL_CREATE"}},
		{"socket --timeout 1s", []string{"--timeout is for --expect"}},
		{"socket --expect reply --timeout 0s", []string{"--timeout: 0s"}},
		{"socket --url http://127.0.0.1:1 --account a --token t", []string{`--url: "http://127.0.0.1:1" begins with neither ws:// nor wss://; write it as ws://127.0.0.1:5555`}},
		{"socket --url ws://127.0.0.1:1", []string{"--account", "ACCOUNT_ID"}},
		{"sockets show", []string{"which websocket?", "kazoolab sockets list"}},
		{"sockets lst", []string{"did you mean list?"}},
		{"trigger call --file x", []string{"--file holds one event"}},
		{"quirks raw-key", []string{`no quirk "raw-key"`, "did you mean raw-keys?"}},
		{"quirks raw-keys null-crash", []string{`"null-crash" is too much`}},
		{"quirks raw-keys --class keep", []string{"--class is for the list"}},
		{"quirks --class kept", []string{"keep|never", "did you mean keep"}},
		{"quirks raw-keys -o markdown", []string{"whole page"}},
		{"health --url here", []string{`--url: "here" begins with neither http:// nor https://; write it as http://127.0.0.1:8000`}},
		{"trigger channel_create --amqp-url rabbit:5672", []string{"--amqp-url: it does not begin with amqp:// or amqps://; write it as amqp://user:password@host:5672/vhost"}},
		{"bridge --amqp-url http://rabbit:15672/", []string{"--amqp-url: it begins with http://, not with amqp:// or amqps://"}},
		{"bridge --store mysql://host/db", []string{"--store: it begins with mysql://, not with sqlite: or postgres://; write sqlite:/var/lib/kazoolab.db"}},
		{"bridge --store kazoolab.db", []string{"--store: it does not begin with sqlite: or postgres://"}},
		{"config show --for listen", []string{"bridge|broker|up"}},
		{"config show --config /does/not/exist.yaml", []string{"--config", "no such file"}},
		{"up --rest-listen 8000 --drain-timeout soon", []string{"--rest-listen: ", "--drain-timeout: "}}, // both at once
		{"broker --listen 5672 --http localhost --max-memory lots --user alice", []string{"--listen: ", "--http: ", "--max-memory: ", "--user: "}},
		{"up --amqp-url amqp://h:99999/", []string{"--amqp-url: ", "1 to 65535", "amqp://user:password@host:5672/vhost"}},
		{"bridge --amqp-url amqp://h:99999/", []string{"--amqp-url: ", "1 to 65535"}},
		{"trigger channel_create --account Nobody --amqp-url amqp://h:port/", []string{"--amqp-url: ", "amqp://user:password@host:5672/vhost"}},
		{"broker --listen localhost --http 15672", []string{"such as 127.0.0.1:5672", "such as 127.0.0.1:15672"}},
		{"broker --listen 127.0.0.1:5672 --http 127.0.0.1:5672", []string{"--listen and --http are both 127.0.0.1:5672"}},
		{"broker --vhost /," + strings.Repeat("v", 256), []string{"--vhost: ", "256 bytes"}},
		{"certify --run-file /nowhere/run.json --dialect 6", []string{"talk|5.0|4.3"}},
		{"certify --profile kazo-5.0", []string{"did you mean kazoo-5.0?", "kazoo-4.3"}},
		{"certify --profile up --target up", []string{"--profile and --target both say"}},
		{"certify --target upp", []string{"running|up|compose|container", "did you mean up?"}},
		{"certify --rest here", []string{`--rest: "here" begins with neither http:// nor https://`}},
		{"certify --amqp http://h", []string{`--amqp: "http://h" begins with neither amqp:// nor amqps://`}},
		{"certify --target up --rest http://h:1", []string{"--rest: --target up starts a target of its own"}},
		{"certify --read-only --own-subaccount", []string{"leave one of them out"}},
		{"certify --from x --rest http://h:1", []string{"--from judges a file", "leave --rest out"}},
		{"certify --run WH-ENC-* --skip WH-*,x --list", []string{`--skip: no requirement or group fits "x"`}},
		{"certify --run WH-ENC-* --skip WH-* --list", []string{"nothing is left to judge: --skip WH-* leaves nothing of --run WH-ENC-*"}},
		{"certify --skip * --dry-run --target up", []string{"nothing is left to judge: --skip * leaves nothing of all requirements"}},
		{"certify --run WH-ENC-* --skip * --target up", []string{"nothing is left to judge"}},
		{"certify --profile kazoo-5.0 --dry-run", []string{
			"rest: the environment variable KAZOO_REST is not set; set it, or change the profile", "credentials.api_key: the environment variable KAZOO_API_KEY is not set",
			"0.0.0.0:8090 is every address of this machine", "--receiver-advertise http://10.0.0.7:8090",
		}},
		{"certify --profile kazoo-5.0", []string{"amqp: the environment variable KAZOO_AMQP is not set", "--receiver-advertise http://10.0.0.7:8090"}},
		{"certify --target up --receiver-listen 0.0.0.0:8090", []string{"0.0.0.0:8090 is every address of this machine"}},
		{"certify --target up --receiver-listen 8090", []string{`receiver.listen (--receiver-listen): "8090" is no address to listen on`}},
		{"certify --target compose --receiver-listen 0.0.0.0:8090", []string{"belong together with --target compose; give both, or none"}},
		{"certify --remove-left 0s", []string{"--remove-left: after 0s a run may still go on; give more than the longest takes, as 1h"}},
		{"certify --read-only --remove-left 1h", []string{"--read-only changes nothing, --remove-left deletes accounts"}},
		{"certify --from x --remove-left 1h", []string{"leave --remove-left out"}},
		{"certify --timeout 0s", []string{"--timeout: 0s is no time"}},
		{"certify --update-expectations", []string{"--update-expectations needs --expectations FILE"}},
		{"certify -o markdown", []string{"-o markdown is for --list"}},
		{"help upp", []string{`unknown command "upp"`, "did you mean up?"}},
		{"help config shwo", []string{`unknown command "shwo" for "kazoolab config"`, "did you mean show?"}},
		{"bridge --bootstrap-account-name Acme --rest-listen 127.0.0.1:0", []string{"bootstrap.password"}},
	} {
		run(t, strings.Fields(c.args)...).expect(cli.ExitUsage, c.says...)
	}
}

// Every command that takes the URL of a bridge says the same of one that is none.
func TestAWrongURLIsNamedByEachCommandThatTakesOne(t *testing.T) {
	t.Parallel()
	for url, says := range map[string]string{
		"127.0.0.1:8000":           `--url: "127.0.0.1:8000" begins with neither http:// nor https://; write it as http://127.0.0.1:8000`,
		"localhost:8000":           `--url: "localhost:8000" begins with neither http://`,
		"ws://127.0.0.1:5555":      `--url: "ws://127.0.0.1:5555" begins with neither http://`,
		"http://":                  `--url: "http://" names no host; write it as http://127.0.0.1:8000`,
		"http://127.0.0.1:port":    `--url: "http://127.0.0.1:port" is no URL; write it as http://127.0.0.1:8000`,
		"http://joe:hunter2@h:80x": `--url: "http://joe:***@h:80x" is no URL`,
		"joe:hunter2@host":         `--url: "joe:***@host" begins with neither`,
	} {
		for _, command := range []string{
			"hooks list", "hooks attempts", "explain", "sockets list", "queues drop --hook h", "health",
		} {
			args := append(strings.Fields(command), "--url", url)
			if command != "health" {
				args = append(args, "--account", "a", "--token", "t")
			}
			p := run(t, args...).expect(cli.ExitUsage, says)
			if strings.Contains(p.stderr.String(), "hunter2") {
				t.Errorf("%s shows a password: %s", command, &p.stderr)
			}
		}
	}
}

func TestUnknownVariablesAreErrors(t *testing.T) {
	t.Parallel()
	for command, env := range map[string]string{
		"up":     "KAZOOLAB_RST_LISTEN did you mean KAZOOLAB_REST_LISTEN?",
		"broker": "KAZOOLAB_BROKER_MAXMEMORY did you mean KAZOOLAB_BROKER_MAX_MEMORY?",
	} {
		name, hint, _ := strings.Cut(env, " ")
		p := prepare(t, command)
		p.state.Env = []string{name + "=1"}
		p.start().expect(cli.ExitUsage, name, hint)
	}
}

func TestHelpIsWhatItsFlagPrints(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "up", "config show"} {
		want := run(t, append(strings.Fields(command), "--help")...).stdout.String()
		if got := run(t, append([]string{"help"}, strings.Fields(command)...)...).expect(cli.ExitOK).stdout.String(); got != want {
			t.Errorf("help %s printed %s\nwant %s", command, got, want)
		}
	}
}

func TestHelpIsDataAndNoError(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "--help", "up --help", "config", "config show -h", "completion"} {
		p := run(t, strings.Fields(args)...).expect(cli.ExitOK)
		if !strings.Contains(p.stdout.String(), "Usage:") || p.stderr.String() != "" {
			t.Errorf("%q: stdout %q, stderr %q", args, &p.stdout, &p.stderr)
		}
	}
}

// Every command explains itself with examples, whose flags exist.
func TestEveryExampleParses(t *testing.T) {
	t.Parallel()
	commands := regexp.MustCompile(`(?m)^  ([a-z]+)  +\S`).FindAllStringSubmatch(section(run(t).stdout.String(), "Available Commands:"), -1)
	if len(commands) < 8 {
		t.Fatalf("only %d commands in the help", len(commands))
	}
	all := []string{"config show", "config example"}
	for _, c := range commands {
		all = append(all, c[1])
	}
	for _, command := range all {
		help := run(t, append(strings.Fields(command), "--help")...).stdout.String()
		examples := section(help, "Examples:")
		if !strings.Contains(examples, "kazoolab "+command) {
			t.Errorf("%s has no example of itself", command)
		}
		if strings.Contains(help, "Available Commands:") {
			continue // the flags are those of a subcommand
		}
		for _, flag := range regexp.MustCompile(`(?m)kazoolab `+command+` .*?(--[a-z-]+)`).FindAllStringSubmatch(examples, -1) {
			if !strings.Contains(section(help, "Flags:"), flag[1]+" ") {
				t.Errorf("%s: its example uses %s, which it does not have", command, flag[1])
			}
		}
	}
}

// section returns the text between a heading and the next blank line.
func section(help, heading string) string {
	_, rest, _ := strings.Cut(help, heading)
	text, _, _ := strings.Cut(rest, "\n\n")
	return text
}

func TestVersionIsReadableByPrograms(t *testing.T) {
	t.Parallel()
	var info map[string]any
	p := run(t, "version", "-o", "json").expect(cli.ExitOK)
	if err := json.Unmarshal([]byte(p.stdout.String()), &info); err != nil || info["go"] == "" || info["version"] == "" {
		t.Fatalf("%s: %v", &p.stdout, err)
	}
}

func TestConfigShowNamesTheOriginAndMasksSecrets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lab.yaml")
	if err := os.WriteFile(path, []byte("drain-timeout: 3s\nwebhooks:\n  prefetch: 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := prepare(t, "config", "show", "--origin", "-o", "json")
	p.state.Env = []string{
		"KAZOOLAB_CONFIG=" + path, "KAZOOLAB_WEBHOOKS_PREFETCH=6",
		"KAZOOLAB_AMQP_URL=amqp://u:hunter2@h/", "KAZOOLAB_BOOTSTRAP_PASSWORD=hunter2",
	}
	p.start().expect(cli.ExitOK)
	var rows []struct{ Setting, Value, Origin string }
	if err := json.Unmarshal([]byte(p.stdout.String()), &rows); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rows {
		got[r.Setting] = r.Value + " from " + r.Origin
	}
	for setting, want := range map[string]string{
		"drain-timeout":      "3s from " + path + ":1",
		"webhooks.prefetch":  "6 from KAZOOLAB_WEBHOOKS_PREFETCH",
		"amqp-url":           "amqp://u:***@h/ from KAZOOLAB_AMQP_URL",
		"bootstrap.password": "*** from KAZOOLAB_BOOTSTRAP_PASSWORD",
		"rest.listen":        "0.0.0.0:8000 from default",
	} {
		if got[setting] != want {
			t.Errorf("%s: got %s, want %s", setting, got[setting], want)
		}
	}
	if strings.Contains(p.stdout.String(), "hunter2") {
		t.Error("a secret is shown")
	}
}

func TestConfigExampleCanBeUsed(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"bridge", "broker", "up"} {
		path := filepath.Join(t.TempDir(), "lab.yaml")
		example := run(t, "config", "example", "--for", command).expect(cli.ExitOK)
		if err := os.WriteFile(path, []byte(example.stdout.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		p := prepare(t, "config", "show", "--for", command, "--config", path)
		p.state.Env = nil
		p.start().expect(cli.ExitOK)
	}
}

func TestCompletionOffersEvents(t *testing.T) {
	t.Parallel()
	p := run(t, "__complete", "trigger", "channel_").expect(cli.ExitOK)
	for _, event := range []string{"channel_create", "channel_answer", "channel_bridge", "channel_destroy"} {
		if !strings.Contains(p.stdout.String(), event) {
			t.Errorf("%s is not offered: %s", event, &p.stdout)
		}
	}
}
