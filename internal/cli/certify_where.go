package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/conformance/profiles"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// whereabouts say which deployment is meant: its profile, or what is to be started.
type whereabouts struct {
	target              choiceFlag
	profile             string
	rest, sockets, amqp string
	listen, advertise   string
	readOnly, own       bool
	image, compose      string

	folder string // of the profile, whose expectations stand beside it; "" for one that came with the program
}

// Targets that --target names.
const (
	targetRunning   = "running"
	targetUp        = "up"
	targetCompose   = "compose"
	targetContainer = "container"
)

const autoDialect = "auto"

// whereaboutFlags are those that only a target needs.
func whereaboutFlags() []string {
	return []string{
		"target", "profile", "rest", "sockets", "amqp", "receiver-listen", "receiver-advertise", "read-only", "own-subaccount", "image", "compose-file",
	}
}

func (w *whereabouts) flags(cmd *cobra.Command) {
	w.target.choices = []string{targetRunning, targetUp, targetCompose, targetContainer}
	f := cmd.Flags()
	f.Var(&w.target, "target", "running: the up that runs; or start one for this run: up, docker-compose.yml, a container")
	f.StringVar(&w.profile, "profile", "", "what is to be judged: a file, or one of "+strings.Join(profiles.Names(), ", "))
	f.StringVar(&w.rest, "rest", "", "URL of Crossbar, in place of the profile's")
	f.StringVar(&w.sockets, "sockets", "", "URL of the websockets, likewise")
	f.StringVar(&w.amqp, "amqp", "", "URL of the broker, likewise")
	f.StringVar(&w.listen, "receiver-listen", "", "address on which webhooks are heard, likewise")
	f.StringVar(&w.advertise, "receiver-advertise", "", "URL under which the target reaches that, likewise")
	f.BoolVar(&w.readOnly, "read-only", false, "change nothing at the target, and judge what needs no change")
	f.BoolVar(&w.own, "own-subaccount", false, "make one account below the credentials', and all others within it")
	f.StringVar(&w.image, "image", "kazoolab", "image of --target container")
	f.StringVar(&w.compose, "compose-file", "docker-compose.yml", "file of --target compose")
}

func (w *whereabouts) check(cmd *cobra.Command) error {
	if w.profile != "" && w.target.value != "" {
		return usagef("--profile and --target both say what is to be judged; leave one of them out")
	}
	if w.readOnly && w.own {
		return usagef("--read-only makes no account, --own-subaccount makes one; leave one of them out")
	}
	if w.readOnly && cmd.Flags().Changed("remove-left") {
		return usagef("--read-only changes nothing, --remove-left deletes accounts; leave one of them out")
	}
	for _, u := range []struct{ flag, text, example string }{
		{"--rest", w.rest, exampleURL}, {"--sockets", w.sockets, exampleSocketURL}, {"--amqp", w.amqp, "amqp://127.0.0.1:5672/"},
		{"--receiver-advertise", w.advertise, "http://10.0.0.7:8090"},
	} {
		if u.text == "" {
			continue
		}
		if err := checkURL(u.flag, u.text, u.example); err != nil {
			return err
		}
	}
	started := w.target.value != "" && w.target.value != targetRunning
	for _, flag := range []string{"rest", "sockets", "amqp"} {
		if started && cmd.Flags().Changed(flag) {
			return usagef("--%s: --target %s starts a target of its own, whose addresses are known; leave the flag out", flag, w.target.value)
		}
	}
	if w.contained() && (w.listen == "") != (w.advertise == "") {
		return usagef("--receiver-listen and --receiver-advertise belong together with --target %s; give both, or none", w.target.value)
	}
	return nil
}

// contained tells whether the target is started in containers.
func (w *whereabouts) contained() bool {
	return w.target.value == targetCompose || w.target.value == targetContainer
}

// complete finds out what a profile needs of this machine before anything is asked of the target:
// values from elsewhere that are not there, and an address at which nobody hears webhooks.
func (w *whereabouts) complete(p target.Profile, outside target.Outside) error {
	var errs []error
	if w.target.value == "" || w.target.value == targetRunning { // of what is started, all is known then
		errs = append(errs, outside.Check(p))
	}
	if !w.contained() { // which is given an address
		errs = append(errs, p.CheckReceiver())
	}
	if err := errors.Join(errs...); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// describe returns the profile of what is meant, flags included, without starting anything.
func (w *whereabouts) describe(c *certify, cmd *cobra.Command) (target.Profile, target.Outside, error) {
	outside := target.Outside{Getenv: c.getenv, ReadFile: os.ReadFile}
	var p target.Profile
	var err error
	switch {
	case w.profile != "":
		p, err = w.read(w.profile)
	case w.target.value == targetCompose:
		p, err = w.read("compose")
	case w.target.value == "" || w.target.value == targetRunning:
		if p, err = w.read("up"); err == nil {
			err = w.running(c, cmd, &p)
		}
	default:
		p, err = w.read("up")
	}
	if err == nil {
		w.override(c, &p)
	}
	return p, outside, err
}

// read reads a profile: a file, or one that comes with the program.
func (w *whereabouts) read(name string) (target.Profile, error) {
	text, err := profiles.Read(name + ".yaml")
	if err == nil {
		return target.Read(name+".yaml", text)
	}
	if text, err = readRegular(name); err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = suggest.Hint(name, profiles.Names())
		}
		return target.Profile{}, usagef("--profile: %w%s; profiles that come with the program are %s", err, hint, strings.Join(profiles.Names(), ", "))
	}
	w.folder = filepath.Dir(name)
	p, err := target.Read(name, text)
	if err != nil {
		return p, usagef("%w", err)
	}
	return p, nil
}

// maxProfile bounds a profile, in bytes.
const maxProfile = 1 << 20

// readRegular reads a file that is neither endless nor a pipe that nobody writes to.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	case info.Size() > maxProfile:
		return nil, fmt.Errorf("%s is longer than %d bytes", name, maxProfile)
	}
	return os.ReadFile(name)
}

// running takes from the run file where the up is that runs.
func (w *whereabouts) running(c *certify, cmd *cobra.Command, p *target.Profile) error {
	running, err := c.runningOf(cmd.Context(), cmd, "certify")
	if _, has := codeOf(err); err != nil && !has {
		return usagef("--run-file: %w", err)
	}
	if err != nil {
		return err
	}
	return fromRunFile(running, p)
}

// fromRunFile fills in what a run file knows.
func fromRunFile(running runfile.File, p *target.Profile) error {
	master, err := chooseAccount(running, runfile.Master)
	if err != nil {
		return err
	}
	p.REST, p.Sockets, p.AMQP = target.Address{URL: running.REST}, target.Address{URL: running.Websocket}, target.Address{URL: running.AMQP}
	p.Management = target.Address{URL: running.Management}
	p.Credentials = target.Credentials{APIKey: &target.Secret{Inline: master.APIKey}}
	p.Clock = target.ClockPlan{Lab: running.REST + "/_dev/clock/advance", Token: &target.Secret{Inline: running.ClockToken}}
	return nil
}

// override has flags win over the profile.
func (w *whereabouts) override(c *certify, p *target.Profile) {
	for _, o := range []struct {
		flag string
		to   *target.Address
	}{{w.rest, &p.REST}, {w.sockets, &p.Sockets}, {w.amqp, &p.AMQP}} {
		if o.flag != "" {
			*o.to = target.Address{URL: o.flag}
		}
	}
	if w.listen != "" {
		p.Receiver.Listen = w.listen
	}
	if w.advertise != "" {
		p.Receiver.Advertise = w.advertise
	}
	if w.readOnly {
		p.May = target.ReadOnly
	}
	if w.own {
		p.May = target.OwnSubaccount
	}
	if c.dialect.value != "" {
		p.Dialect = c.dialect.value
	}
	if c.timeout > 0 {
		p.Timeouts.Run = target.Duration(c.timeout)
	}
}

// beside returns how a file is read that a profile names: from the profile's folder, or from
// what comes with the program.
func (w *whereabouts) beside() func(name string) ([]byte, error) {
	if w.folder == "" {
		return profiles.Read
	}
	return func(name string) ([]byte, error) { return os.ReadFile(w.path(name)) }
}

// path is that of a file which a profile of one's own names.
func (w *whereabouts) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.folder, name)
}
