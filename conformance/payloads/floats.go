package payloads

import (
	"context"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// float is a number as a message has it, and what the two formats make of it.
type float struct{ key, sent, form, json string }

// floats is about numbers with a point or an exponent.
func floats() suite.Group {
	const source = "webhooks.md 6.5; kz_mochinum:digits/1"
	return suite.Group{
		Name: "payloads/floats", Title: "Floats", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doFloats,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FLT-001", Text: "A float MUST be written with the fewest digits that read back to the same double, and with at least one behind the point, in both formats.",
				Source: source, Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "short") }),
			},
			{
				ID: "WH-FLT-002", Text: "In form text zero MUST be 0.0, whatever its sign, and so must be a denormal.",
				Source: source, Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "zero") }),
			},
			{
				ID: "WH-FLT-003", Text: "In form text a float MUST be plain where fewer than six zeros stand between its digits and the point, and have an exponent with an escaped + from there.",
				Source: source, Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "large") }),
			},
			{
				ID: "WH-FLT-004", Text: "In form text a float below 1 MUST be plain with up to five zeros behind the point, and have an exponent from there.",
				Source: source, Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "small") }),
			},
			{
				ID: "WH-FLT-005", Text: "In a JSON body a float MUST be plain below 1e21, and from there have an exponent, a + and no point that nothing follows.",
				Source: "webhooks.md 6.5; jiffy:encode/2", Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "body") }),
			},
			{
				ID: "WH-FLT-006", Text: "In a JSON body a float below 1e-6 SHOULD have an exponent without padding, and no point that nothing follows.",
				Source: "webhooks.md 6.5; jiffy:encode/2", Judge: floatsAre(func(f float) bool { return strings.HasPrefix(f.key, "tiny") }),
			},
		},
	}
}

// theFloats is the table. An expectation of "" is not judged.
func theFloats() []float {
	return []float{
		{"short1", "1.0", "1.0", "1.0"},
		{"short2", "1.50", "1.5", "1.5"},
		{"short3", "12.25", "12.25", "12.25"},
		{"short4", "-0.5", "-0.5", "-0.5"},
		{"short5", "0.1", "0.1", "0.1"},
		{"short6", "33.333333333333336", "33.333333333333336", "33.333333333333336"},
		{"short7", "0.30000000000000004441", "0.30000000000000004", "0.30000000000000004"},
		{"short8", "123e-2", "1.23", "1.23"},
		{"short9", "123456789.0", "123456789.0", "123456789.0"},
		{"zero1", "0.0", "0.0", ""},
		{"zero2", "-0.0", "0.0", ""},
		{"zero3", "5e-324", "0.0", ""},
		{"large1", "1e5", "100000.0", ""},
		{"large2", "1e6", "1.0e+6", ""},
		{"large3", "1500000.0", "1500000.0", ""},
		{"large4", "12e5", "1200000.0", ""},
		{"large5", "12e6", "1.2e+7", ""},
		{"large6", "1e20", "1.0e+20", ""},
		{"large7", "-123456e10", "-1.23456e+15", ""},
		{"small1", "1e-5", "0.00001", ""},
		{"small2", "1e-6", "0.000001", ""},
		{"small3", "1.25e-6", "0.00000125", ""},
		{"small4", "1e-7", "1.0e-7", ""},
		{"small5", "-2.5e-10", "-2.5e-10", ""},
		{"body1", "1000.0", "", "1000.0"},
		{"body2", "1e6", "", "1000000.0"},
		{"body3", "1e20", "", "100000000000000000000.0"},
		{"body4", "1e22", "", "1e+22"},
		{"body5", "2.5e22", "", "2.5e+22"},
		{"body6", "0.00001", "", "0.00001"},
		{"tiny1", "1e-7", "", "1e-7"},
		{"tiny2", "-2.5e-10", "", "-2.5e-10"},
	}
}

func doFloats(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "form", account, "channel_create", nil); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "json", account, "channel_create", asJSON()); err != nil {
		return err
	}
	var vars []string
	for _, f := range theFloats() {
		vars = append(vars, `"`+f.key+`":`+f.sent, `"l`+f.key+`":[`+f.sent+`]`)
	}
	event := value{name: "floats", vars: "{" + strings.Join(vars, ",") + "}", to: `"x"`}.event()
	if err := publish(ctx, p, account, event); err != nil {
		return err
	}
	arrived(ctx, p, []string{"form", "json"}, event)
	p.Settle(ctx)
	return nil
}

// floatsAre judges the floats that are chosen, alone and in a list.
func floatsAre(chosen func(float) bool) func(*suite.Judging) {
	return func(j *suite.Judging) {
		form, isForm := about(j, "form", "floats")
		body, isBody := about(j, "json", "floats")
		if !isForm || !isBody {
			return
		}
		for _, f := range theFloats() {
			if !chosen(f) {
				continue
			}
			if f.form != "" {
				escaped := url.QueryEscape(f.form)
				j.Contains("form text of "+f.sent, "&custom_application_vars["+f.key+"]="+escaped+"&", string(form.Body), form)
				j.Contains("form text of ["+f.sent+"]", "&custom_application_vars[l"+f.key+"][]="+escaped+"&", string(form.Body), form)
			}
			if f.json != "" {
				j.Contains("JSON text of "+f.sent, "    \""+f.key+"\" : "+f.json+",\n", string(body.Body), body)
				j.Contains("JSON text of ["+f.sent+"]", "    \"l"+f.key+"\" : [\n      "+f.json+"\n    ]", string(body.Body), body)
			}
		}
	}
}
