package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// guest uses the REST API of a node as a portal does.
type guest struct {
	node   *lab.Node
	apiKey string
	client http.Client
	token  string
}

func newGuest(node *lab.Node, apiKey string) *guest {
	return &guest{node: node, apiKey: apiKey, client: http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	}}
}

// visit logs in, lists an account's hooks and their attempts, makes a hook that points
// at uri, and deletes it again.
func (g *guest) visit(ctx context.Context, accountID, uri string) error {
	var err error
	if g.token, err = g.node.Login(ctx, g.apiKey); err != nil {
		return err
	}
	hooks := "/v2/accounts/" + accountID + "/webhooks"
	if err := g.ask(ctx, http.MethodGet, hooks, nil, nil); err != nil {
		return err
	}
	if err := g.ask(ctx, http.MethodGet, hooks+"/attempts", nil, nil); err != nil {
		return err
	}
	var made struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	hook := map[string]any{"name": "passing", "uri": uri, "http_verb": "post", "hook": "channel_create"}
	if err := g.ask(ctx, http.MethodPut, hooks, hook, &made); err != nil {
		return err
	}
	return g.ask(ctx, http.MethodDelete, hooks+"/"+made.Data.ID, nil, nil)
}

func (g *guest) ask(ctx context.Context, method, path string, data, answer any) error {
	var body io.Reader = http.NoBody
	if data != nil {
		text, err := json.Marshal(map[string]any{"data": data})
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, g.node.URL()+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", g.token)
	resp, err := g.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
