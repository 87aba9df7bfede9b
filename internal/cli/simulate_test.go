package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

func TestSimulatePlaysCallsOfTheCustomers(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	broker := brokertest.New(t)
	deliveries := bound(t, broker)
	server := fakeBridge(t, 200, "")
	p := prepare(t, "simulate", "--amqp-url", broker.URL, "--rate", "2", "--calls", "20", "--mix", "call=1", "--speed", "max", "--seed", "one", "-o", "json").
		withRunFile(server.URL).start().expect(cli.ExitOK)
	var summary struct {
		Calls, Up, Messages int
		Outcomes            map[string]int
	}
	g.Expect(json.Unmarshal([]byte(p.stdout.String()), &summary)).To(gomega.Succeed())
	g.Expect(summary.Calls).To(gomega.Equal(20))
	g.Expect(summary.Up).To(gomega.BeZero())
	ended := 0
	for _, n := range summary.Outcomes {
		ended += n
	}
	g.Expect(ended).To(gomega.Equal(20))

	created, destroyed, last := 0, 0, int64(0)
	for created == 0 || destroyed < created {
		var event struct {
			Name string `json:"Event-Name"`
			Vars struct {
				Account string `json:"Account-ID"`
			} `json:"Custom-Channel-Vars"`
			Timestamp int64
		}
		g.Expect(json.Unmarshal((<-deliveries).Body, &event)).To(gomega.Succeed())
		switch event.Name {
		case "CHANNEL_CREATE":
			created++
			g.Expect(event.Vars.Account).To(gomega.Equal(customerID))
		case "CHANNEL_DESTROY":
			destroyed++
		case "usurp_control":
			continue
		}
		g.Expect(event.Timestamp).To(gomega.BeNumerically(">=", last), "in the order in which it happened")
		last = event.Timestamp
	}
}

func TestSimulatePlaysAHistogramOfAMix(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	file := filepath.Join(t.TempDir(), "calls")
	g.Expect(os.WriteFile(file, []byte("08:00 20\n09:00 40\n"), 0o600)).To(gomega.Succeed())
	p := prepare(t, "simulate", "--amqp-url", brokertest.New(t).URL, "--histogram", file, "--mix", "conference=1,fax=1,hold=1,edit=1",
		"--speed", "max", "--seed", "one", "-o", "json").start().expect(cli.ExitOK)
	var summary struct {
		Begun int
		Did   map[string]int
	}
	g.Expect(json.Unmarshal([]byte(p.stdout.String()), &summary)).To(gomega.Succeed())
	g.Expect(summary.Begun).To(gomega.BeNumerically("~", 60, 25))
	g.Expect(summary.Did).To(gomega.And(gomega.HaveLen(4), gomega.HaveKey("conference"), gomega.HaveKey("fax"), gomega.HaveKey("hold"), gomega.HaveKey("edit")))
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--rate 0":                        "--rate: 0 is no rate; write calls a second, as 0.5 or 20",
		"--arrivals never":                `no arrivals "never": there are steady, poisson, bursts and day`,
		"--speed fast":                    `--speed: "fast" is no speed; write 1, 60x or max`,
		"--speed max":                     "--speed max without --duration, --calls or --histogram has no end",
		"--mix call=1,dance=1":            `--mix: nobody does "dance"`,
		"--histogram nowhere":             "--histogram: open nowhere: no such file or directory",
		"--histogram /dev/null":           "--histogram /dev/null: no line says when there are how many calls",
		"--histogram x --rate 2":          "--histogram says itself when calls come; leave --rate and --arrivals out",
		"--duration -1s":                  "--duration: -1s is before the beginning",
		"--accounts 0":                    "--accounts: 0 accounts have no calls",
		"--account acme":                  `--account: no up runs that knows "acme"`,
		"--amqp-url amqp://127.0.0.1:1/ ": "no broker at amqp://127.0.0.1:1/",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code := cli.ExitUsage
			if strings.HasPrefix(want, "no broker") {
				code = cli.ExitUnreachable
			}
			prepare(t, append([]string{"simulate"}, strings.Fields(args)...)...).start().expect(code, want)
		})
	}
}
