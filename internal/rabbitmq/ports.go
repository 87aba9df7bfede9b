package rabbitmq

import (
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// ports are the server's listeners; management is 0 when not asked for.
type ports struct{ amqp, management, distribution, epmd int }

func choosePorts(options Options, random *ids.Source) (ports, error) {
	free, err := daemon.FreePorts(4, random)
	if err != nil {
		return ports{}, err
	}
	p := ports{amqp: free[0], distribution: free[1], epmd: free[2]}
	if options.Management {
		p.management = free[3]
	}
	return p, nil
}
