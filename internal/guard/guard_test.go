package guard

import (
	"net/netip"
	"testing"

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
			g.Expect(newGate(Guard{Level: On}).refuses(address)).To(Equal(c.refused == always))
			g.Expect(newGate(Guard{}).refuses(address)).To(Equal(c.refused == always))
			g.Expect(newGate(Guard{Level: Strict}).refuses(address)).To(Equal(c.refused != never))
			g.Expect(newGate(Guard{Level: Off}).refuses(address)).To(BeFalse())
		})
	}
}

func TestLoopbackAloneCanBeAllowed(t *testing.T) {
	g := NewWithT(t)
	for _, level := range []Level{On, Strict} {
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
