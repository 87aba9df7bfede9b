package delivery

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/guard"
)

// served is a server of this machine that counts what reaches it.
func served(t *testing.T) (server *httptest.Server, requests *int) {
	t.Helper()
	requests = new(int)
	server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { *requests++ }))
	t.Cleanup(server.Close)
	return server, requests
}

func port(server *httptest.Server) string { return server.URL[strings.LastIndexByte(server.URL, ':'):] }

func TestWhatIsRefusedIsNotReached(t *testing.T) {
	server, requests := served(t)
	names := resolver(t, map[string][]string{
		"internal.test": {"127.0.0.1"}, "mapped.test": {"::ffff:127.0.0.1"}, "both.test": {"::1", "127.0.0.1"},
		"metadata.test": {"169.254.169.254"},
	})
	for host, address := range map[string]string{
		"127.0.0.1": "127.0.0.1", "127.1": "127.0.0.1", "0x7f000001": "127.0.0.1", "[::ffff:127.0.0.1]": "127.0.0.1",
		"0.0.0.0": "0.0.0.0", "169.254.169.254": "169.254.169.254",
		"internal.test": "127.0.0.1", "mapped.test": "127.0.0.1", "both.test": "", "metadata.test": "169.254.169.254",
		"u:p@internal.test": "127.0.0.1",
	} {
		t.Run(host, func(t *testing.T) {
			g := NewWithT(t)
			c := newClient(t, func(cfg *Config) { cfg.Guard, cfg.Resolver = guard.Guard{}, names })
			out := c.Do(t.Context(), post("http://"+host+port(server)+"/"))
			if host == "127.1" || host == "0x7f000001" {
				g.Expect(out.Status).To(BeZero()) // no address to Go, and no name
				return
			}
			g.Expect(out.ClientError).To(HavePrefix("blocked_address: " + address))
			blocked, ok := errors.AsType[*guard.BlockedError](out.Err)
			g.Expect(ok).To(BeTrue())
			g.Expect(guard.Guard{}.Control()("tcp", netip.AddrPortFrom(blocked.Address, 80).String(), nil)).To(HaveOccurred())
		})
	}
	NewWithT(t).Expect(*requests).To(BeZero())
}

// A name that answers differently the second time, when it was good the first.
func TestANameThatMovesInsideIsRefused(t *testing.T) {
	g := NewWithT(t)
	server, requests := served(t)
	names := map[string][]string{"moving.test": {"127.0.0.1"}}
	c := newClient(t, func(cfg *Config) { cfg.Resolver = resolver(t, names) })
	uri := "http://moving.test" + port(server) + "/"
	g.Expect(c.Do(t.Context(), post(uri)).Status).To(Equal(200))
	c.Close() // its connection, which was dialled before
	names["moving.test"] = []string{"169.254.169.254"}
	g.Expect(c.Do(t.Context(), post(uri)).ClientError).To(Equal("blocked_address: 169.254.169.254"))
	// Of several addresses an allowed one will do: it is what is dialled.
	names["moving.test"] = []string{"169.254.169.254", "127.0.0.1"}
	g.Expect(c.Do(t.Context(), post(uri)).Status).To(Equal(200))
	g.Expect(*requests).To(Equal(2))
}

func TestARedirectLeadsNowhereInside(t *testing.T) {
	inside, requests := served(t)
	names := resolver(t, map[string][]string{
		"metadata.test": {"169.254.169.254"}, "private.test": {"10.1.2.3"}, "any.test": {"0.0.0.0"},
	})
	for location, address := range map[string]string{
		"http://169.254.169.254/latest/meta-data/":   "169.254.169.254",
		"http://[::ffff:169.254.169.254]/":           "169.254.169.254",
		"http://[64:ff9b::a9fe:a9fe]/":               "64:ff9b::a9fe:a9fe",
		"http://metadata.test/":                      "169.254.169.254",
		"http://private.test/":                       "10.1.2.3",
		"http://[fd12:3456::1]/":                     "fd12:3456::1",
		"http://0.0.0.0" + port(inside) + "/":        "0.0.0.0",
		"http://any.test" + port(inside) + "/":       "0.0.0.0",
		"https://0.0.0.0" + port(inside) + "/secure": "0.0.0.0",
	} {
		t.Run(location, func(t *testing.T) {
			for _, status := range []int{301, 302, 303, 307} {
				outside := httptest.NewServer(http.RedirectHandler(location, status))
				defer outside.Close()
				// Loopback stands for the outside here, and is allowed.
				c := newClient(t, func(cfg *Config) {
					cfg.Guard, cfg.Resolver = guard.Guard{Level: guard.Strict, AllowLoopback: true}, names
				})
				out := c.Do(t.Context(), post(outside.URL+"/hook"))
				if out.ClientError != "blocked_address: "+address {
					t.Errorf("%d: got %q, status %d, want %s blocked", status, out.ClientError, out.Status, address)
				}
			}
		})
	}
	NewWithT(t).Expect(*requests).To(BeZero())
}

// What the guard of the lab allows and that of production does not.
func TestARedirectToLoopbackFromAnAllowedAddress(t *testing.T) {
	g := NewWithT(t)
	inside, requests := served(t)
	outside := httptest.NewServer(http.RedirectHandler("http://127.0.0.1"+port(inside)+"/", http.StatusFound))
	defer outside.Close()
	c := newClient(t, func(cfg *Config) { cfg.Guard = guard.Guard{} })
	// The first connection is there already, as one to a public receiver would be.
	c.connections.dial = exceptFor(outside.Listener.Addr().String(), c.connections.dial)
	out := c.Do(t.Context(), get(outside.URL+"/hook"))
	g.Expect(out.ClientError).To(Equal("blocked_address: 127.0.0.1"))
	g.Expect(*requests).To(BeZero())
}

func TestAnUnguardedClientReachesWhatItIsTold(t *testing.T) {
	g := NewWithT(t)
	server, requests := served(t)
	c := newClient(t, func(cfg *Config) { cfg.Guard, cfg.AnswerTimeout = guard.Guard{Level: guard.Off}, 10*time.Second })
	g.Expect(c.Do(t.Context(), post("http://0.0.0.0"+port(server)+"/")).Status).To(Equal(200))
	g.Expect(*requests).To(Equal(1))
}
