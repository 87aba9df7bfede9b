package stage

import (
	"context"

	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// settled is an asker whose answers come when nothing else is left to happen at the moment of the
// request, so that a call goes the same way however quick the app is.
type settled struct {
	pivot.Asker

	line *timeline.Timeline
}

// Ask is that of pivot.Asker.
func (s settled) Ask(ctx context.Context, r request.Request) (client.Answer, error) {
	answer, err := s.Asker.Ask(ctx, r)
	quiet := make(chan struct{})
	if ended := s.line.Do(ctx, func() { s.line.Lastly(func() { close(quiet) }) }); ended != nil {
		return answer, err
	}
	select {
	case <-quiet:
	case <-ctx.Done():
	}
	return answer, err
}
