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
	"github.com/testcontainers/testcontainers-go/wait"
)

// TestACallReachesAReceiverThroughTheImage runs the image three times: as the
// bridge, as the receiver and as the one who makes the call.
func TestACallReachesAReceiverThroughTheImage(t *testing.T) {
	lab := newLab(t)
	key := strings.Repeat("c1", 32)
	broker := lab.broker(t)
	bridge := lab.bridge(t, map[string]string{
		"KAZOOLAB_AMQP_URL":               broker,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME": "Containers",
		"KAZOOLAB_BOOTSTRAP_API_KEY":      key,
	})
	base := "http://" + published(t, bridge) + "/v2"
	login := put(t, base+"/api_auth", "", `{"data":{"api_key":"`+key+`"}}`)
	hooks := base + "/accounts/" + login.Data.AccountID + "/webhooks"
	put(t, hooks, login.AuthToken, `{"data":{"name":"New Calls","uri":"http://receiver:8099/","hook":"channel_create"}}`)

	receiver := lab.run(t, "receiver", image,
		testcontainers.WithCmd("listen", "--addr", "0.0.0.0:8099", "--count", "1"),
		testcontainers.WithWaitStrategy(wait.ForLog("listening on")))
	lab.run(t, "caller", image,
		testcontainers.WithCmd("trigger", "channel_create", "--account", login.Data.AccountID, "--amqp-url", broker),
		testcontainers.WithWaitStrategy(wait.ForExit().WithExitTimeout(readyLimit)))
	if err := wait.ForExit().WithExitTimeout(readyLimit).WaitUntilReady(t.Context(), receiver); err != nil {
		t.Fatalf("the receiver waits still: %v\n%s", err, logOf(bridge))
	}
	if log := logOf(receiver); !strings.Contains(log, "channel_create") {
		t.Errorf("the receiver got\n%s", log)
	}
}

// login is what an answer to PUT /api_auth is asked for.
type login struct {
	AuthToken string `json:"auth_token"`
	Data      struct {
		AccountID string `json:"account_id"`
	} `json:"data"`
}

func put(t *testing.T, url, token, body string) login {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Auth-Token", token)
	if token == "" {
		request.Header.Del("X-Auth-Token")
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
