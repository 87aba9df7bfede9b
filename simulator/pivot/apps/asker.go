package apps

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// Asker asks an application wherever it is: at a websocket where the URL names one, and by
// HTTP else.
type Asker struct {
	Apps *Directory
	HTTP interface {
		Ask(ctx context.Context, r request.Request) (client.Answer, error)
	}
}

// Ask is that of the directory, or of HTTP.
func (a Asker) Ask(ctx context.Context, r request.Request) (client.Answer, error) {
	if _, there := Of(r.URL); there {
		return a.Apps.Ask(ctx, r)
	}
	return a.HTTP.Ask(ctx, r)
}

// Has says that a URL is for an application at a websocket.
func (a Asker) Has(address string) bool {
	_, there := Of(address)
	return there
}

// Result is that of the directory.
func (a Asker) Result(r request.Request, outcome string, problems []any) {
	a.Apps.Result(r, outcome, problems)
}

// CDR is that of the directory.
func (a Asker) CDR(accountID, callID, address string, params jobj.Object) error {
	return a.Apps.CDR(accountID, callID, address, params)
}

// Forget is that of the directory.
func (a Asker) Forget(callID string) { a.Apps.Forget(callID) }
