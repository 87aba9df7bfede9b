package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/buildinfo"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

func (a *app) certifyCommand() *cobra.Command {
	c := &certify{app: a}
	cmd := &cobra.Command{
		Use:     "certify",
		Short:   "Certify a deployment: judge it by what it does on the wire",
		Example: "  kazoolab certify\n  kazoolab certify --list",
		Args:    noArguments,
	}
	settingFlags(cmd)
	cmd.Flags().BoolVar(&c.list, "list", false, "print the requirements, a line each, and do nothing")
	cmd.Flags().StringVar(&c.dialect, "dialect", "5.0", "version whose shapes are demanded: talk, 5.0, 4.3")
	cmd.Flags().StringSliceVar(&c.only, "run", nil, "only these: ids or groups, * stands for anything (WH-ENC-*, webhooks/*)")
	cmd.Flags().StringVar(&c.log, "log", "", "file for all that was done and seen")
	cmd.Flags().StringVar(&c.from, "from", "", "judge such a file, without a target")
	cmd.RunE = c.run
	return cmd
}

type certify struct {
	*app
	list      bool
	dialect   string
	only      []string
	log, from string
}

func (c *certify) run(cmd *cobra.Command, _ []string) error {
	specs, err := suite.Declare(conformance.Standard())
	if err != nil {
		return err
	}
	plan := c.plan(specs)
	if c.list {
		for _, p := range plan {
			fmt.Fprintf(c.Stdout, "%s %s\n", p.Requirement.ID, p.Requirement.Text)
		}
		return nil
	}
	file, err := c.capture(cmd, plan)
	if err != nil {
		return err
	}
	verdicts, err := specs.Run(file, plan, 1)
	if err != nil {
		return err
	}
	return c.tell(verdicts)
}

func (c *certify) plan(specs *suite.Specs) []suite.Planned {
	plan := specs.Catalogue(c.dialect)
	if len(c.only) == 0 {
		return plan
	}
	return slices.DeleteFunc(plan, func(p suite.Planned) bool {
		return !slices.ContainsFunc(c.only, func(pattern string) bool {
			return matches(pattern, p.Requirement.ID) || matches(pattern, p.Group.Name)
		})
	})
}

// matches compares with a pattern in which a * at the end stands for anything.
func matches(pattern, name string) bool {
	before, open := strings.CutSuffix(pattern, "*")
	return pattern == name || open && strings.HasPrefix(name, before)
}

func (c *certify) capture(cmd *cobra.Command, plan []suite.Planned) (capture.File, error) {
	if c.from != "" {
		f, err := os.Open(c.from)
		if err != nil {
			return capture.File{}, err
		}
		defer func() { _ = f.Close() }()
		return capture.Read(f)
	}
	running, err := c.runningOf(cmd.Context(), cmd, "certify")
	if err != nil {
		return capture.File{}, err
	}
	file, err := c.drive(cmd.Context(), running, plan)
	if err == nil && c.log != "" {
		err = c.save(file)
	}
	return file, err
}

func (c *certify) save(file capture.File) error {
	f, err := os.Create(c.log)
	if err != nil {
		return err
	}
	return errors.Join(file.Write(f), f.Close())
}

func (c *certify) drive(ctx context.Context, running runfile.File, plan []suite.Planned) (capture.File, error) {
	listener, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return capture.File{}, err
	}
	master, err := chooseAccount(running, runfile.Master)
	if err != nil {
		return capture.File{}, err
	}
	token, err := newToken(ctx, running.REST, master.APIKey)
	if err != nil {
		return capture.File{}, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	features := []string{suite.Bus, suite.Hooks, suite.Sockets, suite.Accounts, suite.Admin, suite.Clock, suite.Switch, suite.Lab}
	return conformance.Run(ctx, conformance.Config{
		Target: probe.Target{
			REST: running.REST, Sockets: running.Websocket, AMQP: running.AMQP, Management: running.Management, Dialect: c.dialect,
			Clock:     target.LabClock{URL: running.REST + "/_dev/clock/advance", Token: running.ClockToken, HTTP: client},
			Parent:    probe.Account{ID: master.ID, Name: master.Name, Realm: master.Realm, Token: token},
			Advertise: "http://" + listener.Addr().String(), Features: features, Patience: probe.NewPatience(10 * time.Millisecond),
		},
		Facts: capture.Facts{
			Target: "up", Dialect: c.dialect, Compat: "kazoo", Features: features, Harness: buildinfo.Read().Version, REST: running.REST, Sockets: running.Websocket,
		},
		Listener: listener, HTTP: client, Clock: c.Clock, IDs: newIDs(""), AtOnce: 8,
		Progress: func(p conformance.Progress) { c.say("%d/%d %s: %s %s", p.Ended, p.Groups, p.Group.Name, p.End, p.Why) },
	}, plan)
}

func (c *certify) tell(verdicts []suite.Verdict) error {
	count := map[suite.Outcome]int{}
	for _, v := range verdicts {
		count[v.Outcome]++
		if v.Outcome == suite.Pass {
			continue
		}
		fmt.Fprintf(c.Stdout, "%s %s: %s %s\n", v.Outcome, v.Requirement.ID, v.Requirement.Text, v.Why)
		for _, f := range v.Findings {
			fmt.Fprintf(c.Stdout, "    %s (log %v)\n", f.What, f.Entries)
			if f.Expected != nil {
				fmt.Fprintf(c.Stdout, "      expected %q\n      actual   %q\n", f.Expected, f.Actual)
			}
		}
	}
	_, _ = io.WriteString(c.Stdout, fmt.Sprintln(count))
	if count[suite.Fail]+count[suite.Broken]+count[suite.NotRun] > 0 {
		return errors.New("not certified")
	}
	return nil
}
