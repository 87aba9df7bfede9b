package main

import (
	"bytes"
	"errors"
	"fmt"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

// deviation is one departure of the program from what is required, and who must notice it.
type deviation struct {
	area string // the file it stands in, without its ending
	at   string // "webhooks.yaml:12"

	id      string
	catches string // the requirement that must fail
	means   string // what a user would notice
	file    string // from the repository's root
	was     string // stands exactly once in file
	becomes string
	dialect string // in which it shows
}

// membersOf are the members of a deviation in a data file; only dialect may be left out.
func membersOf(d *deviation) map[string]*string {
	return map[string]*string{
		"id": &d.id, "catches": &d.catches, "means": &d.means, "file": &d.file, "was": &d.was, "becomes": &d.becomes, "dialect": &d.dialect,
	}
}

// readAll reads the data files of a folder, in the order of their names. The error tells
// everything that is no deviation in them.
func readAll(dir string) ([]deviation, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s holds no *.yaml with deviations", dir)
	}
	var all []deviation
	var errs []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		some, err := read(filepath.Base(path), text)
		all, errs = append(all, some...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// read reads one data file: a list of mappings whose values are texts.
func read(name string, text []byte) ([]deviation, error) {
	file, err := parser.ParseBytes(bytes.ReplaceAll(text, []byte("\t"), []byte(tab)), 0)
	if err != nil {
		return nil, wrongYAML(name, err)
	}
	if len(file.Docs) != 1 {
		return nil, fmt.Errorf("%s: one document is due, with a list of deviations", name)
	}
	list, is := file.Docs[0].Body.(*ast.SequenceNode)
	if !is {
		return nil, fmt.Errorf("%s: it is no list of deviations", name)
	}
	var all []deviation
	var errs []error
	for _, node := range list.Values {
		d, err := readOne(name, node)
		d.area = strings.TrimSuffix(name, ".yaml")
		all, errs = append(all, d), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// tab stands for tabs while a file is parsed: the library takes some of those that begin a
// line of source for a part of the indentation, and refuses them. It is a character for
// private use.
const tab = "\ue000"

// wrongYAML says where a file is no YAML.
func wrongYAML(name string, err error) error {
	if syntax, is := errors.AsType[*yaml.SyntaxError](err); is && syntax.Token != nil && syntax.Token.Position != nil {
		return fmt.Errorf("%s:%d: %s", name, syntax.Token.Position.Line, syntax.Message)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func readOne(name string, node ast.Node) (deviation, error) {
	d := deviation{dialect: suite.Kazoo5, at: fmt.Sprintf("%s:%d", name, node.GetToken().Position.Line)}
	mapping, is := node.(*ast.MappingNode)
	if !is {
		return d, fmt.Errorf("%s: a deviation is a mapping with id, catches, means, file, was and becomes", d.at)
	}
	d.at = fmt.Sprintf("%s:%d", name, mapping.Values[0].Key.GetToken().Position.Line)
	members, seen := membersOf(&d), map[string]bool{"dialect": true}
	var errs []error
	for _, member := range mapping.Values {
		key := member.Key.GetToken()
		into, known := members[key.Value]
		text, is := scalar(member.Value)
		seen[key.Value] = true // a repeated one, the parser refuses
		switch {
		case !known:
			errs = append(errs, fmt.Errorf("%s:%d: %s is no member of a deviation", name, key.Position.Line, key.Value))
		case !is:
			errs = append(errs, fmt.Errorf("%s:%d: %s is no text", name, key.Position.Line, key.Value))
		default:
			*into = strings.ReplaceAll(text, tab, "\t")
		}
	}
	for _, key := range slices.Sorted(keys(members)) {
		if !seen[key] {
			errs = append(errs, fmt.Errorf("%s: %s is missing", d.at, key))
		}
	}
	return d, errors.Join(errs...)
}

// scalar returns a text as it is written: 5.0 stays 5.0.
func scalar(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.StringNode:
		return node.Value, true
	case *ast.FloatNode, *ast.IntegerNode:
		return node.GetToken().Value, true
	}
	return "", false
}

// check tells everything that is wrong with deviations: each must apply to the source
// beneath root, and be caught by a requirement that holds where it shows.
func check(all []deviation, root string, catalogue *suite.Suite) error {
	var errs []error
	taken := map[string]string{}
	for _, d := range all {
		if other, is := taken[d.id]; is {
			errs = append(errs, fmt.Errorf("%s: the id %s is taken by %s", d.at, d.id, other))
		}
		taken[d.id] = d.at
		if _, err := d.planned(catalogue); err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", d.at, d.id, err))
		}
		if _, err := d.mutated(root); err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", d.at, d.id, err))
		}
	}
	return errors.Join(errs...)
}

// planned finds the requirement that must catch it.
func (d deviation) planned(catalogue *suite.Suite) (suite.Planned, error) {
	if !slices.Contains([]string{suite.Talk, suite.Kazoo5, suite.Kazoo4}, d.dialect) {
		return suite.Planned{}, fmt.Errorf("dialect %q: use \"talk\", \"5.0\" or \"4.3\"", d.dialect)
	}
	for _, g := range catalogue.Groups() {
		for _, r := range g.Requirements {
			if r.ID != d.catches {
				continue
			}
			if !r.HoldsIn(d.dialect) {
				return suite.Planned{}, fmt.Errorf("%s does not hold in dialect %s, but in %v: name one as dialect", d.catches, d.dialect, r.Dialects)
			}
			return suite.Planned{Group: g, Requirement: r}, nil
		}
	}
	return suite.Planned{}, fmt.Errorf("catches %q, which is no requirement (kazoolab certify --list)", d.catches)
}

// mutated returns the source with the deviation in it.
func (d deviation) mutated(root string) (string, error) {
	if !filepath.IsLocal(d.file) || strings.HasPrefix(d.file, "conformance/") || !strings.HasSuffix(d.file, ".go") {
		return "", fmt.Errorf("file %q is no Go file of the program beneath the repository's root", d.file)
	}
	text, err := os.ReadFile(filepath.Join(root, d.file))
	if err != nil {
		return "", err
	}
	switch n := strings.Count(string(text), d.was); {
	case d.was == "" || n != 1:
		return "", fmt.Errorf("%s has its \"was\" %d times, not once: %q", d.file, n, d.was)
	case d.was == d.becomes:
		return "", errors.New("\"becomes\" is the same as \"was\"")
	}
	changed := strings.Replace(string(text), d.was, d.becomes, 1)
	if _, err := goparser.ParseFile(token.NewFileSet(), d.file, changed, goparser.SkipObjectResolution); err != nil {
		return "", fmt.Errorf("with it, the source is no Go: %w", err)
	}
	return changed, nil
}
