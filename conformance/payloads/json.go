package payloads

import "github.com/kazoolab/kazoolab/conformance/suite"

// text is about JSON bodies.
func text() suite.Group {
	const source = "webhooks.md 6.4; kz_json:encode/2"
	values := textValues()
	return suite.Group{
		Name: "payloads/json", Title: "JSON text", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: sendValues("json", asJSON(), values),
		Requirements: []suite.Requirement{
			{
				ID: "WH-JSON-001", Text: "A JSON body MUST have two blanks for each level, one member or element a line, a blank on both sides of the colon, and no line break at its end.",
				Source: source, Judge: textsAre(values, "json-nested"),
			},
			{
				ID: "WH-JSON-002", Text: "An empty object or list MUST be written as its two brackets with a line between them that has only the blanks of its level.",
				Source: source, Judge: textsAre(values, "json-empty"),
			},
			{
				ID: "WH-JSON-003", Text: "In strings and keys the quotation mark and the backslash MUST be escaped with a backslash, and backspace, form feed, line feed, carriage return and tab as \\b, \\f, \\n, \\r and \\t.",
				Source: source, Judge: textsAre(values, "json-escapes"),
			},
			{
				ID: "WH-JSON-004", Text: "A slash, the delete character and every character beyond ASCII MUST be written as they are, in UTF-8.",
				Source: source, Judge: textsAre(values, "json-plain"),
			},
			{
				ID: "WH-JSON-005", Text: "The control characters without an escape of their own SHOULD be written as \\u00XX with upper-case digits.",
				Source: source, Judge: textsAre(values, "json-control"),
			},
			{
				ID: "WH-JSON-006", Text: "A value that is null MUST stay null in a JSON body of a channel hook.",
				Source: source + "; webhooks.md 3.1", Judge: textsAre(values, "json-null"),
			},
			{
				ID: "WH-JSON-007", Text: "Members MUST keep their order, and a key that an object has twice both its values.",
				Source: source, Judge: textsAre(values, "json-order"),
			},
			{
				ID: "WH-JSON-008", Text: "Integers of any size MUST stay as they are.",
				Source: source, Judge: textsAre(values, "json-integers"),
			},
		},
	}
}

func textValues() []value {
	const x = `"x"`
	return []value{
		{"json-nested", `{"a":{"b":{"c":1}},"l":[1,"x",true,{"y":2},[3,[4]]]}`, `["p",{"q":"r"}]`, `{
    "a" : {
      "b" : {
        "c" : 1
      }
    },
    "l" : [
      1,
      "x",
      true,
      {
        "y" : 2
      },
      [
        3,
        [
          4
        ]
      ]
    ]
  }`, `[
    "p",
    {
      "q" : "r"
    }
  ]`},
		{
			"json-empty", `{"o":{},"l":[],"d":{"o":{}}}`, `{}`,
			"{\n    \"o\" : {\n      \n    },\n    \"l\" : [\n      \n    ],\n    \"d\" : {\n      \"o\" : {\n        \n      }\n    }\n  }", "{\n    \n  }",
		},
		{"json-escapes", `{"q":"\"","b":"\\","c":"\b\f\n\r\t","k\"\t\\":"v"}`, `"a\u000ab\u0022"`, `{
    "q" : "\"",
    "b" : "\\",
    "c" : "\b\f\n\r\t",
    "k\"\t\\" : "v"
  }`, `"a\nb\""`},
		{"json-plain", `{"s":"\/<&>'","d":"\u007f","e":"\u00e9€😀","é":"\u2028"}`, `"\ud83d\ude00"`, "{\n    \"s\" : \"/<&>'\",\n    \"d\" : \"\x7f\",\n    \"e\" : \"é€😀\",\n    \"é\" : \"\u2028\"\n  }", `"😀"`},
		{"json-control", `{"c":"\u0001\u000b\u001f"}`, x, `{
    "c" : "\u0001\u000B\u001F"
  }`, x},
		{"json-null", `{"n":null,"l":[null]}`, `null`, `{
    "n" : null,
    "l" : [
      null
    ]
  }`, `null`},
		{"json-order", `{"z":1,"a":2,"m":3,"a":4}`, x, `{
    "z" : 1,
    "a" : 2,
    "m" : 3,
    "a" : 4
  }`, x},
		{"json-integers", `{"b":123456789012345678901234567890,"n":-7,"z":0,"t":63877472675}`, `9007199254740993`, `{
    "b" : 123456789012345678901234567890,
    "n" : -7,
    "z" : 0,
    "t" : 63877472675
  }`, `9007199254740993`},
	}
}
