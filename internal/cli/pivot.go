package cli

import (
	"errors"
	neturl "net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

func (a *app) pivotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pivot",
		Short: "Call a Pivot app as Kazoo does, without a Kazoo",
		Long: `Call a Pivot app: a web server that answers each call with TwiML or a JSON callflow.
The app is asked as Kazoo asks it, its answer is carried out on a switch in this process, and
every step is shown. Nothing else is needed, nothing else is reached. See docs/pivot.md.`,
		Example: "  kazoolab pivot new sales.yaml\n  kazoolab pivot run http://127.0.0.1:8090/ivr --script sales.yaml\n" +
			"  kazoolab pivot call http://127.0.0.1:8090/ivr",
		Args: onlySubcommands,
		RunE: showHelp,
	}
	cmd.AddCommand(a.pivotRunCommand(), a.pivotCallCommand(), a.pivotNewCommand(), a.pivotSchemaCommand())
	return cmd
}

// actionFlags are what the callflow's action pivot says, and who calls.
type actionFlags struct {
	from, name, to string
	method         *choiceFlag
	format         *choiceFlag
	body           *choiceFlag
	timeout, wait  time.Duration
	cdr            string
}

func (a *app) addActionFlags(cmd *cobra.Command) *actionFlags {
	f := &actionFlags{
		method: &choiceFlag{"get", []string{"get", "post"}},
		format: &choiceFlag{"kazoo", []string{"kazoo", "twiml"}},
		body:   &choiceFlag{"form", []string{"form", "json"}},
	}
	cmd.Flags().StringVar(&f.from, "from", "", "who calls: an extension, or a number in E.164 (default the script's, or 1001)")
	cmd.Flags().StringVar(&f.name, "name", "", "the caller's name (default the script's, or Alice Doe)")
	cmd.Flags().StringVar(&f.to, "to", "", "what is dialled (default the script's, or 2000)")
	cmd.Flags().Var(f.method, "method", "method of the first request")
	cmd.Flags().Var(f.format, "format", "names of the request's parameters: req_format of the action")
	cmd.Flags().Var(f.body, "body", "form of a POST's body: req_body_format of the action")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Second, "how long the app may take: req_timeout_ms of the action, at most 5s")
	cmd.Flags().DurationVar(&f.wait, "wait", 0, "how long to wait until something listens at the URL, where the app has just been started")
	cmd.Flags().StringVar(&f.cdr, "cdr-url", "", "where the end of the call is reported: cdr_url of the action")
	settingFlagsOf(cmd, "pivot")
	return f
}

// action is the data of the action.
func (f *actionFlags) action(url string) (jobj.Object, error) {
	if f.timeout < time.Millisecond || f.timeout > 5*time.Second {
		return nil, usagef("--timeout: %s is not between 1ms and 5s, which is the most that Kazoo waits", f.timeout)
	}
	if err := checkAppURL("the app's URL", url); err != nil {
		return nil, err
	}
	data := jobj.Object{
		{Key: "voice_url", Value: url},
		{Key: "method", Value: f.method.value},
		{Key: "req_format", Value: f.format.value},
		{Key: "req_body_format", Value: f.body.value},
		{Key: "req_timeout_ms", Value: f.timeout.Milliseconds()},
	}
	if f.cdr != "" {
		if err := checkAppURL("--cdr-url", f.cdr); err != nil {
			return nil, err
		}
		data = append(data, jobj.Member{Key: "cdr_url", Value: f.cdr})
	}
	return data, nil
}

// checkAppURL refuses what the schema of the action would, and what nobody can be asked at. What else is
// odd about a URL is for the call to show.
func checkAppURL(what, url string) error {
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return usagef("%s: %q begins with neither http:// nor https://; write it as http://127.0.0.1:8090/ivr", what, url)
	}
	_, rest, _ := strings.Cut(url, "://")
	authority, _, _ := strings.Cut(rest, "/")
	u, err := neturl.Parse("http://" + authority)
	if err == nil && (u.Hostname() == "" || u.Port() != "" && !isPort(u.Port())) {
		return usagef("%s: %q has no host, or a port that is none from 1 to 65535; write it as http://127.0.0.1:8090/ivr", what, url)
	}
	if name, ok := apps.Of(url); ok {
		return usagef("%s: %s is %s at a websocket, which only a running bridge has: start kazoolab up, have the app register as %[3]s, lead a number to it "+
			"by a callflow, and call that with kazoolab call; docs/pivot.md has the commands", what, url, name)
	}
	return nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// appURL is the only argument of a command.
func appURL(cmd *cobra.Command, args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", usagef("which app? Name its URL, as in %s http://127.0.0.1:8090/ivr", cmd.CommandPath())
	case 1:
		return args[0], nil
	}
	return "", usagef("%s takes one URL, %q is too much", cmd.CommandPath(), args[1])
}

// given refuses flags that are there and say nothing, as of a shell's variable that is not set.
func (f *actionFlags) given(cmd *cobra.Command) error {
	for _, one := range []string{"from", "to", "name", "cdr-url"} {
		if flag := cmd.Flags().Lookup(one); flag.Changed && flag.Value.String() == "" {
			return usagef("--%s is empty; leave it out for the default", one)
		}
	}
	return nil
}

// place refuses a file whose folder is not there, or that was not written for the same purpose before, before anything
// is done that it is for. What is no file, as a pipe or a terminal, loses nothing.
func place(flag, path, what string, ours func([]byte) bool) error {
	if path == "" {
		return nil
	}
	if err := placed(path); err != nil {
		return usagef("--%s: %w", flag, err)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil //nolint:nilerr // whoever writes it tells
	}
	if text, err := os.ReadFile(path); err != nil || ours(text) {
		return nil //nolint:nilerr // likewise
	}
	return usagef("--%s: %s is there already, and is no %s; choose another name", flag, path, what)
}

func placeRecord(path string) error { return place("record", path, "recorded call", session.Recorded) }

// placed is an error where the folder of a file is not there.
func placed(path string) error {
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return usagef("there is no folder %s to write %s into", folder, filepath.Base(path))
	}
	return nil
}

// over is a script with what the flags say in place of what it says.
func (f *actionFlags) over(script caller.Script) (*caller.Script, error) {
	for _, one := range []struct {
		flag, text string
		into       *string
	}{{"from", f.from, &script.From}, {"to", f.to, &script.To}, {"name", f.name, &script.Shows}} {
		if one.text == "" {
			continue
		}
		*one.into = one.text
		if one.flag == "name" {
			continue
		}
		if err := caller.Dialled(one.text); err != nil {
			return nil, usagef("--%s: %w", one.flag, err)
		}
	}
	return &script, nil
}

// readScript reads a script; one that is wrong is a mistake of the command line.
func readScript(path string) (*caller.Script, error) {
	script, err := caller.Read(path)
	var wrong *form.FileError
	switch {
	case errors.As(err, &wrong):
		return nil, usagef("%w", err)
	case errors.Is(err, os.ErrNotExist) && path == "-":
		return nil, usagef("--script: a script is a file; it is not read from a pipe")
	case errors.Is(err, os.ErrNotExist):
		return nil, usagef("--script: there is no %s; kazoolab pivot new %s writes one to begin with", path, path)
	case err != nil:
		return nil, usagef("--script: %w", err)
	}
	return script, nil
}

func (a *app) pivotNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Write a caller's script to begin with, and the schema beside it",
		Long: `Write a script of a caller to begin with, with comments, and beside it its JSON Schema,
by which editors complete and explain it. Nothing is overwritten.`,
		Example: "  kazoolab pivot new sales.yaml",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usagef("%s takes one file, as in %[1]s sales.yaml", cmd.CommandPath())
			}
			path := args[0]
			if filepath.Ext(path) == "" {
				path += ".yaml"
			}
			if err := placed(path); err != nil {
				return err
			}
			if err := writeNew(path, []byte(caller.Starter())); err != nil {
				if errors.Is(err, os.ErrExist) {
					return usagef("%s is there already; choose another name", path)
				}
				return err
			}
			schema, err := caller.Schema()
			if err != nil {
				return err
			}
			beside := filepath.Join(filepath.Dir(path), caller.SchemaName)
			if err := writeNew(beside, schema); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
			a.printf("%s is written; kazoolab pivot run http://127.0.0.1:8090/ --script %s plays it\n", path, path)
			return nil
		},
	}
}

func (a *app) pivotSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of callers' scripts, for editors",
		Example: "  kazoolab pivot schema > " + caller.SchemaName,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := caller.Schema()
			if err != nil {
				return err
			}
			a.printf("%s", schema)
			return nil
		},
	}
}
