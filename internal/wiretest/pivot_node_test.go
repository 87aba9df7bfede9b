//go:build real

package wiretest_test

import (
	"testing"
)

func TestTheExampleInNodeServesCalls(t *testing.T) {
	plays(t, "node", "--experimental-websocket", examples+"/ivr.js")
}

// Node tells of a connection that is refused by its error alone.
func TestTheClientInNodeTriesAgainWhereNobodyListens(t *testing.T) {
	h := newCluster(t)
	n, d := h.node(h.broker.URL), h.engine(h.broker.URL)
	h.run(n, "ws://127.0.0.1:1,"+n.sockets, "node", "--experimental-websocket", examples+"/ivr.js")
	h.known(d, 1)
}
