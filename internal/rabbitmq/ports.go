package rabbitmq

import (
	"errors"
	"net"
	"strconv"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// ports are the server's listeners; management is 0 when not asked for.
type ports struct{ amqp, management, distribution, epmd int }

var errNoFreePort = errors.New("no free TCP port on 127.0.0.1 between 20000 and 31999")

// choosePorts finds free ports. They are tried at random below the range from
// which systems take the client ends of connections: one found free there stays
// free until the server binds it, seconds later.
func choosePorts(options Options, random *ids.Source) (ports, error) {
	taken := map[int]bool{}
	choose := func() (int, error) {
		for range 200 {
			port := 20000 + random.IntN(12000)
			if !taken[port] && isFree(port) {
				taken[port] = true
				return port, nil
			}
		}
		return 0, errNoFreePort
	}
	var p ports
	wanted := []*int{&p.amqp, &p.distribution, &p.epmd}
	if options.Management {
		wanted = append(wanted, &p.management)
	}
	for _, port := range wanted {
		var err error
		if *port, err = choose(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp4", address(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
