//go:build real

package realtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// apiKey is that of the first account.
func apiKey() string { return strings.Repeat("c1", 32) }

// login is what an answer to PUT /api_auth is asked for.
type login struct {
	AuthToken string `json:"auth_token"`
	Data      struct {
		AccountID string `json:"account_id"`
	} `json:"data"`
}

func logIn(t *testing.T, node *testcontainers.DockerContainer) login {
	t.Helper()
	return put(t, node, "/v2/api_auth", "", `{"data":{"api_key":"`+apiKey()+`"}}`)
}

// makeHook makes one for new calls that leads to the receiver.
func makeHook(t *testing.T, node *testcontainers.DockerContainer, in login) {
	t.Helper()
	put(t, node, "/v2/accounts/"+in.Data.AccountID+"/webhooks", in.AuthToken,
		`{"data":{"name":"New Calls","uri":"`+receiverURL+`","hook":"channel_create"}}`)
}

func put(t *testing.T, node *testcontainers.DockerContainer, path, token, body string) login {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	url := "http://" + published(t, node) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	var client http.Client
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer login
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("PUT %s: %s (%v)", url, response.Status, err)
	}
	return answer
}
