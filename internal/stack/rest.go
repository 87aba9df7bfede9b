package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// reply is as much of an answer of the REST API as is looked at.
type reply struct {
	AuthToken string `json:"auth_token"`
	Data      struct {
		AccountID string `json:"account_id"`
	} `json:"data"`
}

// hook logs in at one node and makes a hook at the other, which therefore share
// accounts and the keys of tokens. It returns the account.
func (s *stack) hook(ctx context.Context) (account string, err error) {
	first, err1 := s.address(ctx, node1, restPort)
	second, err2 := s.address(ctx, node2, restPort)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	login, err := put(ctx, "http://"+first+"/v2/api_auth", "", map[string]any{"api_key": s.apiKey})
	if err != nil {
		return "", err
	}
	account = login.Data.AccountID
	_, err = put(ctx, "http://"+second+"/v2/accounts/"+account+"/webhooks", login.AuthToken, map[string]any{
		"name": "stack", "uri": "http://receiver:8099/", "hook": "channel_create", "http_verb": "post", "retries": 3,
	})
	return account, err
}

func put(ctx context.Context, url, token string, data map[string]any) (r reply, err error) {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	body, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return r, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return r, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return r, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		return r, fmt.Errorf("PUT %s: %s", url, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		return r, fmt.Errorf("PUT %s: %w", url, err)
	}
	return r, nil
}
