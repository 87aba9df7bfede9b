package target_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kazoolab/kazoolab/conformance/profiles"
	"github.com/kazoolab/kazoolab/conformance/target"
)

func TestProfilesThatComeWithTheProgramAreGood(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := target.Schema()
	g.Expect(err).NotTo(HaveOccurred())
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	g.Expect(err).NotTo(HaveOccurred())
	compiler := jsonschema.NewCompiler()
	g.Expect(compiler.AddResource("profile.json", document)).To(Succeed())
	schema, err := compiler.Compile("profile.json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(profiles.Names()).To(ContainElements("up", "compose", "kazoo-4.3", "kazoo-5.0"))
	for _, name := range profiles.Names() {
		text, err := profiles.Read(name + ".yaml")
		g.Expect(err).NotTo(HaveOccurred())
		p, err := target.Read(name+".yaml", text)
		g.Expect(err).NotTo(HaveOccurred(), name)
		g.Expect(p.Name).To(Equal(name))
		asJSON, err := yaml.YAMLToJSON(text)
		g.Expect(err).NotTo(HaveOccurred(), name)
		var value any
		g.Expect(json.Unmarshal(asJSON, &value)).To(Succeed())
		g.Expect(schema.Validate(value)).To(Succeed(), name)
		if p.Expectations != "" {
			_, err := profiles.Read(p.Expectations)
			g.Expect(err).NotTo(HaveOccurred(), name)
		}
	}
}

// The stack is there to be judged: what becomes of it when connections to its broker are lost, too.
func TestTheComposedNodesMayLoseTheirConnections(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := profiles.Read("compose.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	p, err := target.Read("compose.yaml", text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Management.URL).To(Equal("http://rabbitmq:15672"))
	g.Expect(p.CheckReceiver()).To(Succeed())
}

func TestWhatIsWrongInAProfileIsToldWithItsPlaceAndTheFix(t *testing.T) {
	t.Parallel()
	const good = "name: x\nrest: http://h:8000\ncredentials: {api_key: {env: KEY}}\n"
	for text, says := range map[string][]string{
		"name: x\n":                                                    {`lacks "rest"`, `lacks "credentials"`},
		good + "amqp: http://h\n":                                      {"p.yaml:4:7", "amqp:", "write it as amqp://rabbit.example.com:5672/"},
		good + "amqp: amqp://joe:hunter2@h/\n":                         {"p.yaml:4:7", "has a password in it", "{env: NAME}"},
		good + "sokets: ws://h\n":                                      {"p.yaml:4:1", `"sokets"`, "did you mean sockets?"},
		good + "features: {bus: maybe}\n":                              {"p.yaml:4:17", "features.bus", "on", "off", "auto"},
		good + "features: {bus: on}\n":                                 {"features.bus", "names no broker"},
		good + "timeouts: {run: soon}\n":                               {"p.yaml:4:17", "timeouts.run", `"soon" is no length of time such as 30s`},
		good + "dialect: \"6.0\"\n":                                    {"dialect", "4.3"},
		good + "concurrency: 0\n":                                      {"concurrency", "1"},
		good + "compat: corrected\n":                                   {"p.yaml:4:1", "compat: is no member of a profile", "run with compat kazoo"},
		good + "may: everything\n":                                     {"may", "read-only"},
		good + "clock: {token: {env: X}}\n":                            {"clock.token", "give its URL as lab"},
		strings.Replace(good, "{env: KEY}", "hunter2hunter2", 1):       {"p.yaml:3:", "credentials.api_key"},
		strings.Replace(good, "http://h:8000", "kazoo.example.com", 1): {"p.yaml:2:7", "rest", "write it as http://kazoo.example.com:8000"},
	} {
		_, err := target.Read("p.yaml", []byte(text))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: the error does not say %q:\n%v", text, part, err)
			}
		}
	}
}

func TestWhatIsLeftOutIsFilledIn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, err := target.Read("p.yaml", []byte("name: x\nrest: http://h:8000\ncredentials: {api_key: {env: KEY}}\nfeatures: {hooks: off, bus: auto}\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Features).To(Equal(target.Features{Sockets: "auto", Bus: "auto", Hooks: "off", Switch: "auto", Pivot: "auto", Lab: "auto", Clock: "auto"}))
	g.Expect(p.Concurrency).To(Equal(8))
	g.Expect(p.RunLimit().String()).To(Equal("10m0s"))
	g.Expect(p.GroupLimit(true)).To(BeNumerically(">", p.GroupLimit(false)))
}
