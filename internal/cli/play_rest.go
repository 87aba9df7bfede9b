package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// longestAnswer is how long REST may take: a quickcall is answered when somebody has taken it.
const longestAnswer = 2 * time.Minute

// askStep makes a request of the story. What it commands has reached the switch when it
// returns.
func (p *play) askStep(ctx context.Context, r *scenario.REST) error {
	if err := p.ask(ctx, r); err != nil {
		return err
	}
	return p.settle(ctx)
}

func (p *play) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.control.Settle(ctx); err != nil {
		return fmt.Errorf("the switch does not hear what it is told: %w", err)
	}
	return nil
}

// ask makes a request of the story, or of what it expects.
func (p *play) ask(ctx context.Context, r *scenario.REST) error {
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	c, err := p.clientOf(ctx, r.Account)
	if err != nil {
		return err
	}
	target, body, err := p.request(ctx, r)
	if err != nil {
		return err
	}
	status, envelope, err := c.answer(ctx, r.Method, target, body)
	if status == http.StatusUnauthorized && r.Status != status { // somebody else has put the clock forward
		p.clients.forget(r.Account)
		if c, err = p.clientOf(ctx, r.Account); err != nil {
			return err
		}
		status, envelope, err = c.answer(ctx, r.Method, target, body)
	}
	if err != nil {
		return err
	}
	miss, err := p.compare(ctx, envelope, r.Wants)
	if err != nil {
		return err
	}
	if miss = otherStatus(r.Status, status, envelope) + miss; miss != "" {
		return fmt.Errorf("%s %s:%s", r.Method, target, miss)
	}
	return nil
}

// otherStatus says that a status is not the one that was wanted, which is 0 for any success; ""
// when it is.
func otherStatus(wanted, status int, envelope jobj.Object) string {
	if wanted == status || wanted == 0 && status < http.StatusMultipleChoices {
		return ""
	}
	want, got := strconv.Itoa(wanted), fmt.Sprintf("%d %s", status, http.StatusText(status))
	if wanted == 0 {
		want = "success"
	}
	if why := refusal(status, envelope); status >= http.StatusBadRequest && why != http.StatusText(status) {
		got += ": " + why
	}
	return fmt.Sprintf(" wanted %s, got %s", want, got)
}

// request is where a request goes, and the data that goes along.
func (p *play) request(ctx context.Context, r *scenario.REST) (target string, data any, err error) {
	type request struct {
		target string
		data   any
	}
	made, err := onStage(ctx, p.line, func() request {
		one := request{target: scenario.Fill(r.Target, p.stage.Lookup)}
		if r.Body != nil {
			one.data = filled(r.Body, p.stage.Lookup)
		}
		return one
	})
	return made.target, made.data, err
}

// compare says in what an answer's data differs from what was wanted, and what it was; ""
// when it does not.
func (p *play) compare(ctx context.Context, answer jobj.Object, wants []scenario.Match) (string, error) {
	data, there := answer.Get("data")
	fields, _ := data.(jobj.Object)
	if there && !fields.Has("data") {
		fields = append(slices.Clip(fields), jobj.Member{Key: "data", Value: data})
	}
	list, _ := data.([]any)
	for i, element := range list {
		fields = append(fields, jobj.Member{Key: strconv.Itoa(i), Value: element})
	}
	miss, err := onStage(ctx, p.line, func() string { return verdict.Differ(fields, wants, p.stage.Lookup) })
	switch {
	case err != nil || miss == "":
		return "", err
	case there:
		return miss + "\n    the data of the answer: " + verdict.Short(string(jobj.Append(nil, data))), nil
	}
	return miss + "\n    the answer has no data", nil
}

// onStage asks the stage something from a goroutine that is not the timeline's.
func onStage[T any](ctx context.Context, line *timeline.Timeline, ask func() T) (answer T, err error) {
	told := make(chan T, 1)
	if err := line.Do(ctx, func() { told <- ask() }); err != nil {
		return answer, err
	}
	return <-told, nil
}

// filled is a value with what its references stand for.
func filled(value any, lookup verdict.Lookup) any {
	switch v := value.(type) {
	case string:
		return scenario.Fill(v, lookup)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = filled(v[i], lookup)
		}
		return list
	case jobj.Object:
		o := make(jobj.Object, len(v))
		for i, m := range v {
			o[i] = jobj.Member{Key: m.Key, Value: filled(m.Value, lookup)}
		}
		return o
	}
	return value
}
