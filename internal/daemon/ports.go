package daemon

import (
	"errors"
	"net"
	"slices"
	"strconv"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// ErrPortTaken says that something else took a port since it was found free.
var ErrPortTaken = errors.New("the port is taken")

var errNoFreePort = errors.New("no free TCP port on 127.0.0.1 between 20000 and 31999")

// FreePorts finds n free ports. They are tried at random below the range from
// which systems take the client ends of connections: one found free there stays
// free until the server binds it, seconds later.
func FreePorts(n int, random *ids.Source) ([]int, error) {
	var ports []int
	for range 200 * n {
		if len(ports) == n {
			break
		}
		port := 20000 + random.IntN(12000)
		if !slices.Contains(ports, port) && IsFree(port) {
			ports = append(ports, port)
		}
	}
	if len(ports) < n {
		return nil, errNoFreePort
	}
	return ports, nil
}

// IsFree says whether nothing listens on the port of 127.0.0.1.
func IsFree(port int) bool {
	listener, err := net.Listen("tcp4", Address(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// Address is the port of 127.0.0.1.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
