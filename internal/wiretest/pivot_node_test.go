//go:build real

package wiretest_test

import (
	"testing"
)

func TestTheExampleInNodeServesCalls(t *testing.T) {
	plays(t, "node", "--experimental-websocket", examples+"/ivr.js")
}
