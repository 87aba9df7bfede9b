package brokertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// api speaks RabbitMQ's management API.
type api struct{ base string } // scheme, credentials, host; no final slash

func (m api) createVhost(ctx context.Context, vhost, user string) error {
	if _, err := m.call(ctx, http.MethodPut, "{}", "vhosts", vhost); err != nil {
		return err
	}
	const everything = `{"configure":".*","write":".*","read":".*"}`
	_, err := m.call(ctx, http.MethodPut, everything, "permissions", vhost, user)
	return err
}

func (m api) deleteVhost(ctx context.Context, vhost string) error {
	_, err := m.call(ctx, http.MethodDelete, "", "vhosts", vhost)
	return err
}

func (m api) closeConnections(ctx context.Context, vhost string) (int, error) {
	answer, err := m.call(ctx, http.MethodGet, "", "vhosts", vhost, "connections")
	if err != nil {
		return 0, err
	}
	var connections []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(answer, &connections); err != nil {
		return 0, fmt.Errorf("list of connections: %w", err)
	}
	for _, connection := range connections {
		if _, err := m.call(ctx, http.MethodDelete, "", "connections", connection.Name); err != nil {
			return 0, err
		}
	}
	return len(connections), nil
}

// call returns the answer's body. What is to be deleted and is not there is no error.
func (m api) call(ctx context.Context, method, body string, path ...string) ([]byte, error) {
	var address strings.Builder
	address.WriteString(m.base + "/api")
	for _, segment := range path {
		address.WriteString("/" + url.PathEscape(segment))
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("management API: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("management API: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("management API: %w", err)
	}
	gone := method == http.MethodDelete && response.StatusCode == http.StatusNotFound
	if response.StatusCode/100 != 2 && !gone {
		return nil, fmt.Errorf("management API: %s /%s: %s: %s",
			method, strings.Join(path, "/"), response.Status, answer)
	}
	return answer, nil
}
