package blackhole_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// writeCertificate makes a certificate with a name and leaves it in a folder.
func writeCertificate(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.System().Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestCertificatesAreReadAgain(t *testing.T) {
	g := NewWithT(t)
	dir, r := t.TempDir(), newRig(t)
	certFile, keyFile := writeCertificate(t, dir, "first.test")
	log := &logText{}
	certificate, err := blackhole.OpenCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(log, nil)))
	g.Expect(err).NotTo(HaveOccurred())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	r.serve(t, tls.NewListener(listener, certificate.Config()))

	dial := func() (*socket, string) {
		dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		conn, answer, err := dialer.Dial("wss://"+listener.Addr().String()+"/", nil)
		g.Expect(err).NotTo(HaveOccurred())
		_ = answer.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		return &socket{conn, t}, conn.NetConn().(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	before, name := dial()
	g.Expect(name).To(Equal("first.test"))
	writeCertificate(t, dir, "second.test")
	_, name = dial()
	g.Expect(name).To(Equal("second.test"))
	before.subscribe(acme, "call.CHANNEL_CREATE.*") // goes on
	r.calls(0, 100)
	calls, _ := before.seen(100)
	g.Expect(calls).To(HaveLen(100))

	g.Expect(os.WriteFile(keyFile, []byte("broken"), 0o600)).To(Succeed())
	_, name = dial()
	g.Expect(name).To(Equal("second.test"), "a broken one is not used")
	g.Expect(log.String()).To(ContainSubstring("certificate not read again"))
	g.Expect(os.Remove(certFile)).To(Succeed())
	_, name = dial()
	g.Expect(name).To(Equal("second.test"))
	writeCertificate(t, dir, "third.test")
	_, name = dial()
	g.Expect(name).To(Equal("third.test"))
}

func TestACertificateThatIsNotThere(t *testing.T) {
	g := NewWithT(t)
	_, err := blackhole.OpenCertificate("/nowhere/cert.pem", "/nowhere/key.pem", slog.New(slog.DiscardHandler))
	g.Expect(err).To(MatchError(And(ContainSubstring("/nowhere/cert.pem"), ContainSubstring("/nowhere/key.pem"))))
}
