package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/uploads"
)

// storing is how much later it is told that a recording is stored: the app is asked meanwhile, and
// which of the two is over first is not to depend on the machine.
const storing = 50 * time.Millisecond

// store is what takes recordings where an answer says; nil where nobody does.
func (k *call) store(ctx context.Context) func(control.Upload, func(error)) {
	if k.Uploads == nil {
		return nil
	}
	c := uploads.Config{Line: k.line, Client: k.Uploads}
	if k.Live {
		c.Await = k.line.Stay
	}
	upload := uploads.New(ctx, c)
	return func(u control.Upload, then func(error)) {
		k.add(&session.Entry{Kind: session.Stores, Text: fmt.Sprintf("%s %s, %s of %s", u.Method, u.URL, u.Length, u.ContentType)})
		upload(u, func(err error) {
			k.line.After(storing, func() {
				if err != nil {
					k.add(&session.Entry{Kind: session.Mistakes, Text: err.Error(), Findings: []session.Finding{{
						Rule: fmt.Sprintf("the recording was not taken: %v. Kazoo asks the app all the same, and tells nobody", err),
					}}})
				}
				then(err)
			})
		})
	}
}
