package apps

import (
	"context"

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
