package crossbar_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// tracking is the sockets of a transcript as a node keeps them.
type tracking struct {
	world   *world
	names   *names // what names in angle brackets stand for
	sockets []*tracked
}

type tracked struct {
	name, id, account string
	public            jobj.Object
}

// play does what a row says about sockets. ok is false for other rows.
func (s *tracking) play(row vectortest.Record) (ok bool) {
	event := row.String("event")
	if m := regexp.MustCompile(`^sockets? ([a-z, ]+) opened$`).FindStringSubmatch(event); m != nil {
		for name := range strings.FieldsFuncSeq(strings.ReplaceAll(m[1], " and ", ","), func(c rune) bool { return c == ',' || c == ' ' }) {
			s.open(name)
		}
		return true
	}
	if m := regexp.MustCompile(`^socket ([a-z]) sends and gets an answer$`).FindStringSubmatch(event); m != nil {
		s.command(m[1], row.Object.Object("sent"), row.Object.Object("received"))
		return true
	}
	if m := regexp.MustCompile(`^(?:all sockets|sockets? ([a-z])) closed$`).FindStringSubmatch(event); m != nil {
		s.sockets = slices.DeleteFunc(s.sockets, func(one *tracked) bool { return m[1] == "" || one.name == m[1] })
		return true
	}
	return false
}

func (s *tracking) open(name string) {
	id := fmt.Sprintf("127.0.0.1:%d", 50000+len(*s.names))
	(*s.names)["<socket-"+name+">"] = id
	(*s.names)["<socket-"+name+"-with-%3A>"] = url.QueryEscape(id)
	s.sockets = append(s.sockets, &tracked{name: name, id: id, public: jobj.Object{
		{Key: "bindings", Value: []any{}}, {Key: "websocket_session_id", Value: id},
		{Key: "timestamp", Value: kapi.Gregorian(s.world.clock.Now())},
		{Key: "destination", Value: "127.0.0.1"}, {Key: "source", Value: "127.0.0.1"},
	}})
}

// command does to a socket what its answer says: one that failed does nothing.
func (s *tracking) command(name string, sent, received jobj.Object) {
	for _, one := range s.sockets {
		if one.name != name || received.String("status") != "success" {
			continue
		}
		if one.account == "" {
			for _, p := range people() {
				if sent.String("auth_token") == "<token:"+p.name+">" || sent.String("auth_token") == "<token:api:"+p.name+">" {
					one.account = p.account
				}
			}
		}
		one.public = one.public.Delete("name", "metadata")
		for _, key := range []string{"name", "metadata"} {
			if value, ok := sent.Get(key); ok {
				one.public = one.public.Set(key, value)
			}
		}
		if bindings, ok := received.Get("data", "subscribed"); ok {
			one.public = one.public.Set("bindings", bindings)
		}
	}
}

// answer is what a node answers: by id whatever it is, else those of the two accounts,
// the asker's own first.
func (s *tracking) answer(message jobj.Object) []jobj.Object {
	if message.String("Event-Name") != kapi.SocketsRequest().Name {
		return nil
	}
	found := []any{}
	add := func(wanted func(*tracked) bool) {
		for _, one := range s.sockets {
			if wanted(one) {
				found = append(found, one.public.Set("account_id", one.account).Set("Auth-Token-Digest", "0"))
			}
		}
	}
	if id := message.String("Socket-ID"); id != "" {
		add(func(one *tracked) bool { return one.id == id })
		if len(found) == 1 {
			return []jobj.Object{{{Key: "Data", Value: found[0]}}}
		}
		return []jobj.Object{{{Key: "Data", Value: []any{}}}}
	}
	own, asked := message.String("Auth-Account-ID"), message.String("Account-ID")
	add(func(one *tracked) bool { return one.account == own })
	add(func(one *tracked) bool { return one.account == asked && asked != own })
	return []jobj.Object{{{Key: "Data", Value: found}}}
}

// foreign says whether a path names a socket that is not of the path's account.
func (s *tracking) foreign(path string) bool {
	parts := strings.Split((*s.names).fill(path), "/")
	if len(parts) != 6 || parts[4] != "websockets" {
		return false
	}
	id, err := url.PathUnescape(parts[5])
	return err == nil && slices.ContainsFunc(s.sockets, func(one *tracked) bool { return one.id == id && one.account != parts[3] })
}

// mixed says whether a recorded list shows sockets of another account than the path's.
func (s *tracking) mixed(record vectortest.Record) bool {
	shown, _ := record.Get("response", "json", "data")
	list, _ := shown.([]any)
	return len(list) > len(s.ofPath(record, list))
}

// unmixed is a record of a list without those sockets.
func (s *tracking) unmixed(record vectortest.Record) jobj.Object {
	response := record.Object.Object("response")
	json := response.Object("json")
	shown, _ := json.Get("data")
	list, _ := shown.([]any)
	return record.Set("response", response.Set("json", json.Set("data", s.ofPath(record, list))))
}

// ofPath are the sockets of a list that are of the path's account.
func (s *tracking) ofPath(record vectortest.Record, list []any) []any {
	parts := strings.Split(record.String("request", "path"), "/")
	if len(parts) != 5 || parts[4] != "websockets" {
		return list
	}
	own := []any{}
	for _, element := range list {
		socket, _ := element.(jobj.Object)
		name := socket.String("websocket_session_id")
		if slices.ContainsFunc(s.sockets, func(one *tracked) bool { return "<socket-"+one.name+">" == name && one.account == parts[3] }) {
			own = append(own, element)
		}
	}
	return own
}

// heard takes what REST said to switches and other nodes out of the record; the error
// says what it said besides.
func (s *stage) heard(record vectortest.Record) (vectortest.Record, error) {
	recorded, _ := record.Get("bus")
	left := slices.Clone(recorded.([]any))
	for _, m := range s.bus.take() {
		payload, err := jobj.ParseObject(m.Body)
		if err != nil {
			return record, err
		}
		message := jobj.Object{{Key: "exchange", Value: m.Exchange}, {Key: "routing_key", Value: m.Key}, {Key: "payload", Value: payload}}
		at := slices.IndexFunc(left, func(one any) bool {
			trial := s.names.clone()
			if err = trial.json("bus", one, message, func(string) bool { return false }); err != nil {
				return false
			}
			s.names = trial
			return true
		})
		if at < 0 {
			return record, fmt.Errorf("bus has too much: %s (%w)", show(message), err)
		}
		left = slices.Delete(left, at, at+1)
	}
	rest := record
	rest.Object = record.Set("bus", left)
	return rest, nil
}

// agreesWith compares an answer with a changed record.
func (s *stage) agreesWith(record jobj.Object, got response, changes []kapi.DocChange) bool {
	trial := s.names.clone()
	if trial.response(vectortest.Record{Object: record}, got, changes) != nil {
		return false
	}
	s.names = trial
	return true
}
