package cli

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// maxCommand bounds a line of standard input.
const maxCommand = 1 << 20

// readCommands gives the commands of standard input, to its end or that of ctx.
func (w *watcher) readCommands(ctx context.Context) {
	lines := bufio.NewScanner(w.Stdin)
	lines.Buffer(nil, maxCommand)
	for lines.Scan() && ctx.Err() == nil {
		if err := w.command(strings.TrimSpace(lines.Text())); err != nil {
			w.say("%v", err)
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		w.say("no more commands: %v", err)
	}
}

// command gives one.
func (w *watcher) command(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, "{"):
		return w.client.Send([]byte(text))
	}
	switch word {
	case "subscribe", "unsubscribe":
		if rest == "" {
			return errors.New(word + " what? Write a binding behind it, such as call.*.*")
		}
		act := w.client.Subscribe
		if word == "unsubscribe" {
			act = w.client.Unsubscribe
		}
		for binding := range strings.FieldsSeq(rest) {
			if err := act(binding); err != nil {
				return err
			}
		}
		return nil
	case "ping":
		return w.client.Ask("ping", nil)
	case "api":
		return w.api(rest)
	}
	known := []string{"subscribe", "unsubscribe", "ping", "api"}
	return errors.New("no command " + visible(word) + suggest.Hint(word, known) + "; there are " + strings.Join(known, ", ") + " and a frame of JSON")
}

// api has the socket make a request to REST.
func (w *watcher) api(text string) error {
	verb, rest, _ := strings.Cut(text, " ")
	path, body, _ := strings.Cut(strings.TrimSpace(rest), " ")
	verbs := []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete}
	switch {
	case verb != "" && verb[0] != '/' && !slices.Contains(verbs, strings.ToUpper(verb)):
		return errors.New(visible(verb) + " is no verb" + suggest.Hint(strings.ToUpper(verb), verbs) + "; there are " + strings.Join(verbs, ", "))
	case path == "" || verb[0] == '/':
		return errors.New("write api with a verb and a path, as in: api GET /v2/accounts/ID/webhooks")
	}
	data := jobj.Object{{Key: "endpoint", Value: path}, {Key: "verb", Value: strings.ToLower(verb)}}
	if body = strings.TrimSpace(body); body != "" {
		if _, err := jobj.ParseObject([]byte(body)); err != nil {
			return errors.New("the body is no object of JSON: " + err.Error())
		}
		data = append(data, jobj.Member{Key: "body", Value: body})
	}
	return w.client.Ask("api", data)
}

// completeBindings offers what the running up lists.
func (a *app) completeBindings(cmd *cobra.Command, flags clientFlags) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		running, err := a.runningOf(cmd.Context(), cmd, flags.command)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		status, body, err := ask(cmd.Context(), http.MethodGet, strings.TrimRight(running.REST, "/")+"/v2/websockets", http.NoBody)
		listing, parseErr := jobj.ParseObject(body)
		if err != nil || parseErr != nil || status != http.StatusOK {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []cobra.Completion
		for _, offer := range offered(listing.Object("data")) {
			if !slices.Contains(args, offer) {
				offers = append(offers, offer)
			}
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}

// offered are the bindings of a listing, in any dialect, with wildcards where there is
// something to fill in and one will do.
func offered(listing jobj.Object) []string {
	all := []string{"call.*.*", "object.*.*"}
	for _, family := range listing {
		entries, _ := family.Value.([]any)
		for _, entry := range entries {
			binding, isText := entry.(string)
			if object, ok := entry.(jobj.Object); ok {
				binding, isText = object.String("binding"), true
			}
			if !isText || binding == "" {
				continue
			}
			if !strings.HasPrefix(binding, family.Key+".") {
				binding = family.Key + "." + binding
			}
			if family.Key != "conference" { // which must be named
				binding = placeholders(binding)
			}
			if !slices.Contains(all, binding) {
				all = append(all, binding)
			}
		}
	}
	return all
}

func placeholders(binding string) string {
	words := strings.Split(binding, ".")
	for i, word := range words {
		if strings.HasPrefix(word, "{") && strings.HasSuffix(word, "}") {
			words[i] = "*"
		}
	}
	return strings.Join(words, ".")
}

// socketPath is that of one socket in REST.
func socketPath(id string) string { return "/websockets/" + url.PathEscape(id) }
