package signature_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// The example of the specification and of its reference libraries.
const (
	specSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	specID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	specBody      = `{"test": 2432232314}`
	specSeconds   = 1614265330
	specSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func secrets(t *testing.T, texts ...string) []signature.Secret {
	t.Helper()
	var all []signature.Secret
	for _, text := range texts {
		s, err := signature.ParseSecret(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func secretOf(n int) string {
	return signature.Prefix + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", n)))
}

func TestTheSpecificationsExample(t *testing.T) {
	g := NewWithT(t)
	at := time.Unix(specSeconds, 0)
	m := signature.Sign(specID, at, []byte(specBody), secrets(t, specSecret))
	g.Expect(m.Signature).To(Equal(specSignature))
	which, age, err := m.Verify(secrets(t, specSecret), at.Add(3*time.Second), signature.Tolerance)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(which).To(Equal(0))
	g.Expect(age).To(Equal(3 * time.Second))
}

func TestWhileSecretsAreExchangedEitherFits(t *testing.T) {
	g := NewWithT(t)
	at := time.Unix(specSeconds, 0)
	old, fresh, other := secretOf(24), secretOf(32), secretOf(64)
	m := signature.Sign("id", at, []byte("a=1"), secrets(t, fresh, old))
	g.Expect(strings.Fields(m.Signature)).To(HaveLen(2))
	for _, known := range []string{old, fresh} {
		_, _, err := m.Verify(secrets(t, known), at, signature.Tolerance)
		g.Expect(err).NotTo(HaveOccurred())
	}
	which, _, err := m.Verify(secrets(t, other, old), at, signature.Tolerance)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(which).To(Equal(1))
	_, _, err = m.Verify(secrets(t, other), at, signature.Tolerance)
	g.Expect(err).To(MatchError(ContainSubstring("another secret")))
}

func TestWhatIsNotToBeTrustedIsSaidPlainly(t *testing.T) {
	at := time.Unix(specSeconds, 0)
	good := func() signature.Message {
		return signature.Message{
			ID: specID, Timestamp: fmt.Sprint(specSeconds), Signature: specSignature, Content: []byte(specBody),
		}
	}
	for _, c := range []struct {
		name   string
		change func(*signature.Message)
		later  time.Duration
		says   string
	}{
		{"nothing signed", func(m *signature.Message) { *m = signature.Message{Content: m.Content} }, 0, "no webhook-id, no webhook-timestamp, no webhook-signature"},
		{"no id", func(m *signature.Message) { m.ID = "" }, 0, "not signed: no webhook-id"},
		{"another id", func(m *signature.Message) { m.ID += "x" }, 0, "no signature fits"},
		{"another body", func(m *signature.Message) { m.Content = append(m.Content, '\n') }, 0, "no signature fits"},
		{"another timestamp", func(m *signature.Message) { m.Timestamp = fmt.Sprint(specSeconds + 1) }, 0, "no signature fits"},
		{"a date", func(m *signature.Message) { m.Timestamp = "yesterday" }, 0, `"yesterday" is no number`},
		{"a signed number", func(m *signature.Message) { m.Timestamp = "+1614265330" }, 0, "is no number"},
		{"another scheme", func(m *signature.Message) { m.Signature = "v1a,AAAA" }, 0, "of the form v1,BASE64"},
		{"broken base64", func(m *signature.Message) { m.Signature = "v1,?" }, 0, "is not base64"},
		{"a part of a signature", func(m *signature.Message) { m.Signature = "v1,g0hM" }, 0, "no signature fits"},
		{"an old one", func(*signature.Message) {}, 6 * time.Minute, "signed 6m0s ago, more than 5m0s"},
		{"one from the future", func(*signature.Message) {}, -6 * time.Minute, "signed 6m0s in the future"},
		{"just in time", func(*signature.Message) {}, 5 * time.Minute, ""},
		{"another scheme beside ours", func(m *signature.Message) { m.Signature = "v1a,AAAA " + m.Signature }, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			m := good()
			c.change(&m)
			_, _, err := m.Verify(secrets(t, specSecret), at.Add(c.later), signature.Tolerance)
			if c.says == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.says)))
		})
	}
	_, _, err := good().Verify(secrets(t, specSecret), at.AddDate(5, 0, 0), 0)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

func TestSecretsAreCheckedAndNeverRepeated(t *testing.T) {
	g := NewWithT(t)
	for _, good := range []string{specSecret, secretOf(24), secretOf(25), secretOf(64)} {
		s, err := signature.ParseSecret(good)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(s.Text()).To(Equal(good))
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			g.Expect(fmt.Sprintf(format, struct{ S []signature.Secret }{[]signature.Secret{s}})).NotTo(ContainSubstring(good[6:20]))
		}
		g.Expect(signature.IsMask(s.String())).To(BeTrue())
		g.Expect(signature.IsMask(good)).To(BeFalse())
		_, err = signature.ParseSecret(s.String())
		g.Expect(err).To(HaveOccurred())
	}
	for bad, says := range map[string]string{
		"": "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "whsec_", "WHSEC_MfKQ": "whsec_",
		"whsec_": "24 to 64 bytes, this one 0", secretOf(23): "this one 23", secretOf(65): "this one 65",
		secretOf(25)[:len(secretOf(25))-1]: "padding", "whsec_" + strings.Repeat("!", 40): "base64",
		specSecret + "\n": "base64",
	} {
		_, err := signature.ParseSecret(bad)
		g.Expect(err).To(MatchError(ContainSubstring(says)), bad)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(specID, fmt.Sprint(specSeconds), specSignature, []byte(specBody))
	f.Add("", "-1", "v1, v1,= v2,x", []byte(nil))
	secret, err := signature.ParseSecret(specSecret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, timestamp, signed string, content []byte) {
		m := signature.Message{ID: id, Timestamp: timestamp, Signature: signed, Content: content}
		_, _, err := m.Verify([]signature.Secret{secret}, time.Unix(specSeconds, 0), signature.Tolerance)
		if err == nil && signed != specSignature && !strings.Contains(signed, specSignature) {
			t.Fatalf("%q, %q and %q are taken for signed by us", id, timestamp, signed)
		}
	})
}
