package twiml_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

func TestDocumentsThatAreRead(t *testing.T) {
	for name, c := range map[string]struct{ document, say string }{
		"plain":                         {`<Response><Say>a</Say></Response>`, "a"},
		"a declaration":                 {`<?xml version="1.0" encoding="UTF-8"?><Response><Say>a</Say></Response>`, "a"},
		"version 1.1":                   {`<?xml version="1.1"?><Response><Say>a</Say></Response>`, "a"},
		"UTF-8 in any case":             {`<?xml version="1.0" encoding="Utf-8" standalone="no" ?><Response><Say>ü</Say></Response>`, "ü"},
		"an encoding of one byte":       {`<?xml version="1.0" encoding="ISO-8859-1"?><Response><Say>ü</Say></Response>`, "Ã¼"},
		"ASCII":                         {`<?xml version='1.0' encoding='us-ascii'?><Response><Say>ü</Say></Response>`, "Ã¼"},
		"an encoding with the euro":     {`<?xml version="1.0" encoding="latin9"?><Response><Say>ü</Say></Response>`, "ÃŒ"},
		"an encoding after a mark":      {"\ufeff" + `<?xml version="1.0" encoding="latin1"?><Response><Say>ü</Say></Response>`, "ü"},
		"standalone alone":              {`<?xml version="1.0" standalone="yes"?><Response><Say>a</Say></Response>`, "a"},
		"a byte order mark":             {"\ufeff<Response><Say>a</Say></Response>", "a"},
		"blanks and comments before it": {" \n<!-- c --><?pi x?><Response><Say>a</Say></Response>", "a"},
		"a document type":               {`<!DOCTYPE Response [<!ELEMENT Say ANY> <!-- > -->]><Response><Say>a</Say></Response>`, "a"},
		"a document type's attributes":  {`<!DOCTYPE Response [<!ATTLIST Say voice CDATA "m>n">]><Response><Say>a</Say></Response>`, "a"},
		"a document type by http":       {`<!DOCTYPE Response PUBLIC "-//x//y" "http://h.test/x.dtd"><Response><Say>a</Say></Response>`, "a"},
		"what follows the root":         {`<Response><Say>a</Say></Response> <x>&`, "a"},
		"NUL after the root":            {"<Response><Say>a</Say></Response>\x00", "a"},
		"a comment after the root":      {"<Response><Say>a</Say></Response><!-- b --><?p c?>\x00", "a"},
		"a default namespace":           {`<Response xmlns="urn:x"><Say>a</Say></Response>`, "a"},
		"references":                    {`<Response><Say>&lt;&amp;&#65;&#x42;&quot;</Say></Response>`, `<&AB"`},
		"CDATA within a text":           {`<Response><Say>pre<![CDATA[ <mid> ]]>post</Say></Response>`, "pre <mid> post"},
		"CDATA first":                   {`<Response><Say><![CDATA[lost]]>with it</Say></Response>`, ""},
		"CDATA after an element":        {`<Response><Say><b/>a<![CDATA[lost]]>c</Say></Response>`, "ac"},
		"CDATA after a comment":         {`<Response><Say>a<!-- b --><![CDATA[lost]]>c</Say></Response>`, "ac"},
		"comments within":               {`<Response><Say>a<!-- b -->c</Say></Response>`, "ac"},
		"blanks after a comment":        {"<Response><Say>a<!-- b --> \n\tc</Say></Response>", "ac"},
		"blanks after an instruction":   {"<Response><Say>a<?b?> c</Say></Response>", "a c"},
		"an instruction of a style":     {"<?xml-stylesheet x?><Response><Say>a</Say></Response>", "a"},
		"ends of lines":                 {"<Response><Say>a\r\nb\rc\n\rd&#13;e&#13;\nf&#13;&#10;g</Say></Response>", "a\nb\nc\n\nd\ne\nf\n\ng"},
		"ends of lines in CDATA":        {"<Response><Say>a<![CDATA[\r\n]]>b</Say></Response>", "a\r\nb"},
		"a child's text is not its own": {`<Response><Say>a<b>x</b>c</Say></Response>`, "ac"},
		"stripped ends":                 {"<Response><Say>\n  \n \n a \n</Say></Response>", "\n a"},
		"tabs stay":                     {"<Response><Say>\n\ta\n</Say></Response>", "\ta"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			root, err := twiml.Parse([]byte(c.document))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(root.Elements()[0].OwnText()).To(Equal(c.say))
		})
	}
}

// Each blank of a value is one, but blanks after one that is written as a reference are none.
func TestBlanksOfValues(t *testing.T) {
	for value, want := range map[string]string{
		" a  b ": " a  b ", "a\r\nb\tc": "a  b c", "&#10;x": "\nx", "&#10; \n x": "\nx", "&#13;&#10;&#32;x": "\rx", "&#65; x": "A x", "&#10;&lt; x": "\n< x",
	} {
		g := NewWithT(t)
		root, err := twiml.Parse([]byte(`<Response><Say voice="` + value + `"/></Response>`))
		g.Expect(err).NotTo(HaveOccurred(), value)
		got, _ := root.Elements()[0].Attr("voice")
		g.Expect(got).To(Equal(want), value)
	}
}

// An element that holds an empty section is not empty.
func TestAnEmptySectionIsContent(t *testing.T) {
	g := NewWithT(t)
	root, err := twiml.Parse([]byte("<Response><![CDATA[]]></Response>"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(root.Content()).To(HaveLen(1))
}

func TestADeclaredEncodingCanBePassedOver(t *testing.T) {
	for _, encoding := range []string{"ISO-8859-1", "utf8", "UTF-16"} {
		g := NewWithT(t)
		root, err := twiml.ParseUTF8([]byte(`<?xml version="1.0" encoding="` + encoding + `"?><Response><Say>ü</Say></Response>`))
		g.Expect(err).NotTo(HaveOccurred(), encoding)
		g.Expect(root.Elements()[0].OwnText()).To(Equal("ü"))
	}
}

func TestWhatADeclaredEncodingGarblesIsFound(t *testing.T) {
	g := NewWithT(t)
	const latin1 = `<?xml version="1.0" encoding="ISO-8859-1"?>`
	for document, garbled := range map[string]string{
		latin1 + "<Response><Say>ü</Say></Response>":                                       latin1,
		latin1 + "<Response><Say>u</Say></Response>":                                       "",
		"\ufeff" + latin1 + "<Response><Say>ü</Say></Response>":                            "",
		`<?xml version="1.0" encoding="UTF-8"?><Response><Say>ü</Say></Response>`:          "",
		`<?xml version="1.0"?><Response><Say>ü</Say></Response>`:                           "",
		"<Response><Say>ü</Say></Response>":                                                "",
		`<?xml version='1.0' encoding='us-ascii' standalone='yes'?><Response>ü</Response>`: `<?xml version='1.0' encoding='us-ascii' standalone='yes'?>`,
		`<?xml encoding="ISO-8859-1"?><Response><Say>ü</Say></Response>`:                   "",
	} {
		g.Expect(twiml.Garbled([]byte(document))).To(Equal(garbled), document)
	}
}

func TestDocumentsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		document     string
		line, column int
		rule         string
	}{
		"nothing":                  {"", 1, 1, "begins with an element"},
		"blanks":                   {" \n ", 2, 2, "begins with an element"},
		"text":                     {"hello", 1, 1, "begins with an element"},
		"a late declaration":       {"\n<?xml version=\"1.0\"?><Response/>", 2, 1, "the very start"},
		"another root":             {"<response/>", 1, 1, "the root is <response>"},
		"a prefixed root":          {"<a:Response/>", 1, 1, "the root is <a:Response>"},
		"an end that is missing":   {"<Response>\n<Say>a</Response>", 2, 7, "</Response> does not end <Say>"},
		"an element without end":   {"<Response><Say>a", 1, 11, "<Say> has no </Say>"},
		"a bare ampersand":         {"<Response>\n<Say>a & b</Say></Response>", 2, 8, "write &amp;"},
		"an unknown entity":        {"<Response><Say>&nbsp;</Say></Response>", 1, 16, "&nbsp;"},
		"a value without quotes":   {"<Response><Say loop=2>a</Say></Response>", 1, 21, "in quotes"},
		"an attribute twice":       {`<Response><Say loop="1" loop="2">a</Say></Response>`, 1, 25, "loop twice"},
		"no value":                 {`<Response><Say loop>a</Say></Response>`, 1, 20, "has no value"},
		"< in a value":             {`<Response><Say voice="<">a</Say></Response>`, 1, 23, "&lt;"},
		"NUL":                      {"<Response><Say>\x00</Say></Response>", 1, 16, `"\x00`},
		"no character":             {"<Response><Say>a\uffff</Say></Response>", 1, 17, `"\uffff`},
		"a character of no name":   {"<Response><b×/></Response>", 1, 13, "here stands"},
		"an unknown encoding":      {`<?xml version="1.0" encoding="utf8"?><Response/>`, 1, 21, `"utf8"`},
		"an encoding of two bytes": {`<?xml version="1.0" encoding="UTF-16"?><Response/>`, 1, 21, "write UTF-8"},
		"no encoding":              {`<?xml version="1.0" encoding=""?><Response/>`, 1, 21, "write UTF-8"},
		"parts out of order":       {`<?xml version="1.0" standalone="yes" encoding="UTF-8"?><Response/>`, 1, 38, "in this order"},
		"parts that touch":         {`<?xml version="1.0"encoding="UTF-8"?><Response/>`, 1, 20, "stand apart"},
		"standalone":               {`<?xml version="1.0" standalone="maybe"?><Response/>`, 1, 21, "yes or no"},
		"another part":             {`<?xml version="1.0" foo="yes"?><Response/>`, 1, 21, "in this order"},
		"an instruction":           {`<?xmlfoo?><Response/>`, 1, 9, "begins with xml"},
		"an instruction's rest":    {`<?p?x?><Response/>`, 1, 4, "stands apart"},
		"a comment after the root": {`<Response/><!-- a`, 1, 16, "does not end"},
		"two declarations":         {`<Response/><?xml version="1.0"?>`, 1, 12, "the very start"},
		"two document types":       {`<!DOCTYPE Response><!DOCTYPE Response><Response/>`, 1, 21, "needs a name"},
		"a document type unnamed":  {`<!DOCTYPE><Response/>`, 1, 10, "apart by a blank"},
		"a document type's file":   {`<!DOCTYPE Response SYSTEM "x.dtd"><Response/>`, 1, 1, "another file"},
		"a reference in a type":    {`<!DOCTYPE Response [%x;]><Response/>`, 1, 21, "declares elements"},
		"a reference to NUL":       {"<Response><Say>&#0;</Say></Response>", 1, 16, "&#0;"},
		"an entity":                {`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response><Say>&x;</Say></Response>`, 1, 14, "entity"},
		"a parameter entity":       {`<!DOCTYPE r [<!ENTITY % x "y">]><Response/>`, 1, 14, "entity"},
		"an entity in a quote":     {`<!DOCTYPE r SYSTEM "a>b" [<!ENTITY x "y">]><Response/>`, 1, 27, "entity"},
		"a document type's end":    {`<!DOCTYPE r [`, 1, 14, "] is missing"},
		"-- in a comment":          {`<Response><!-- a -- b --></Response>`, 1, 20, "-- may not"},
		"]]> in a text":            {`<Response><Say>a]]>b</Say></Response>`, 1, 17, "]]>"},
		"attributes that touch":    {`<Response><Say loop="1"voice="man">a</Say></Response>`, 1, 24, "stand apart"},
		"columns count characters": {"<Response><Say>王王&</Say></Response>", 1, 18, "&amp;"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, err := twiml.Parse([]byte(c.document))
			g.Expect(err).To(HaveOccurred())
			fault := err.(*twiml.SyntaxError) //nolint:errorlint,forcetypeassert // what Parse says it returns
			g.Expect(fault.Position).To(Equal(twiml.Position{Line: c.line, Column: c.column}), fault.Error())
			g.Expect(fault.Error()).To(ContainSubstring(c.rule))
			g.Expect(fault.Entity).To(Equal(strings.Contains(c.document, "<!ENTITY")))
		})
	}
}

// A document can neither grow by itself nor exhaust the stack.
func TestDocumentsAreBounded(t *testing.T) {
	g := NewWithT(t)
	nested := func(depth int) []byte {
		return []byte("<Response>" + strings.Repeat("<Gather>", depth-1) + strings.Repeat("</Gather>", depth-1) + "</Response>")
	}
	_, err := twiml.Parse(nested(twiml.MaxDepth))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = twiml.Parse(nested(twiml.MaxDepth + 1))
	g.Expect(err).To(MatchError(ContainSubstring("deeper than 64")))
	_, err = twiml.Parse([]byte(strings.Repeat("<a>", 600_000)))
	g.Expect(err).To(MatchError(ContainSubstring("deeper than 64")))
	_, err = twiml.Parse([]byte("<Response>" + strings.Repeat(" ", twiml.MaxSize) + "</Response>"))
	g.Expect(err).To(MatchError(ContainSubstring("longer than 2097152 bytes")))
	var attributes strings.Builder
	for i := range twiml.MaxAttributes + 1 {
		fmt.Fprintf(&attributes, " a%d='1'", i)
	}
	_, err = twiml.Parse([]byte("<Response><Say" + attributes.String() + ">a</Say></Response>"))
	g.Expect(err).To(MatchError(ContainSubstring("more than 256 attributes")))
	root, err := twiml.Parse([]byte("<Response>" + strings.Repeat("<x/>", 100_000) + strings.Repeat("&amp;", 200_000) + "</Response>"))
	g.Expect(err).NotTo(HaveOccurred())
	found := twiml.Check(root)
	g.Expect(found).To(HaveLen(twiml.MaxFindings + 1))
	g.Expect(found[twiml.MaxFindings-1].String()).To(ContainSubstring("<x> is no verb"))
	g.Expect(found[twiml.MaxFindings].String()).To(Equal("line 1, column 407: from here on there are 99901 more findings, which are not told"))
	laughs := `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><Response><Say>&b;</Say></Response>`
	_, err = twiml.Parse([]byte(laughs))
	g.Expect(err).To(MatchError(ContainSubstring("refused")))
}

func TestNumbersAsKazooReadsThem(t *testing.T) {
	for text, want := range map[string]string{
		"5": "5", "+5": "5", "-5": "-5", "1.5": "2", "1.4": "1", "1,5": "2", "1,4e1": "14", "1.000,5": "absent", "-1.5": "-2", "007": "7", "1.0e2": "100",
		"": "absent", "abc": "absent", " 2": "absent", "2 ": "absent", "1.": "absent", ".5": "absent", "1e2": "absent", "0x1": "absent",
		"99999999999999999999": "2147483647", "-99999999999999999999": "-2147483648",
	} {
		got := "absent"
		if n, ok := twiml.Integer(text); ok {
			got = fmt.Sprint(n)
		}
		NewWithT(t).Expect(got).To(Equal(want), text)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for document, want := range map[string][]string{
		`<Say voice="man" language="en" loop="0" terminators="#" engine="e">a</Say>`: nil,
		`<say>a</say>`:                              {"<say> is no verb; did you mean Say", "the document ends here"},
		`<Gather><Speak/></Gather>`:                 {"<Speak> is no verb", "the prompts of the Gather end"},
		`<Say language="en-US">a</Say>`:             {"line 1, column 16", "did you mean en?"},
		`<Gather numDigit="1"> </Gather>`:           {"has no attribute numDigit; did you mean numDigits?", "it is passed over"},
		`<Pause length="abc"/>`:                     {"to be a number", "it counts as absent"},
		`<Dial><Phone>1</Phone></Dial>`:             {"<Phone> may not stand in <Dial>"},
		`<Dial hangupOn="12">1</Dial>`:              {"one of 0-9", "passed over"},
		`<Record playBeep="yes"/>`:                  {"true or false", "counts as false"},
		`<Record recordingUrl=""/>`:                 nil,
		`<Record recordingUrl="u"/>`:                {"leave it out"},
		`<Redirect method="undefined">x</Redirect>`: nil,
		`<Say>a<b/></Say>`:                          {"<b> may not stand in <Say>"},
	} {
		t.Run(document, func(t *testing.T) {
			g := NewWithT(t)
			root, err := twiml.Parse([]byte("<Response>" + document + "</Response>"))
			g.Expect(err).NotTo(HaveOccurred())
			found := twiml.Check(root)
			if want == nil {
				g.Expect(found).To(BeEmpty())
				return
			}
			g.Expect(found).To(HaveLen(1))
			for _, part := range want {
				g.Expect(found[0].String()).To(ContainSubstring(part))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE r [<!ELEMENT a ANY>]><Response a="b"><Say>&amp;<![CDATA[x]]><!-- c --></Say></Response>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := twiml.Parse(data)
		if err != nil {
			if fault := err.(*twiml.SyntaxError); fault.Line < 1 || fault.Column < 1 { //nolint:errorlint,forcetypeassert // see above
				t.Errorf("%v has no place", err)
			}
			return
		}
		for _, finding := range twiml.Check(root) {
			if finding.Line < 1 || finding.Rule == "" || finding.Kazoo == "" {
				t.Errorf("%+v is not whole", finding)
			}
		}
	})
}

// A text is put together once, however many references and sections it has.
func TestATextOfManyPartsIsRead(t *testing.T) {
	g := NewWithT(t)
	const many = 400_000
	root, err := twiml.Parse([]byte("<Response><Say>" + strings.Repeat("&lt;", many) + "</Say><Say>a" + strings.Repeat("<![CDATA[a]]>", many/16) + "</Say></Response>"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(root.Children[0].Children).To(HaveLen(1))
	g.Expect(root.Children[0].OwnText()).To(Equal(strings.Repeat("<", many)))
	g.Expect(root.Children[1].OwnText()).To(Equal(strings.Repeat("a", 1+many/16)))
}
