package config_test

import (
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/config"
)

func file(text string) func(string) ([]byte, error) {
	return func(string) ([]byte, error) { return []byte(text), nil }
}

func mustLoad(t *testing.T, src config.Sources) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func problems(t *testing.T, src config.Sources) config.Problems {
	t.Helper()
	_, err := config.Load(src)
	var p config.Problems
	if !errors.As(err, &p) {
		t.Fatalf("error is %v, want Problems", err)
	}
	return p
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	t.Parallel()
	src := config.Sources{Command: "bridge"}
	check := func(wantValue, wantOrigin string) {
		t.Helper()
		loaded := mustLoad(t, src)
		if loaded.REST.Listen != wantValue || loaded.Origin("rest.listen") != wantOrigin {
			t.Errorf("got %s from %s, want %s from %s", loaded.REST.Listen, loaded.Origin("rest.listen"), wantValue, wantOrigin)
		}
	}
	check("0.0.0.0:8000", "default")
	src.File, src.ReadFile = "lab.yaml", file("# comment\nrest:\n  listen: 0.0.0.0:8001\n")
	check("0.0.0.0:8001", "lab.yaml:3")
	src.Env = []string{"HOME=/root", "KAZOOLAB_REST_LISTEN=0.0.0.0:8002"}
	check("0.0.0.0:8002", "KAZOOLAB_REST_LISTEN")
	src.Flags = map[string]string{"rest.listen": "0.0.0.0:8003"}
	check("0.0.0.0:8003", "--rest-listen")
}

func TestDefaultsDependOnTheCommand(t *testing.T) {
	t.Parallel()
	up, bridge := mustLoad(t, config.Sources{Command: "up"}), mustLoad(t, config.Sources{Command: "bridge"})
	if !up.AllowLoopbackTargets || bridge.AllowLoopbackTargets {
		t.Error("loopback targets must be on for up alone")
	}
	if up.REST.Listen != "127.0.0.1:8000" || up.AMQPURL != "" || bridge.AMQPURL == "" {
		t.Errorf("up %+v, bridge %+v", up.Config, bridge.Config)
	}
}

func TestADefaultMayGoByAnotherSetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags  map[string]string
		file   string
		want   time.Duration
		origin string
	}{
		{nil, "", time.Minute, "default with compat kazoo"},
		{map[string]string{"compat": "corrected"}, "", 10 * time.Second, "default with compat corrected"},
		{nil, "compat: corrected", 10 * time.Second, "default with compat corrected"},
		{map[string]string{"compat": "corrected", "webhooks.request-timeout": "3s"}, "", 3 * time.Second, "--webhooks-request-timeout"},
		{map[string]string{"webhooks.request-timeout": ""}, "webhooks:\n  request-timeout: 3s", time.Minute, "--webhooks-request-timeout with compat kazoo"},
		{map[string]string{"compat": "corrected"}, "webhooks:\n  request-timeout: ''", 10 * time.Second, "f:2 with compat corrected"},
	} {
		loaded := mustLoad(t, config.Sources{Command: "bridge", Flags: c.flags, File: "f", ReadFile: file(c.file)})
		if got := loaded.Webhooks.RequestTimeout; got != c.want || loaded.Origin("webhooks.request-timeout") != c.origin {
			t.Errorf("%+v: %s from %s", c, got, loaded.Origin("webhooks.request-timeout"))
		}
		for _, row := range loaded.Rows("bridge") {
			if row.Path == "webhooks.request-timeout" && (row.Origin != c.origin || row.Value == "") {
				t.Errorf("%+v is shown as %+v", c, row)
			}
		}
	}
	if got := problems(t, config.Sources{Command: "bridge", Flags: map[string]string{"compat": "correct", "webhooks.request-timeout": "0s"}}); len(got) != 2 {
		t.Error(got)
	}
}

func TestEveryTypeIsReadFromText(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, config.Sources{Command: "bridge", File: "f", ReadFile: file(
		"drain-timeout: 90s\nseed: 5.0\nallow-loopback-targets: true\nstore: 'sqlite:/tmp/x.db'\nwebhooks:\n  prefetch: 7\n  request-timeout: 250ms\n")})
	if loaded.DrainTimeout != 90*time.Second || loaded.Seed != "5.0" || !loaded.AllowLoopbackTargets ||
		loaded.Store != "sqlite:/tmp/x.db" || loaded.Webhooks.Prefetch != 7 || loaded.Webhooks.RequestTimeout != 250*time.Millisecond {
		t.Fatalf("%+v", loaded.Config)
	}
}

func TestNumbersHaveTheirBounds(t *testing.T) {
	t.Parallel()
	for text, what := range map[string]string{"0": "0 is less than 1", "10001": "10001 is more than 10000", "six": `"six" is no whole number`} {
		got := problems(t, config.Sources{Command: "up", Env: []string{"KAZOOLAB_WEBHOOKS_ATTEMPT_FAILURE_COUNT=" + text}})
		if len(got) != 1 || got[0].Where != "KAZOOLAB_WEBHOOKS_ATTEMPT_FAILURE_COUNT" || got[0].What != what {
			t.Errorf("%s: %v", text, got)
		}
	}
	loaded := mustLoad(t, config.Sources{Command: "up", Flags: map[string]string{"webhooks.attempt-failure-count": "10000", "webhooks.attempt-failure-expiry": "100ms"}})
	if loaded.Webhooks.AttemptFailureCount != 10000 || loaded.Webhooks.AttemptFailureExpiry != 100*time.Millisecond {
		t.Errorf("%+v", loaded.Webhooks)
	}
}

func TestSizesAndListsAreReadFromText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"256MiB": 256 << 20, "1GB": 1_000_000_000, "1048576": 1 << 20, "1.5 kib": 1536} {
		loaded := mustLoad(t, config.Sources{Command: "broker", Flags: map[string]string{"broker.max-memory": text}})
		if loaded.Broker.MaxMemory != want {
			t.Errorf("%s is read as %d", text, loaded.Broker.MaxMemory)
		}
	}
	loaded := mustLoad(t, config.Sources{
		Command: "broker", File: "f", ReadFile: file("broker:\n  vhost: /,other\n  http: ''\n"),
		Env: []string{"KAZOOLAB_BROKER_USER=alice:secret,bob:pass:word"},
	})
	if b := loaded.Broker; !slices.Equal(b.Vhost, []string{"/", "other"}) || b.HTTP != "" ||
		!slices.Equal(b.User, []string{"alice:secret", "bob:pass:word"}) {
		t.Errorf("%+v", b)
	}
	if plain := mustLoad(t, config.Sources{Command: "broker"}); len(plain.Broker.User) != 0 || !plain.IsDefault("broker.user") {
		t.Errorf("%+v", plain.Broker)
	}
}

func TestWrongSizesAndListsAreProblems(t *testing.T) {
	t.Parallel()
	got := problems(t, config.Sources{Command: "broker", Flags: map[string]string{
		"broker.listen": "", "broker.max-memory": "plenty", "broker.user": "alice", "broker.vhost": "/,",
	}})
	var where []string
	for _, p := range got {
		where = append(where, p.Where)
	}
	if want := []string{"--listen", "--max-memory", "--user", "--vhost"}; !slices.Equal(where, want) {
		t.Fatalf("got %v", got)
	}
	for _, text := range []string{"0", "-1", "9999999PB", "1e400"} {
		got := problems(t, config.Sources{Command: "broker", Flags: map[string]string{"broker.max-memory": text}})
		if len(got) != 1 || !strings.Contains(got[0].What, text) || !strings.Contains(got[0].What, "256MiB") {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestMembersOfAListAreTrimmedAndDistinct(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, config.Sources{Command: "broker", Flags: map[string]string{
		"broker.user": "alice:secret, bob:hunter2 ", "broker.vhost": " / , the lab",
	}})
	if b := loaded.Broker; !slices.Equal(b.User, []string{"alice:secret", "bob:hunter2"}) || !slices.Equal(b.Vhost, []string{"/", "the lab"}) {
		t.Errorf("%+v", b)
	}
	got := problems(t, config.Sources{Command: "broker", Flags: map[string]string{
		"broker.user": "alice:secret,alice:hunter2", "broker.vhost": "lab, lab",
	}})
	if want := "--user: \"alice\" is given twice; leave one out\n--vhost: \"lab\" is given twice; leave one out"; got.Error() != want {
		t.Errorf("got %v", got)
	}
}

func TestAWrongPortOfTheBrokerIsAProblem(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"amqp://h:99999/", "amqp://h:0/", "amqps://h:/", "amqp://h:port/", "amqp://guest:hun/ter2@h/"} {
		got := problems(t, config.Sources{Command: "bridge", Flags: map[string]string{"amqp-url": text}})
		if len(got) != 1 || !strings.Contains(got[0].What, "amqp://user:password@host:5672/vhost") || strings.Contains(got[0].What, "hun") {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"amqp://h", "amqp://h:65535/vh", "amqps://[::1]/"} {
		mustLoad(t, config.Sources{Command: "bridge", Flags: map[string]string{"amqp-url": text}})
	}
}

// The prefix of all variables makes none of them look like another.
func TestUnknownVariablesAreOfferedWhatUnknownKeysAre(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"KAZOOLAB_BOGUS":      "unknown variable",
		"KAZOOLAB_LISTEN":     "unknown variable; did you mean KAZOOLAB_BROKER_LISTEN, KAZOOLAB_REST_LISTEN or KAZOOLAB_WEBSOCKETS_LISTEN?",
		"KAZOOLAB_MAX_MEMORY": "unknown variable; did you mean KAZOOLAB_BROKER_MAX_MEMORY?",
	} {
		key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, config.EnvPrefix), "_", "-"))
		got := problems(t, config.Sources{Command: "broker", Env: []string{variable + "=1"}, File: "f", ReadFile: file(key + ": 1\n")})
		if len(got) != 2 || got[1].What != want {
			t.Fatalf("%s: %v", variable, got)
		}
		inFile := strings.NewReplacer(config.EnvPrefix, "", "_", "-").Replace(strings.TrimPrefix(want, "unknown variable"))
		if strings.ToLower(inFile) != strings.NewReplacer(".", "-").Replace(strings.TrimPrefix(got[0].What, "unknown setting "+key)) {
			t.Errorf("%s: the file's key is offered other names: %v", variable, got)
		}
	}
}

func TestAnEmptyVariableCountsAsNotSet(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, config.Sources{Command: "bridge", Env: []string{"KAZOOLAB_DRAIN_TIMEOUT="}})
	if !loaded.IsDefault("drain-timeout") {
		t.Fatalf("drain-timeout from %s", loaded.Origin("drain-timeout"))
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	got := problems(t, config.Sources{
		Command: "bridge",
		File:    "lab.yaml",
		ReadFile: file(strings.Join([]string{
			"drian-timeout: 1s",      // 1
			"rest:",                  // 2
			"  lisen: 1.2.3.4:80",    // 3
			"webhooks:",              // 4
			"  prefetch: many",       // 5
			"  concurrency: 0",       // 6
			"  request-timeout: [1]", // 7
			"store:",                 // 8
		}, "\n")),
		Env:   []string{"KAZOOLAB_AMPQ_URL=amqp://x", "KAZOOLAB_LOG_LEVEL=loud", "KAZOOLAB_TEST_AMQP_URL=amqp://y"},
		Flags: map[string]string{"rest.listen": "8000", "drain-timeout": "-1s", "amqp-url": "http://x", "bootstrap.api-key": "abc"},
	})
	var where []string
	for _, p := range got {
		where = append(where, p.Where)
	}
	want := []string{
		"lab.yaml:1", "lab.yaml:3", "lab.yaml:7", "lab.yaml:8", "lab.yaml:5: webhooks.prefetch", "lab.yaml:6: webhooks.concurrency",
		"KAZOOLAB_AMPQ_URL", "KAZOOLAB_LOG_LEVEL", "--amqp-url", "--drain-timeout", "--rest-listen", "--bootstrap-api-key",
	}
	if !slices.Equal(where, want) {
		t.Fatalf("places\n got %q\nwant %q\n%v", where, want, got)
	}
	for i, hint := range map[int]string{0: "drain-timeout", 1: "rest.listen", 6: "KAZOOLAB_AMQP_URL"} {
		if !strings.Contains(got[i].What, "did you mean") || !strings.Contains(got[i].What, hint) {
			t.Errorf("%v does not offer %s", got[i], hint)
		}
	}
}

func TestBrokenFilesNameTheLine(t *testing.T) {
	t.Parallel()
	for text, where := range map[string]string{
		"rest:\n\tlisten: x\n":    "lab.yaml:2",
		"just words\n":            "lab.yaml:1",
		"- a\n- b\n":              "lab.yaml:1",
		"data: x\n---\nseed: y\n": "lab.yaml:3",
	} {
		got := problems(t, config.Sources{Command: "bridge", File: "lab.yaml", ReadFile: file(text)})
		if len(got) != 1 || got[0].Where != where {
			t.Errorf("%q: %v, want one problem at %s", text, got, where)
		}
	}
}

func TestAFileThatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	got := problems(t, config.Sources{Command: "bridge", File: "gone.yaml", ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }})
	if len(got) != 1 || got[0].Where != "--config" {
		t.Fatal(got)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("ab", 32)
	loaded := mustLoad(t, config.Sources{Command: "bridge", Flags: map[string]string{
		"amqp-url": "amqp://joe:hunter2@mq:5672/vh", "bootstrap.password": "hunter2", "bootstrap.api-key": key,
	}})
	for _, row := range loaded.Rows("bridge") {
		if strings.Contains(row.Value, "hunter2") || strings.Contains(row.Value, key) {
			t.Errorf("%s shows its secret: %s", row.Path, row.Value)
		}
	}
	if loaded.AMQPURL != "amqp://joe:hunter2@mq:5672/vh" {
		t.Error("masking changed the value itself")
	}
}

func TestStores(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"sqlite:a.db", "sqlite::memory:", "postgres://u:p@host:5432/db", "postgresql://host/db",
		"postgres://u@one:1,two:2/db?target_session_attrs=read-write", "postgres:///db?host=/run/postgresql",
	} {
		if loaded := mustLoad(t, config.Sources{Command: "bridge", Flags: map[string]string{"store": good}}); loaded.Store != good {
			t.Errorf("%s became %s", good, loaded.Store)
		}
	}
	for _, bad := range []string{
		"sqlite:", "kazoolab.db", "mysql://u:hunter2@host/db", "postgres:", "postgres://", "postgres:///db",
		"postgres://u:hunter2/x@host/db", "postgres://u:hunter2@host:port/db", "postgres://u:hunter2%zz@host/db",
	} {
		got := problems(t, config.Sources{Command: "bridge", Env: []string{"KAZOOLAB_STORE=" + bad}})
		if len(got) != 1 || got[0].Where != "KAZOOLAB_STORE" || !strings.Contains(got[0].What, "postgres://user:password@host:5432/database") ||
			strings.Contains(got[0].What, "hunter2") {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestMaskURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"amqp://guest:guest@127.0.0.1:5672/": "amqp://guest:***@127.0.0.1:5672/",
		"amqp://u:p@ss@host/vh":              "amqp://u:***@host/vh",
		"amqp://u:%zz@host":                  "amqp://u:***@host",
		"amqp://host:5672/a@b":               "amqp://host:5672/a@b",
		"amqp://u@host":                      "amqp://u@host",
		"sqlite:kazoolab.db":                 "sqlite:kazoolab.db",

		"postgres://u:p?x@host/db":                                     "postgres://u:***@host/db",
		"postgres://u:p@host?sslmode=require":                          "postgres://u:***@host?sslmode=require",
		"postgresql://u:p@host:1,other/db?sslmode=require":             "postgresql://u:***@host:1,other/db?sslmode=require",
		"postgres:///db?host=/run&password=p%26q&user=u&sslpassword=r": "postgres:///db?host=/run&password=***&user=u&sslpassword=***",
	} {
		if got := config.MaskURL(in); got != want {
			t.Errorf("MaskURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestExampleFileLoadsToTheDefaults(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"up", "bridge", "broker"} {
		plain := mustLoad(t, config.Sources{Command: command})
		loaded := mustLoad(t, config.Sources{Command: command, File: "example.yaml", ReadFile: file(config.Example(command))})
		if !reflect.DeepEqual(plain.Config, loaded.Config) {
			t.Errorf("%s:\n got %+v\nwant %+v", command, loaded.Config, plain.Config)
		}
		for _, row := range loaded.Rows(command) {
			if !strings.HasPrefix(row.Origin, "example.yaml:") {
				t.Errorf("%s: %s is not in the example", command, row.Path)
			}
		}
	}
}

func TestEverySettingIsDescribedAndUsed(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range config.Settings() {
		if s.Help == "" || len(s.Commands) == 0 || s.Commands[0] == "" {
			t.Errorf("%s lacks help or commands", s.Path)
		}
		if !regexp.MustCompile(`^KAZOOLAB(_[A-Z]+)+$`).MatchString(s.Env()) || names[s.Env()] || names[s.Flag()] {
			t.Errorf("%s: bad or repeated names %s, --%s", s.Path, s.Env(), s.Flag())
		}
		names[s.Env()], names[s.Flag()] = true, true
	}
}

// A command's flags do not repeat its name, and still none is there twice.
func TestFlagsAreShortWhereTheyBelongToTheCommand(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{"broker": "listen", "bridge": "rest-listen"} {
		var flags []string
		for _, s := range config.For(command) {
			if slices.Contains(flags, s.Flag()) {
				t.Errorf("%s has --%s twice", command, s.Flag())
			}
			flags = append(flags, s.Flag())
		}
		if !slices.Contains(flags, want) {
			t.Errorf("%s has no --%s: %q", command, want, flags)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("rest:\n  listen: 127.0.0.1:1\n")
	f.Add("a: &x 1\nb: *x\n? {}\n: 2\n")
	f.Add("{rest: {listen: [}}")
	f.Fuzz(func(t *testing.T, text string) {
		loaded, err := config.Load(config.Sources{Command: "bridge", File: "f", ReadFile: file(text)})
		var p config.Problems
		if err != nil && (!errors.As(err, &p) || len(p) == 0) {
			t.Fatalf("%q: error without problems: %v", text, err)
		}
		if err == nil && loaded.DrainTimeout < 0 {
			t.Fatalf("%q: unchecked value", text)
		}
	})
}
