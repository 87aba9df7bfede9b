package payloads

import "github.com/kazoolab/kazoolab/conformance/suite"

// form is about the text of form bodies and queries.
func form() suite.Group {
	const source = "webhooks.md 6.3; kz_http_util:json_to_querystring/1"
	values := formValues()
	return suite.Group{
		Name: "payloads/form", Title: "Form text", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: sendValues("form", map[string]any{"format": "form-data"}, values),
		Requirements: []suite.Requirement{
			{
				ID: "WH-ENC-001", Text: "Form text MUST have the members in the payload's order, joined with &, and the name of a nested member as a[b][c].",
				Source: source, Judge: formsAre(values, "enc-names"),
			},
			{
				ID: "WH-ENC-002", Text: "In a value, ASCII letters, digits and . - _ ~ MUST stand as they are, a blank as +, and every other ASCII character as %XX with upper-case digits.",
				Source: source + "; kz_http_util:urlencode/1", Judge: formsAre(values, "enc-ascii", "enc-control"),
			},
			{
				ID: "WH-ENC-003", Text: "Every byte of the UTF-8 of a character beyond ASCII in a value MUST be written as %XX.",
				Source: source + "; kz_http_util:urlencode/1", Judge: formsAre(values, "enc-beyond"),
			},
			{
				ID: "WH-ENC-004", Text: "A string that the message has with JSON escapes MUST be encoded as the text that it stands for.",
				Source: source, Judge: formsAre(values, "enc-escapes"),
			},
			{
				ID: "WH-ENC-005", Text: "Booleans MUST be written as true and false.",
				Source: source, Judge: formsAre(values, "enc-booleans"),
			},
			{
				ID: "WH-ENC-006", Text: "Integers of any size MUST be written in decimal, and -0 as 0.",
				Source: source, Judge: formsAre(values, "enc-integers"),
			},
			{
				ID: "WH-ENC-007", Text: "An empty string MUST be written as its name and = without a value, and the strings null and undefined as any other text.",
				Source: source, Judge: formsAre(values, "enc-texts"),
			},
			{
				ID: "WH-ENC-008", Text: "A list MUST be written as one name[]=value for each element, in which a boolean or null is its word.",
				Source: source, Judge: formsAre(values, "enc-list", "enc-list-top"),
			},
			{
				ID: "WH-ENC-009", Text: "An object in a list MUST be written as its compact JSON text, encoded like a string.",
				Source: source + "; webhooks.md 14", Judge: formsAre(values, "enc-list-object"),
			},
			{
				ID: "WH-ENC-010", Text: "A list in a list MUST be written as its strings one behind the other, with its integers as bytes.",
				Source: source + "; webhooks.md 14", Judge: formsAre(values, "enc-list-list"),
			},
			{
				ID: "WH-ENC-011", Text: "An empty object or list MUST leave nothing but the & that joins it, at any depth.",
				Source: source + "; webhooks.md 14", Judge: formsAre(values, "enc-empty", "enc-empty-top"),
			},
			{
				ID: "WH-ENC-012", Text: "Keys MUST NOT be escaped, whatever characters they have.",
				Source: source + "; webhooks.md 14", Judge: formsAre(values, "enc-keys"),
			},
			{
				ID: "WH-ENC-013", Text: "A key that an object has twice MUST be written twice, both times with the first value.",
				Source: source + "; webhooks.md 14", Judge: formsAre(values, "enc-repeat"),
			},
			{
				ID: "WH-ENC-014", Text: "A member whose value is null MUST be sent with an empty value, where Kazoo sends nothing at all.",
				Source: "webhooks.md 14; webhooks.md 12", Needs: []string{suite.Lab}, Ours: true, Judge: formsAre(values, "enc-null"),
			},
		},
	}
}

func formValues() []value {
	const x, to = `"x"`, "to=x"
	return []value{
		{"enc-names", `{"z":"1","b":{"c":"2","d":{"e":"3"}},"a":"4"}`, x, `CAV[z]=1&CAV[b][c]=2&CAV[b][d][e]=3&CAV[a]=4`, to},
		{
			"enc-ascii", `{"v":" !\"#$%&'()*+,-./0189:;<=>?@AZ[\\]^_\u0060az{|}~"}`, `"1002@acme.example.com"`,
			`CAV[v]=+%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0189%3A%3B%3C%3D%3E%3F%40AZ%5B%5C%5D%5E_%60az%7B%7C%7D~`, "to=1002%40acme.example.com",
		},
		{"enc-control", `{"v":"\u0001\b\t\n\f\r\u001f\u007f"}`, x, `CAV[v]=%01%08%09%0A%0C%0D%1F%7F`, to},
		{"enc-beyond", `{"v":"é ñ€😀 Ж"}`, `"שלום"`, `CAV[v]=%C3%A9+%C3%B1%E2%82%AC%F0%9F%98%80+%D0%96`, "to=%D7%A9%D7%9C%D7%95%D7%9D"},
		{"enc-escapes", `{"v":"\u00e9\ud83d\ude00\/\"\\\u0041"}`, x, `CAV[v]=%C3%A9%F0%9F%98%80%2F%22%5CA`, to},
		{"enc-booleans", `{"t":true,"f":false,"o":{"t":true}}`, `false`, `CAV[t]=true&CAV[f]=false&CAV[o][t]=true`, "to=false"},
		{
			"enc-integers", `{"i":63877472675,"z":0,"n":-7,"m":-0,"b":123456789012345678901234567890,"l":[-0]}`, `5`,
			`CAV[i]=63877472675&CAV[z]=0&CAV[n]=-7&CAV[m]=0&CAV[b]=123456789012345678901234567890&CAV[l][]=0`, "to=5",
		},
		{"enc-texts", `{"e":"","n":"null","u":"undefined"}`, `""`, `CAV[e]=&CAV[n]=null&CAV[u]=undefined`, "to="},
		{"enc-list", `{"l":["a b",1,true,false,null,1.5,""],"o":{"l":["x"]}}`, x, `CAV[l][]=a+b&CAV[l][]=1&CAV[l][]=true&CAV[l][]=false&CAV[l][]=null&CAV[l][]=1.5&CAV[l][]=&CAV[o][l][]=x`, to},
		{"enc-list-top", `{"a":1}`, `["p","q&r"]`, `CAV[a]=1`, "to[]=p&to[]=q%26r"},
		{
			"enc-list-object", `{"l":[{"b":1,"c":"d e","t":[true,{}]},2]}`, x,
			`CAV[l][]=%7B%22b%22%3A1%2C%22c%22%3A%22d+e%22%2C%22t%22%3A%5Btrue%2C%7B%7D%5D%7D&CAV[l][]=2`, to,
		},
		{"enc-list-list", `{"l":[["x","y"],[72,101],[["z"],[[65]],"b c"],[255]]}`, x, `CAV[l][]=xy&CAV[l][]=He&CAV[l][]=zAb+c&CAV[l][]=%FF`, to},
		{"enc-empty", `{"a":1,"b":{},"c":2,"d":[],"e":{"f":{}},"g":3}`, x, `CAV[a]=1&&CAV[c]=2&&&CAV[g]=3`, to},
		{"enc-empty-top", `{}`, `[]`, ``, ``},
		{
			"enc-keys", `{"a b":"1","c&d":"2","e=f":"3","g%20":"4","h[i]":"5","j+k":"6","é":"7","":"8","#?/":"9","n":{"o p":{"q&":"0"}}}`, x,
			`CAV[a b]=1&CAV[c&d]=2&CAV[e=f]=3&CAV[g%20]=4&CAV[h[i]]=5&CAV[j+k]=6&CAV[é]=7&CAV[]=8&CAV[#?/]=9&CAV[n][o p][q&]=0`, to,
		},
		{"enc-repeat", `{"a":1,"b":2,"a":3}`, x, `CAV[a]=1&CAV[b]=2&CAV[a]=1`, to},
		{"enc-null", `{"a":null,"b":1,"c":{"d":null}}`, `null`, `CAV[a]=&CAV[b]=1&CAV[c][d]=`, "to="},
	}
}
