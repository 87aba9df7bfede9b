package target_test

import (
	"io/fs"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/target"
)

func TestAllThatAProfileTakesFromOutsideAndIsNotThereIsToldAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	outside := target.Outside{
		Getenv: func(name string) string {
			return map[string]string{"SOCKETS": "http://h:1", "KEY": "k"}[name]
		},
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}
	const text = `name: x
rest: {env: REST}
sockets: {env: SOCKETS}
amqp: {file: broker.txt}
credentials: {user: {name: joe, password: {env: PASSWORD}, realm: r}}
clock: {lab: "http://h:1/_dev/clock/advance", token: {env: TOKEN}}
`
	p, err := target.Read("p.yaml", []byte(text))
	g.Expect(err).NotTo(HaveOccurred())
	err = outside.Check(p)
	for _, says := range []string{
		"rest: the environment variable REST is not set; set it, or change the profile",
		"sockets: what SOCKETS has is no URL that begins with ws://",
		"amqp: file broker.txt: ",
		"credentials.user.password: the environment variable PASSWORD is not set",
		"clock.token: the environment variable TOKEN is not set",
	} {
		g.Expect(err).To(MatchError(ContainSubstring(says)))
	}

	p.Features.Clock = "off"
	g.Expect(outside.Check(p)).NotTo(MatchError(ContainSubstring("clock.token")), "nobody asks for it")
	p, err = target.Read("p.yaml", []byte("name: x\nrest: http://h:8000\ncredentials: {api_key: {env: KEY}}\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(outside.Check(p)).To(Succeed())
	p.Credentials = target.Credentials{Token: &target.Token{Value: target.Secret{Env: "NONE"}}}
	g.Expect(outside.Check(p)).To(MatchError(ContainSubstring("credentials.token.value: the environment variable NONE is not set")))
}

func TestReceiversAreHeardAtAnAddressThatATargetCanBeTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ listen, advertise, says string }{
		{"127.0.0.1:0", "", ""},
		{"10.0.0.7:8090", "", ""},
		{"0.0.0.0:8090", "http://10.0.0.7:8090", ""},
		{"0.0.0.0:8090", "", "0.0.0.0:8090 is every address of this machine, and webhooks are for one: give the URL under which the target reaches it, --receiver-advertise http://10.0.0.7:8090"},
		{"[::]:0", "", "[::]:0 is every address of this machine"},
		{":8090", "", ":8090 is every address of this machine"},
		{"0.0.0.0:0", "http://10.0.0.7:8090", "name the port here, too"},
		{"0.0.0.0", "", `"0.0.0.0" is no address to listen on; write it as 0.0.0.0:8090`},
		{"0.0.0.0:http", "", "is no address to listen on"},
		{"0.0.0.0:80900", "", "is no address to listen on"},
	} {
		g := NewWithT(t)
		p := target.Profile{Receiver: target.Receiver{Listen: c.listen, Advertise: c.advertise}}
		if c.says == "" {
			g.Expect(p.CheckReceiver()).To(Succeed(), c.listen)
			continue
		}
		g.Expect(p.CheckReceiver()).To(MatchError(ContainSubstring(c.says)), c.listen)
		p.Features.Hooks = "off"
		g.Expect(p.CheckReceiver()).To(Succeed(), "nobody listens")
		p.Features.Hooks, p.May = "auto", target.ReadOnly
		g.Expect(p.CheckReceiver()).To(Succeed(), "nobody listens")
	}
}
