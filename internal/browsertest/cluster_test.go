//go:build real

package browsertest_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// patience is how long anything may take on a busy machine.
const patience = time.Minute

const (
	account  = "Acme"
	username = "admin"
	password = "correct horse"
)

// cluster is two nodes that share a broker and a store.
type cluster struct {
	binary, amqpURL string
	nodes           [2]*lab.Node
	sockets         [2]string // URLs
	token, id       string    // of the account
}

func start(t *testing.T) *cluster {
	t.Helper()
	g := NewWithT(t)
	c := &cluster{binary: filepath.Join(t.TempDir(), "kazoolab"), amqpURL: brokertest.New(t).URL}
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, "../../cmd/kazoolab").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(built))
	ports, err := daemon.FreePorts(len(c.nodes), ids.New())
	g.Expect(err).NotTo(HaveOccurred())
	store := postgrestest.New(t)
	for i := range c.nodes {
		address := daemon.Address(ports[i])
		c.sockets[i] = "ws://" + address
		c.nodes[i], err = lab.NewNode(lab.NodeOptions{
			Binary: c.binary, AMQPURL: c.amqpURL, Store: store,
			Args: []string{"--websockets-listen", address, "--bootstrap-account-name", account, "--bootstrap-user", username, "--bootstrap-password", password},
		})
		g.Expect(err).NotTo(HaveOccurred())
		t.Cleanup(c.nodes[i].Kill)
		c.begin(t, i)
	}
	c.logIn(t)
	return c
}

// begin starts a node, and waits until it takes events.
func (c *cluster) begin(t *testing.T, i int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.nodes[i].Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[i].AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
}

// request asks REST at a node.
func (c *cluster) request(t *testing.T, node int, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.nodes[node].URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", c.token)
	answer, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var envelope map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s answered %d %v: %v", method, path, answer.StatusCode, envelope, err)
	}
	return envelope
}

func (c *cluster) logIn(t *testing.T) {
	t.Helper()
	sum := sha1.Sum([]byte(username + ":" + password))
	envelope := c.request(t, 0, http.MethodPut, "/v2/user_auth",
		fmt.Sprintf(`{"data":{"credentials":%q,"method":"sha","account_name":%q}}`, hex.EncodeToString(sum[:]), account))
	c.token, _ = envelope["auth_token"].(string)
	data, _ := envelope["data"].(map[string]any)
	c.id, _ = data["account_id"].(string)
}

// call has a whole call happen.
func (c *cluster) call(t *testing.T, id string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), c.binary, "trigger", "call", "--account", c.id, "--amqp-url", c.amqpURL, "--set", "Call-ID="+id)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &output)
	}
}

// of are the events of a call, as the page shows them.
func of(rows []row, id string) []row {
	var its []row
	for _, r := range rows {
		if r.About == id {
			its = append(its, r)
		}
	}
	return its
}

func callRows(id string) []row {
	var its []row
	for _, name := range []string{"CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_DESTROY"} {
		its = append(its, row{"call.*.*", name, id})
	}
	return its
}

// What a user does with the page: log in, watch calls and documents, go on when a node
// dies.
func TestThePageGoesOnWhenItsNodeIsKilled(t *testing.T) {
	c, p := start(t), open(t)
	g := NewWithT(t)
	eventually := func(what func() any) AsyncAssertion {
		return g.Eventually(t.Context(), what).WithTimeout(patience).WithPolling(50 * time.Millisecond)
	}
	state := func() any { return p.text("state") + p.text("error") }

	p.fill("rest", c.nodes[0].URL())
	p.fill("urls", c.sockets[0]+" "+c.sockets[1])
	p.fill("account", account)
	p.fill("username", username)
	p.fill("password", password)
	p.fill("bindings", "call.*.* object.doc_edited.account")
	p.click("connect")
	eventually(state).Should(Equal("open"))
	eventually(func() any {
		return c.request(t, 0, http.MethodGet, "/v2/accounts/"+c.id+"/websockets", "")["data"]
	}).Should(HaveLen(1))
	// The page subscribes to one binding after the other.
	eventually(func() any { return c.subscribed(t, 0) }).Should(ContainElements("call.*.*", "object.doc_edited.account"))

	c.call(t, "first")
	eventually(func() any { return of(p.rows(), "first") }).Should(ConsistOf(callRows("first")))
	c.request(t, 0, http.MethodPatch, "/v2/accounts/"+c.id, `{"data":{"name":"Acme","ticket":"17"}}`)
	eventually(func() any { return p.rows() }).Should(ContainElement(row{"object.doc_edited.account", "doc_edited", "account " + c.id}))

	c.nodes[0].Kill()
	c.call(t, "meanwhile")
	eventually(func() any { return of(p.rows(), "meanwhile") }).Should(ConsistOf(callRows("meanwhile")))
	eventually(state).Should(Equal("open"))
	g.Expect(p.rows()).NotTo(ContainElement(HaveField("Name", "gap")))
	c.call(t, "then")
	eventually(func() any { return of(p.rows(), "then") }).Should(ConsistOf(callRows("then")))
	g.Expect(of(p.rows(), "first")).To(ConsistOf(callRows("first")), "nothing came twice")

	// Back to the first node, which is new and has kept nothing, when the other one goes.
	c.begin(t, 0)
	c.nodes[1].Kill()
	eventually(func() any { return c.subscribed(t, 0) }).Should(ContainElements("call.*.*", "object.doc_edited.account"))
	c.call(t, "last")
	eventually(func() any { return of(p.rows(), "last") }).Should(ConsistOf(callRows("last")))
	g.Expect(p.text("error")).To(BeEmpty())
}

// A refusal is shown, not swallowed.
func TestThePageSaysWhatIsWrong(t *testing.T) {
	c, p := start(t), open(t)
	g := NewWithT(t)
	p.fill("rest", c.nodes[0].URL())
	p.fill("urls", c.sockets[0])
	p.fill("account", account)
	p.fill("username", username)
	p.fill("password", "wrong")
	p.click("connect")
	g.Eventually(t.Context(), func() string { return p.text("error") }).WithTimeout(patience).Should(ContainSubstring("login refused"))
	p.fill("password", password)
	p.fill("bindings", "call.CHANNEL_FOO.*")
	p.click("connect")
	g.Eventually(t.Context(), func() string { return p.text("error") }).WithTimeout(patience).Should(Equal("event CHANNEL_FOO not supported"))
}

// subscribed are the bindings of the account's sockets, as a node tells them.
func (c *cluster) subscribed(t *testing.T, node int) []any {
	t.Helper()
	list, _ := c.request(t, node, http.MethodGet, "/v2/accounts/"+c.id+"/websockets", "")["data"].([]any)
	var all []any
	for _, id := range list {
		sockets, _ := c.request(t, node, http.MethodGet, fmt.Sprintf("/v2/accounts/%s/websockets/%s", c.id, id), "")["data"].([]any)
		for _, socket := range sockets {
			fields, _ := socket.(map[string]any)
			bindings, _ := fields["bindings"].([]any)
			all = append(all, bindings...)
		}
	}
	return all
}
