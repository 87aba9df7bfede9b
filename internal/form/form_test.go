package form_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
)

type garden struct {
	Name   string            `yaml:"name" is:"required" doc:"its name"`
	Beds   form.Named[bed]   `yaml:"beds" doc:"its beds"`
	Area   float64           `yaml:"area" doc:"in square metres" min:"1"`
	Shady  *bool             `yaml:"shady" doc:"whether it is"`
	Tools  []string          `yaml:"tools" doc:"what there is"`
	Notes  jobj.Object       `yaml:"notes" doc:"whatever there is to say"`
	Colour string            `yaml:"colour" doc:"of the fence" of:"red|green"`
	Hidden map[string]string // no field of the file
}

type bed struct {
	Plant string `yaml:"plant" is:"required short" doc:"what grows"`
	Rows  int    `yaml:"rows" doc:"how many" min:"1" max:"9"`
}

func wrong(t *testing.T, text string) error {
	t.Helper()
	return form.Read("garden.yaml", []byte(text), &garden{}).Err()
}

func TestAFileIsRead(t *testing.T) {
	g := NewWithT(t)
	var got garden
	err := form.Read("garden.yaml", []byte(`name: Back
area: 12.5
shady: false
tools: spade
beds:
  north: &shade {plant: fern, rows: 3}
  south: rose
  west: *shade
notes: {soil: {ph: 6.50}, seen: [2026, true, "x"]}
`), &got).Err()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got.Area).To(Equal(12.5))
	g.Expect(*got.Shady).To(BeFalse())
	g.Expect(got.Tools).To(Equal([]string{"spade"}))
	g.Expect(got.Beds).To(Equal(form.Named[bed]{
		{Name: "north", Value: bed{"fern", 3}}, {Name: "south", Value: bed{Plant: "rose"}}, {Name: "west", Value: bed{"fern", 3}},
	}))
	g.Expect(string(jobj.Append(nil, got.Notes))).To(Equal(`{"soil":{"ph":6.50},"seen":[2026,true,"x"]}`))
}

func TestProblemsShowWhereTheyAre(t *testing.T) {
	g := NewWithT(t)
	err := wrong(t, "name: Back\ncolour: greem\nbeds:\n  north: {plant: fern, rows: 12}\n")
	g.Expect(err).To(MatchError(strings.Trim(`
garden.yaml:2:9: colour: cannot be "greem"; use red, green; did you mean green?
    2 | colour: greem
      |         ^^^^^
garden.yaml:4:30: beds.north.rows: 12 is out of bounds: it is from 1 to 9
    4 |   north: {plant: fern, rows: 12}
      |                              ^^
`, "\n")))
}

func TestALongLineIsShownInPart(t *testing.T) {
	g := NewWithT(t)
	err := wrong(t, "name: Back\ntools: ["+strings.Repeat("rake, ", 60)+"5, "+strings.Repeat("hoe, ", 60)+"x]\n")
	lines := strings.Split(err.Error(), "\n")
	g.Expect(lines).To(HaveLen(3))
	g.Expect(len(lines[1])).To(BeNumerically("<", 170))
	g.Expect(lines[1][strings.IndexByte(lines[2], '^')]).To(Equal(byte('5')))
}

func TestNothingUpsetsATerminal(t *testing.T) {
	g := NewWithT(t)
	err := wrong(t, "name: Back\n\"a\\u001b[31m\": 1\n")
	g.Expect(err).To(HaveOccurred())
	g.Expect(err.Error()).NotTo(ContainSubstring("\x1b"))
}

func TestTooMuchIsRefused(t *testing.T) {
	g := NewWithT(t)
	for name, text := range map[string]string{
		"large":   strings.Repeat("# \n", 200_000),
		"deep":    "name: Back\nnotes: {a: " + strings.Repeat("[", 50) + strings.Repeat("]", 50) + "}\n",
		"aliases": "name: Back\nnotes:\n  a: &a [" + strings.Repeat("x,", 100) + "x]\n  b: &b [" + strings.Repeat("*a,", 100) + "x]\n  c: [" + strings.Repeat("*b,", 100) + "x]\n",
		"binary":  "name: \xff\n",
	} {
		err := wrong(t, text)
		var problems *form.FileError
		g.Expect(errors.As(err, &problems)).To(BeTrue(), name)
		g.Expect(len(problems.List)).To(BeNumerically("<=", 2), name)
	}
}

func TestTheSchemaIsThatOfTheType(t *testing.T) {
	g := NewWithT(t)
	schema := form.Schema(reflect.TypeFor[garden](), "garden", "A garden.")
	text := string(jobj.Append(nil, schema))
	g.Expect(text).To(ContainSubstring(`"colour":{"type":"string","enum":["red","green"],"description":"Of the fence."}`))
	g.Expect(text).To(ContainSubstring(`"required":["name"]`))
	g.Expect(text).To(ContainSubstring(`"bed":{"anyOf":[{"type":"string"},{"type":"object"`))
	g.Expect(text).To(ContainSubstring(`"rows":{"type":"integer","minimum":1,"maximum":9`))
	g.Expect(text).NotTo(ContainSubstring("Hidden"))
}
