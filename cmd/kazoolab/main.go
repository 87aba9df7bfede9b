// Command kazoolab delivers a Kazoo cluster's events to webhooks, and brings what
// a laptop lacks to try that.
package main

import (
	"os"

	"github.com/kazoolab/kazoolab/cmd/program"
)

func main() { os.Exit(program.Run()) }
