package blackhole_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// tenants is a random tree with sockets of random accounts.
type tenants struct {
	accounts []account.Account
	sockets  []*client
}

type client struct {
	*socket
	account account.Account
	// wanted are the accounts that it has asked for with success.
	wanted []string
}

func (c *client) maySee(owner account.Account) bool {
	return c.account.Superduper || c.account.ID == owner.ID || slices.Contains(owner.Tree, c.account.ID)
}

func drawTree(t *rapid.T) []account.Account {
	all := []account.Account{{ID: fmt.Sprintf("%032d", 1), Superduper: true, Realm: "r1.test"}}
	for i := 2; i <= rapid.IntRange(2, 8).Draw(t, "accounts"); i++ {
		parent := rapid.SampledFrom(all).Draw(t, "parent")
		all = append(all, account.Account{
			ID: fmt.Sprintf("%032d", i), Realm: fmt.Sprintf("r%d.test", i), Tree: append(slices.Clone(parent.Tree), parent.ID),
			Superduper: i == 8,
		})
	}
	return all
}

// family is a kind of binding, and an event of an account's that it is for.
type family struct {
	binding string
	event   func(owner account.Account, n int) blackhole.Message
}

func families(at string) []family {
	message := func(exchange, key, category, name, more string) blackhole.Message {
		return blackhole.Message{Exchange: exchange, RoutingKey: key, Body: []byte(`{"Event-Category":"` + category + `","Event-Name":"` + name + `"` + more + `}`)}
	}
	object := func(db func(owner account.Account) string, kind string) func(account.Account, int) blackhole.Message {
		return func(owner account.Account, n int) blackhole.Message {
			return message(kapi.ExchangeConfiguration, fmt.Sprintf("doc_created.%s.%s.d%d", db(owner), kind, n), "configuration", "doc_created",
				fmt.Sprintf(`,"ID":"d%d","Account-ID":%q`, n, owner.ID))
		}
	}
	base := func(owner account.Account) string { return kapi.AccountDB(owner.ID) }
	month := func(owner account.Account) string { return kapi.AccountDB(owner.ID) + "-" + at }
	created := func(owner account.Account, n int) blackhole.Message {
		return call(kapi.ChannelCreate, fmt.Sprint("c", n), owner.ID)
	}
	return []family{
		{"call.*.*", created},
		{"call.CHANNEL_CREATE.*", created},
		{"call.#.*", created},
		{"object.*.*", object(base, "user")},
		{"object.doc_created.user", object(base, "user")},
		{"object.*.fax", object(month, "fax")},
		{"fax.status.*", func(owner account.Account, n int) blackhole.Message {
			return message(kapi.ExchangeFaxes, fmt.Sprintf("fax.status.%s.f%d", owner.ID, n), "fax", "status", fmt.Sprintf(`,"Account-ID":%q,"Job-ID":"f%d"`, owner.ID, n))
		}},
		{"conference.event.room.*", func(owner account.Account, n int) blackhole.Message {
			return message(kapi.ExchangeConference, fmt.Sprintf("conference.event.add-member.%s.room.c%d", owner.ID, n), "conference", "event", fmt.Sprintf(`,"Account-ID":%q`, owner.ID))
		}},
		{"conference.command.room", func(owner account.Account, _ int) blackhole.Message {
			return message(kapi.ExchangeConference, "conference.command.room", "conference", "command", fmt.Sprintf(`,"Account-ID":%q`, owner.ID))
		}},
		{"presence.dialog.*", func(owner account.Account, n int) blackhole.Message {
			return message(kapi.ExchangePresence, fmt.Sprintf("dialog.%s.c%d", kapi.EncodeKey(owner.Realm), n), "presence", "dialog", "")
		}},
		{"notifications.voicemail.*", func(owner account.Account, _ int) blackhole.Message {
			return message(kapi.ExchangeNotifications, "notifications.voicemail.new", "notification", "voicemail_new", fmt.Sprintf(`,"Account-ID":%q`, owner.ID))
		}},
	}
}

// Whatever the tree, whoever asks for whatever: a socket gets no event that its account
// may not see, and, of what it has asked for, each that it may.
func TestNoSocketSeesAnothersEvents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		world := tenants{accounts: drawTree(rt)}
		r.accounts.Replace(world.accounts, nil)
		kinds := families(r.clock.Now().Format("200601"))
		for range rapid.IntRange(1, 5).Draw(rt, "sockets") {
			caller := rapid.SampledFrom(world.accounts).Draw(rt, "caller")
			c := &client{socket: r.dial(t), account: caller}
			world.sockets = append(world.sockets, c)
			for range rapid.IntRange(1, 4).Draw(rt, "commands") {
				asked := rapid.SampledFrom(append([]string{"*", "#", "x"}, idsOf(world.accounts)...)).Draw(rt, "account")
				kind := rapid.SampledFrom(kinds).Draw(rt, "family")
				answer := c.ask(subscribe(caller.ID, asked, kind.binding, ""))
				target, known := r.accounts.Get(asked)
				allowed := asked == "*" && caller.Superduper || known && c.maySee(target)
				if ok := strings.Contains(answer, `"success"`); ok && !allowed {
					rt.Fatalf("%s was allowed %s of %s", caller.ID, kind.binding, asked)
				} else if ok {
					c.wanted = append(c.wanted, asked+" "+kind.binding)
				}
			}
		}
		for n := range rapid.IntRange(1, 10).Draw(rt, "events") {
			owner := rapid.SampledFrom(world.accounts).Draw(rt, "owner")
			kind := rapid.SampledFrom(kinds).Draw(rt, "kind of event")
			r.Handle(kind.event(owner, n))
			for _, c := range world.sockets {
				c.checkFrames(rt, kind, owner)
			}
		}
		for _, c := range world.sockets {
			_ = c.Close()
		}
	})
}

// checkFrames reads what the socket got of one event.
func (c *client) checkFrames(rt *rapid.T, kind family, owner account.Account) {
	got := 0
	text := c.ask(`{"action":"ping","request_id":"fence","auth_token":"tok-` + c.account.ID + `"}`)
	for ; !strings.Contains(text, `"fence"`); text = c.next() {
		got++
		if !c.maySee(owner) {
			rt.Fatalf("%s got an event of %s: %s", c.account.ID, owner.ID, text)
		}
		key := gjson.Get(text, "subscribed_key").Str
		if !slices.Contains(c.wanted, owner.ID+" "+key) && !slices.Contains(c.wanted, "* "+key) && !strings.HasPrefix(key, "dialog") {
			rt.Fatalf("%s got an event of %s that it did not ask for: %s", c.account.ID, owner.ID, text)
		}
	}
	if slices.Contains(c.wanted, owner.ID+" "+kind.binding) && got == 0 {
		rt.Fatalf("%s did not get %s of %s", c.account.ID, kind.binding, owner.ID)
	}
}

func idsOf(accounts []account.Account) []string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.ID)
	}
	return all
}
