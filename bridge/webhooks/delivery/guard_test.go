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
)

func TestWhichAddressesAreRefused(t *testing.T) {
	const never, strictly, always = "never", "strict", "on, strict"
	for _, c := range []struct{ address, refused string }{
		{"93.184.215.14", never},
		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", never},
		{"127.0.0.1", always},
		{"127.255.255.254", always},
		{"::1", always},
		{"0.0.0.0", always},
		{"0.1.2.3", always},
		{"::", always},
		{"169.254.169.254", always}, // metadata of most clouds
		{"169.254.170.2", always},   // of containers at AWS
		{"fe80::1", always},
		{"fe80::a9fe:a9fe%eth0", always},
		{"fd00:ec2::254", always},
		{"fd20:ce::254", always},
		{"fd00:c1::a9fe:a9fe", always},
		{"168.63.129.16", always},
		{"100.100.100.200", always},
		{"224.0.0.1", always},
		{"239.255.255.250", always},
		{"255.255.255.255", always},
		{"ff02::1", always},
		{"::ffff:127.0.0.1", always},
		{"::ffff:169.254.169.254", always},
		{"::127.0.0.1", always},
		{"64:ff9b::7f00:1", always},
		{"64:ff9b::a9fe:a9fe", always},
		{"64:ff9b:1::7f00:1", always},
		{"64:ff9b:1:7f00:0:100::", always},
		{"2002:7f00:1::1", always},
		{"2002:a9fe:a9fe::", always},
		{"2001:0:7f00:1::", always},                  // a Teredo server
		{"2001:0:5db8:d70e::5601:5601", always},      // a Teredo client, 169.254.169.254 inverted
		{"64:ff9b::5db8:d70e", never},                // 93.184.215.14 behind NAT64
		{"64:ff9b:1::5db8:d70e", never},              // the same, of a site
		{"2002:5db8:d70e::1", never},                 // the same by 6to4
		{"2001:0:5db8:d70e:0:0:a247:28f1", strictly}, // the same by Teredo
		{"10.0.0.1", strictly},
		{"172.16.0.1", strictly},
		{"172.31.255.255", strictly},
		{"172.32.0.1", never},
		{"192.168.1.1", strictly},
		{"100.64.0.1", strictly},
		{"100.128.0.1", never},
		{"192.0.2.1", strictly},
		{"198.51.100.1", strictly},
		{"203.0.113.1", strictly},
		{"198.18.0.1", strictly},
		{"192.0.0.8", strictly},
		{"192.88.99.1", strictly},
		{"240.0.0.1", strictly},
		{"::ffff:10.0.0.1", strictly},
		{"64:ff9b::a00:1", strictly},
		{"2002:c0a8:101::1", strictly},
		{"fc00::1", strictly},
		{"fdff::1", strictly},
		{"fec0::1", strictly},
		{"2001:db8::1", strictly},
		{"3fff::1", strictly},
		{"5f00::1", strictly},
		{"100::1", strictly},
	} {
		t.Run(c.address, func(t *testing.T) {
			g := NewWithT(t)
			address := netip.MustParseAddr(c.address)
			g.Expect(newGate(Guard{Level: GuardOn}).refuses(address)).To(Equal(c.refused == always))
			g.Expect(newGate(Guard{}).refuses(address)).To(Equal(c.refused == always))
			g.Expect(newGate(Guard{Level: GuardStrict}).refuses(address)).To(Equal(c.refused != never))
			g.Expect(newGate(Guard{Level: GuardOff}).refuses(address)).To(BeFalse())
		})
	}
}

func TestLoopbackAloneCanBeAllowed(t *testing.T) {
	g := NewWithT(t)
	for _, level := range []GuardLevel{GuardOn, GuardStrict} {
		gate := newGate(Guard{Level: level, AllowLoopback: true})
		for _, allowed := range []string{"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"} {
			g.Expect(gate.refuses(netip.MustParseAddr(allowed))).To(BeFalse(), allowed)
		}
		for _, refused := range []string{"0.0.0.0", "::", "169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::1"} {
			g.Expect(gate.refuses(netip.MustParseAddr(refused))).To(BeTrue(), refused)
		}
	}
	g.Expect(newGate(Guard{}).control("tcp", "no address", nil)).To(HaveOccurred())
}

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
			c := newClient(t, func(cfg *Config) { cfg.Guard, cfg.Resolver = Guard{}, names })
			out := c.Do(t.Context(), post("http://"+host+port(server)+"/"))
			if host == "127.1" || host == "0x7f000001" {
				g.Expect(out.Status).To(BeZero()) // no address to Go, and no name
				return
			}
			g.Expect(out.ClientError).To(HavePrefix("blocked_address: " + address))
			blocked, ok := errors.AsType[*BlockedError](out.Err)
			g.Expect(ok).To(BeTrue())
			g.Expect(newGate(Guard{}).refuses(blocked.Address)).To(BeTrue())
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
					cfg.Guard, cfg.Resolver = Guard{Level: GuardStrict, AllowLoopback: true}, names
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
	c := newClient(t, func(cfg *Config) { cfg.Guard = Guard{} })
	// The first connection is there already, as one to a public receiver would be.
	c.connections.dial = exceptFor(outside.Listener.Addr().String(), c.connections.dial)
	out := c.Do(t.Context(), get(outside.URL+"/hook"))
	g.Expect(out.ClientError).To(Equal("blocked_address: 127.0.0.1"))
	g.Expect(*requests).To(BeZero())
}

func TestAnUnguardedClientReachesWhatItIsTold(t *testing.T) {
	g := NewWithT(t)
	server, requests := served(t)
	c := newClient(t, func(cfg *Config) { cfg.Guard, cfg.AnswerTimeout = Guard{Level: GuardOff}, 10*time.Second })
	g.Expect(c.Do(t.Context(), post("http://0.0.0.0"+port(server)+"/")).Status).To(Equal(200))
	g.Expect(*requests).To(Equal(1))
}
