package payloads

import (
	"context"
	"regexp"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// merge is about custom_data and cluster_id.
func merge() suite.Group {
	const source = "webhooks.md 5; webhooks_util:fire_hook/2"
	return suite.Group{
		Name: "payloads/merge", Title: "Custom data", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doMerge,
		Requirements: []suite.Requirement{
			{
				ID: "WH-MERGE-001", Text: "Keys of custom_data that the payload lacks MUST be appended, the last one first.",
				Source: source + "; webhooks.md 14", Judge: mergedAs("new", `"z" : "1"`, `"y" : "2"`, `"x" : "3"`),
			},
			{
				ID: "WH-MERGE-002", Text: "A key of custom_data that the payload has MUST replace the value in its place, account_id included.",
				Source: source, Judge: bodyIs("replacing", "merged", `{
  "id" : "merged",
  "account_id" : "elsewhere",
  "type" : "sms",
  "from" : "nobody",
  "to" : "+14155550100",
  "body" : "running late",
  "origin" : "offnet",
  "more" : "1",
  "cluster_id" : "{cluster}"
}`),
			},
			{
				ID: "WH-MERGE-003", Text: "Type and action of custom_data MUST NOT reach the receiver.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: source + "; webhooks.md 14", Judge: mergedAs("filters", `"kept" : "yes"`),
			},
			{
				ID: "WH-MERGE-004", Text: "Type and action of custom_data MUST stay, and take the place of the event's own.", Dialects: []string{suite.Kazoo4},
				Source: "webhooks.md 13", Judge: bodyIs("filters", "merged", `{
  "id" : "merged",
  "account_id" : "{account}",
  "type" : "mine",
  "from" : "+12125550199",
  "to" : "+14155550100",
  "body" : "running late",
  "origin" : "offnet",
  "action" : "too",
  "kept" : "yes",
  "cluster_id" : "{cluster}"
}`),
			},
			{
				ID: "WH-MERGE-005", Text: "Cluster_id MUST be the last member, 32 hexadecimal digits that are the same in every request.",
				Source: source, Judge: judgeCluster,
			},
			{
				ID: "WH-MERGE-006", Text: "A cluster_id of custom_data MUST be replaced in its place by the cluster's.",
				Source: source, Judge: bodyIs("cluster", "merged", strings.Replace(mergedText, `  "cluster_id" : "{cluster}"`, `  "b" : "2",
  "cluster_id" : "{cluster}",
  "a" : "1"`, 1)),
			},
			{
				ID: "WH-MERGE-007", Text: "Keys and values of custom_data MUST be sent as they are.",
				Source: source, Judge: mergedAs("raw", `"Y É" : ""`, `"X-Key" : "A-B é"`),
			},
			{
				ID: "WH-MERGE-008", Text: "An object of the payload whose key is in custom_data MUST be replaced whole.",
				Source: source, Judge: membersAre("flat", member{"merged-call", "custom_channel_vars", `"flat"`}, member{"merged-call", "hook_event", `"mine"`}),
			},
			{
				ID: "WH-MERGE-009", Text: "What is merged for one hook MUST NOT show in what another hook sends for the same event.",
				Source: source, Judge: bodyIs("plain", "merged", mergedText),
			},
			{
				ID: "WH-MERGE-010", Text: "Form text MUST have custom_data merged in the same way.",
				Source: source + "; webhooks.md 6.3",
				Judge: func(j *suite.Judging) {
					body(j, "form", "merged", joined(j, `id=merged&account_id={account}&type=sms&from=nobody&to=%2B14155550100&body=running+late&origin=offnet&z=1+2&y=%26&cluster_id={cluster}`))
				},
			},
		},
	}
}

const mergedText = `{
  "id" : "merged",
  "account_id" : "{account}",
  "type" : "sms",
  "from" : "+12125550199",
  "to" : "+14155550100",
  "body" : "running late",
  "origin" : "offnet",
  "cluster_id" : "{cluster}"
}`

// mergedAs judges the body of the sms with lines behind its own members.
func mergedAs(receiver string, lines ...string) func(*suite.Judging) {
	want := strings.Replace(mergedText, `  "cluster_id"`, "  "+strings.Join(append(lines, `"cluster_id"`), ",\n  "), 1)
	return bodyIs(receiver, "merged", want)
}

func doMerge(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	hooks := []struct{ name, hook, format, data string }{
		{"new", "sms", "json", `{"x":"3","y":"2","z":"1"}`},
		{"replacing", "sms", "json", `{"from":"nobody","more":"1","account_id":"elsewhere"}`},
		{"filters", "sms", "json", `{"kept":"yes","type":"mine","action":"too"}`},
		{"cluster", "sms", "json", `{"a":"1","cluster_id":"mine","b":"2"}`},
		{"raw", "sms", "json", `{"X-Key":"A-B é","Y É":""}`},
		{"plain", "sms", "json", `{}`},
		{"form", "sms", "form-data", `{"y":"&","from":"nobody","z":"1 2"}`},
		{"flat", "channel_create", "json", `{"custom_channel_vars":"flat","hook_event":"mine"}`},
	}
	var receivers []string
	for _, h := range hooks {
		if _, err := p.Hook(ctx, h.name, account, h.hook, map[string]any{"format": h.format, "custom_data": object(h.data)}); err != nil {
			return err
		}
		if h.hook == "sms" {
			receivers = append(receivers, h.name)
		}
	}
	message, event := sms("merged", usual()...), channelEvent("CHANNEL_CREATE", "merged-call", `"Bridge-ID":"b"`, "")
	if err := publish(ctx, p, account, message, event); err != nil {
		return err
	}
	arrived(ctx, p, receivers, message)
	arrived(ctx, p, []string{"flat"}, event)
	p.Settle(ctx)
	return nil
}

func judgeCluster(j *suite.Judging) {
	id := cluster(j.View)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
		j.Fail("no request has a cluster_id of 32 hexadecimal digits")
		return
	}
	requests := j.Where(func(e capture.Entry) bool { return e.Kind == capture.HookRequest && e.Name != "cluster" })
	j.Count("requests", 7, requests)
	for _, e := range requests {
		end, sent := "&cluster_id="+id, string(e.Body)
		if strings.HasPrefix(sent, "{") {
			end = "\n  \"cluster_id\" : \"" + id + "\"\n}"
		}
		if !strings.HasSuffix(sent, end) {
			j.Differs("end of the body at "+e.Name, []byte(end), []byte(sent[max(0, len(sent)-len(end)):]), e)
		}
	}
}
