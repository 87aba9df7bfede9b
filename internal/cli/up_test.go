package cli_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// eventually is how long a program may take to start or stop on a busy machine.
const eventually = 30 * time.Second

// lab is what up prints as JSON.
type lab struct {
	REST       string            `json:"rest"`
	Websocket  string            `json:"websocket"`
	Broker     string            `json:"broker"`
	Management string            `json:"management"`
	RunFile    string            `json:"run_file"`
	AccountID  string            `json:"account_id"`
	Token      string            `json:"auth_token"`
	Create     string            `json:"create_webhook"`
	Relaxed    []string          `json:"relaxed"`
	Accounts   []runfile.Account `json:"accounts"`
}

// up starts the whole lab at a broker and waits until it says that it runs.
func up(t *testing.T, broker *brokertest.Broker, args ...string) (*program, lab) {
	t.Helper()
	return upWith(t, append([]string{"--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0"}, args...)...)
}

func upWith(t *testing.T, args ...string) (*program, lab) {
	t.Helper()
	return prepare(t, append([]string{"up", "-o", "json"}, args...)...).running()
}

// running starts up and waits until it says that it runs.
func (p *program) running() (*program, lab) {
	p.t.Helper()
	p.start()
	var l lab
	gomega.NewWithT(p.t).Eventually(p.t.Context(), func() error {
		return json.Unmarshal([]byte(p.stdout.String()), &l)
	}).WithTimeout(eventually).Should(gomega.Succeed(), func() string { return p.stderr.String() })
	return p, l
}

// beside prepares another command of the same user.
func beside(p *program, args ...string) *program {
	p.t.Helper()
	other := prepare(p.t, args...)
	other.state.Env = p.state.Env
	return other
}

// call makes a REST request and returns the status and the answer.
func call(t *testing.T, method, url, token, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&answer); err != nil {
		t.Fatalf("%s %s answered %d %s", method, url, res.StatusCode, raw)
	}
	return res.StatusCode, answer
}

// The way of the README: up, listen, the talk's curl, trigger, the POST arrives.
func TestACallBecomesAWebhook(t *testing.T) {
	t.Parallel()
	running, l := up(t, brokertest.New(t))
	receiver, url := listening(t, "--count", "1", "--show", "body")

	for _, part := range []string{l.Token, l.REST + "/v2/accounts/" + l.AccountID + "/webhooks", `"uri": "http://127.0.0.1:8099/calls/new.php"`} {
		if !strings.Contains(l.Create, part) {
			t.Errorf("the command to paste lacks %s:\n%s", part, l.Create)
		}
	}
	_, rest, _ := strings.Cut(l.Create, "-d '")
	body, _, _ := strings.Cut(rest, "'")
	status, answer := call(t, http.MethodPut, l.REST+"/v2/accounts/"+l.AccountID+"/webhooks", l.Token,
		strings.Replace(body, "http://127.0.0.1:8099", url, 1))
	if status != http.StatusCreated {
		t.Fatalf("creating the webhook answered %d %v", status, answer)
	}
	beside(running, "trigger", "channel_create", "--set", "Caller-ID-Number=+15551234567").start().expect(cli.ExitOK)
	receiver.expect(cli.ExitOK)
	for _, text := range []string{"POST", "channel_create", "200", "caller_id_number = +15551234567"} {
		if !strings.Contains(receiver.stdout.String(), text) {
			t.Errorf("the receiver printed no %q:\n%s", text, &receiver.stdout)
		}
	}

	beside(running, "health").start().expect(cli.ExitOK)
	env := beside(running, "env").start().expect(cli.ExitOK)
	_, quoted, _ := strings.Cut(env.stdout.String(), "AUTH_TOKEN='")
	token, _, _ := strings.Cut(quoted, "'")
	if status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID, token, ""); status != http.StatusOK {
		t.Errorf("env's token is worth %d %v", status, answer)
	}
	beside(running, "up", "--rest-listen", "127.0.0.1:0").start().expect(cli.ExitFailed, "runs already", "--run-file")

	running.end(cli.ErrInterrupted)
	running.expect(cli.ExitInterrupted)
	if _, err := os.Stat(l.RunFile); !os.IsNotExist(err) {
		t.Errorf("the run file is left: %v", err)
	}
	beside(running, "env").start().expect(cli.ExitUnreachable, "not running")
}

func TestUpKeepsItsStateWhereItIsTold(t *testing.T) {
	t.Parallel()
	broker, dir := brokertest.New(t), filepath.Join(t.TempDir(), "lab")
	first, before := up(t, broker, "--data", dir, "--seed", "one")
	first.end(cli.ErrTerminated)
	first.expect(cli.ExitOK)

	second, after := up(t, broker, "--data", dir, "--seed", "two", "--allow-loopback-targets=false")
	if len(before.Accounts) != 4 || len(after.Accounts) != 4 || before.Accounts[3].ID != after.Accounts[3].ID {
		t.Errorf("accounts before %+v\nafter %+v", before.Accounts, after.Accounts)
	}
	if len(before.Relaxed) == 0 || len(after.Relaxed) != 0 {
		t.Errorf("relaxed before %q, after %q", before.Relaxed, after.Relaxed)
	}
	second.end(cli.ErrTerminated)
	second.expect(cli.ExitOK)
}

// Each demo user can log in with the password in the run file.
func TestDemoUsersCanLogIn(t *testing.T) {
	t.Parallel()
	_, l := up(t, brokertest.New(t))
	users := 0
	for _, account := range l.Accounts {
		for _, user := range account.Users {
			users++
			if status, answer := login(t, l.REST, account.Name, user.Username, user.Password); status != http.StatusCreated {
				t.Errorf("%s of %s: %d %v", user.Username, account.Name, status, answer)
			}
		}
	}
	if users != 6 {
		t.Errorf("%d users", users)
	}
}

func login(t *testing.T, rest, account, username, password string) (int, map[string]any) {
	t.Helper()
	sum := md5.Sum([]byte(username + ":" + password))
	return call(t, http.MethodPut, rest+"/v2/user_auth", "",
		fmt.Sprintf(`{"data":{"credentials":%q,"account_name":%q}}`, hex.EncodeToString(sum[:]), account))
}

func TestTheBannerIsForPeople(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	p := prepare(t, "up", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0").start()
	gomega.NewWithT(t).Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).
		Should(gomega.ContainSubstring("kazoolab trigger channel_create"), func() string { return p.stderr.String() })
	for _, text := range []string{"relaxed", "allow-loopback-targets", "not for production", "curl -v -X PUT", "/readyz", "+1415555"} {
		if !strings.Contains(p.stdout.String(), text) {
			t.Errorf("the banner lacks %q:\n%s", text, &p.stdout)
		}
	}
	if strings.Contains(p.stdout.String(), "guest:guest") {
		t.Error("the banner shows the broker's password")
	}
	if strings.Contains(p.stdout.String(), "is refused") {
		t.Error("its curl is said to be refused")
	}
}

// The curl of the banner is for listen on this machine.
func TestTheBannerSaysThatItsCurlIsRefused(t *testing.T) {
	t.Parallel()
	p := prepare(t, "up", "--amqp-url", brokertest.New(t).URL, "--rest-listen", "127.0.0.1:0", "--allow-loopback-targets=false").start()
	gomega.NewWithT(t).Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).
		Should(gomega.ContainSubstring("allow-loopback-targets is off, and this uri is refused"), func() string { return p.stderr.String() })
}

// Two labs on one machine have a broker each, and other processes reach it.
func TestUpHasABrokerOfItsOwn(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	first, l := upWith(t, "--rest-listen", "127.0.0.1:0")
	second, other := upWith(t, "--rest-listen", "127.0.0.1:0", "--webhooks-guard", "off", "--webhooks-tls-verify=false")
	g.Expect(l.Relaxed).To(gomega.ConsistOf(gomega.ContainSubstring("(allow-loopback-targets)")))
	g.Expect(other.Relaxed).To(gomega.ConsistOf(gomega.ContainSubstring("(webhooks.guard)"), gomega.ContainSubstring("(webhooks.tls-verify)")))
	g.Expect(l.Broker).To(gomega.MatchRegexp(`^amqp://guest:guest@127\.0\.0\.1:\d+$`))
	g.Expect(other.Broker).NotTo(gomega.Equal(l.Broker))
	g.Expect(other.Management).NotTo(gomega.Equal(l.Management))

	receiver, target := listening(t, "--count", "1")
	status, answer := call(t, http.MethodPut, l.REST+"/v2/accounts/"+l.AccountID+"/webhooks", l.Token,
		`{"data":{"name":"New Calls","uri":"`+target+`","hook":"channel_create"}}`)
	g.Expect(status).To(gomega.Equal(http.StatusCreated), "%v", answer)
	beside(first, "trigger", "channel_create").start().expect(cli.ExitOK)
	receiver.expect(cli.ExitOK)

	first.end(cli.ErrInterrupted)
	first.expect(cli.ExitInterrupted)
	_, err := amqp.Dial(l.Broker)
	g.Expect(err).To(gomega.HaveOccurred())
	beside(second, "health").start().expect(cli.ExitOK)
}

// bridging starts a production bridge without websockets, which would share its only
// listener, and returns its base URL.
func bridging(t *testing.T, amqpURL string, args ...string) (*program, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, append([]string{"bridge", "--amqp-url", amqpURL, "--drain-timeout", "1s", "--websockets-listen="}, args...)...)
	p.state.Listen = func(context.Context, string, string) (net.Listener, error) { return listener, nil }
	p.state.Env = append(p.state.Env, "KAZOOLAB_BOOTSTRAP_PASSWORD=hunter2")
	return p.start(), "http://" + listener.Addr().String()
}

// A production bridge starts while its broker is away, and says so.
func TestBridgeStartsWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	p, base := bridging(t, "amqp://127.0.0.1:1/", "--store", "sqlite::memory:")
	run(t, "health", "--url", base).expect(cli.ExitFailed, "the broker is not connected")
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

// The first account of an empty store is made once, and its administrator can log in.
func TestBridgeMakesTheFirstAccount(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	store := "sqlite:" + filepath.Join(t.TempDir(), "lab.db")
	for _, name := range []string{"Acme", "Another"} {
		p, base := bridging(t, broker.URL, "--store", store, "--bootstrap-account-name", name)
		gomega.NewWithT(t).Eventually(t.Context(), func() int {
			return run(t, "health", "--url", base).wait()
		}).WithTimeout(eventually).Should(gomega.Equal(cli.ExitOK), func() string { return p.stderr.String() })
		if status, answer := login(t, base, "Acme", "admin", "hunter2"); status != http.StatusCreated {
			t.Errorf("login answered %d %v", status, answer)
		}
		if status, _ := login(t, base, "Another", "admin", "hunter2"); status == http.StatusCreated {
			t.Error("a second account was made")
		}
		p.end(cli.ErrTerminated)
		p.expect(cli.ExitOK)
		if strings.Contains(p.stderr.String(), "hunter2") {
			t.Error("the password is in the log")
		}
	}
}

func TestBridgeSaysWhenNobodyCanLogIn(t *testing.T) {
	t.Parallel()
	p := prepare(t, "bridge", "--store", "sqlite::memory:", "--amqp-url", "amqp://127.0.0.1:1/", "--rest-listen", "127.0.0.1:0").start()
	gomega.NewWithT(t).Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).
		Should(gomega.And(gomega.ContainSubstring("nobody can log in"), gomega.ContainSubstring("bootstrap.account-name")))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

func TestBridgeNeedsItsStore(t *testing.T) {
	t.Parallel()
	run(t, "bridge", "--store", "sqlite:/does/not/exist/lab.db", "--rest-listen", "127.0.0.1:0").
		expect(cli.ExitUnreachable, "open store")
}
