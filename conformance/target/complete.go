package target

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Check tells all that a profile takes from outside and that is not there, or is not what it is to
// be, with the field of each and the fix.
func (o Outside) Check(p Profile) error {
	var errs []error
	for _, a := range []struct {
		field   string
		address Address
		schemes []string
	}{
		{"rest", p.REST, []string{"http", "https"}},
		{"sockets", p.Sockets, []string{"ws", "wss"}},
		{"amqp", p.AMQP, []string{"amqp", "amqps"}},
		{"management", p.Management, []string{"http", "https"}},
	} {
		_, err := o.address(a.field, a.address, a.schemes...)
		errs = append(errs, err)
	}
	secret := func(field string, s *Secret) {
		_, err := o.secret(field, *s)
		errs = append(errs, err)
	}
	switch c := p.Credentials; {
	case c.Token != nil:
		secret("credentials.token.value", &c.Token.Value)
	case c.APIKey != nil:
		secret("credentials.api_key", c.APIKey)
	case c.User != nil:
		secret("credentials.user.password", &c.User.Password)
	}
	if p.putsTimeForward() && p.Clock.Token != nil {
		secret("clock.token", p.Clock.Token)
	}
	return errors.Join(errs...)
}

// putsTimeForward tells whether a lab's clock is used.
func (p *Profile) putsTimeForward() bool {
	return p.Features.Clock != off && p.Clock.Lab != "" && p.May != ReadOnly
}

// CheckReceiver finds out whether a target can be told an address of the receivers of webhooks.
// Whether it reaches that, only a webhook tells.
func (p *Profile) CheckReceiver() error {
	if p.Features.Hooks == off || p.May == ReadOnly {
		return nil
	}
	const field = "receiver.listen (--receiver-listen)"
	listen, advertise := p.Receiver.Listen, p.Receiver.Advertise
	host, port, err := net.SplitHostPort(listen)
	if _, wrongPort := strconv.ParseUint(port, 10, 16); err != nil || wrongPort != nil {
		return fmt.Errorf("%s: %q is no address to listen on; write it as 0.0.0.0:8090", field, listen)
	}
	address, err := netip.ParseAddr(host)
	everywhere := host == "" || err == nil && address.IsUnspecified()
	switch {
	case advertise == "" && everywhere:
		return fmt.Errorf("%s: %s is every address of this machine, and webhooks are for one: give the URL under which the target reaches it, --receiver-advertise http://10.0.0.7:%s (receiver.advertise)", field, listen, example(port))
	case advertise != "" && port == "0":
		return fmt.Errorf("%s: %s takes whatever port is free, which is not that of --receiver-advertise %s (receiver.advertise): name the port here, too", field, listen, advertise)
	}
	return nil
}

func example(port string) string {
	if port == "0" {
		return "8090"
	}
	return port
}
