package logging_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/kazoolab/kazoolab/internal/logging"
)

func TestSecretsNeverReachALine(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"token", "auth_token", "X-Auth-Token", "api_key", "api-key", "password", "bootstrap.password", "client_secret"} {
		var out bytes.Buffer
		log, err := logging.New(&out, logging.Options{Level: "info", Format: "json"})
		if err != nil {
			t.Fatal(err)
		}
		log.Info("event", key, "hunter2", "call_id", "c1")
		line := map[string]any{}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line[key] != "***" || line["call_id"] != "c1" {
			t.Errorf("%s: %s", key, out.String())
		}
	}
}

func TestLevelHoldsBackWhatIsBelowIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := logging.New(&out, logging.Options{Level: "warn", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	if out.Len() != 0 {
		t.Fatalf("info was written at level warn: %s", out.String())
	}
	log.Warn("loud")
	if out.Len() == 0 {
		t.Fatal("warn was not written at level warn")
	}
}

func TestUnknownLevelOrFormatIsRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []logging.Options{{Level: "loud", Format: "text"}, {Level: "info", Format: "xml"}} {
		if _, err := logging.New(&bytes.Buffer{}, o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
