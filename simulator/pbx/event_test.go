package pbx_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

const (
	account  = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	reseller = "c0ffee00c0ffee00c0ffee00c0ffee00"
)

func newSwitch(seed string) *pbx.Switch {
	at := time.Date(2024, 3, 12, 14, 24, 34, 123456789, time.UTC)
	return pbx.New(pbx.Config{Clock: clockwork.NewFakeClockAt(at), IDs: ids.Seeded(seed)})
}

func newEvent(t testing.TB, sw *pbx.Switch, name string) pbx.Event {
	t.Helper()
	call, err := sw.NewCall(name, pbx.Spec{AccountID: account, AccountRealm: "acme.sip.example.com", ResellerID: reseller})
	if err != nil {
		t.Fatal(err)
	}
	return call.Event()
}

func message(t testing.TB, e pbx.Event) kapi.Message {
	t.Helper()
	m, err := e.Message()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

// The rules of any event of any call.
func TestValuesFitOneAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(pbx.Events()).Draw(rt, "event")
		e := newEvent(t, newSwitch(rapid.String().Draw(rt, "seed")), name)
		m := message(t, e)
		obj, err := jobj.ParseObject(m.Body)
		if err != nil {
			rt.Fatal(err)
		}
		checkWire(rt, kapi.CallEvent(), obj)
		checkTimes(rt, name, obj)
		vars := obj.Object("Custom-Channel-Vars")
		if vars.String("Presence-ID") != obj.String("Presence-ID") || vars.String("Account-ID") != account {
			rt.Fatalf("variables %v", vars)
		}
		if bridge := vars.String("Bridge-ID"); bridge != "" && bridge != obj.String("Call-ID") {
			rt.Fatalf("Bridge-ID %s of call %s", bridge, obj.String("Call-ID"))
		}
		if m.Key != "call."+name+"."+kapi.EncodeKey(obj.String("Call-ID")) || m.CallID != obj.String("Call-ID") || m.Exchange != "callevt" {
			rt.Fatalf("addressed to %+v", m)
		}
		if len(e.Unknown()) > 0 {
			rt.Fatalf("fields that never reach the wire: %v", e.Unknown())
		}
	})
}

func checkTimes(t *rapid.T, name string, obj jobj.Object) {
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	at, created := number(obj.String("Msg-ID")), number(obj.String("Channel-Created-Time"))
	if created > at {
		t.Fatalf("created %d after the event %d", created, at)
	}
	if want := (at+999_999)/1_000_000 + kapi.GregorianOffset; obj.Int("Timestamp") != want {
		t.Fatalf("Timestamp %d, want %d", obj.Int("Timestamp"), want)
	}
	interaction := obj.String("Custom-Channel-Vars", "Call-Interaction-ID")
	if !regexp.MustCompile(`^\d{11}-[0-9a-f]{8}$`).MatchString(interaction) ||
		number(interaction[:11]) != created/1_000_000+kapi.GregorianOffset {
		t.Fatalf("interaction %s of a call of %d", interaction, created)
	}
	if name != kapi.ChannelDestroy {
		return
	}
	duration, billing, rang := obj.Int("Duration-Seconds"), obj.Int("Billing-Seconds"), obj.Int("Ringing-Seconds")
	if duration != (at-created)/1_000_000 || billing > duration+1 || rang+billing > duration+1 || billing < 1 {
		t.Fatalf("duration %d billing %d ringing %d", duration, billing, rang)
	}
}

func TestAnUnknownEventIsAnError(t *testing.T) {
	t.Parallel()
	_, err := newSwitch("").NewCall("CHANNEL_EXPLODE", pbx.Spec{AccountID: account})
	var unknown *pbx.UnknownEventError
	if !errors.As(err, &unknown) || unknown.Name != "CHANNEL_EXPLODE" {
		t.Fatal(err)
	}
}

func TestAGivenCallIDIsRepeatedWhereItBelongs(t *testing.T) {
	t.Parallel()
	call, err := newSwitch("").NewCall(kapi.ChannelBridge, pbx.Spec{AccountID: account, CallID: "my call"})
	if err != nil {
		t.Fatal(err)
	}
	e := call.Event()
	if e.CallID() != "my call" || e.Fields().String("Custom-Channel-Vars", "Bridge-ID") != "my call" ||
		message(t, e).Key != "call.CHANNEL_BRIDGE.my+call" {
		t.Fatalf("%v", e.Fields())
	}
}

func eventOf(t *testing.T, fields jobj.Object) pbx.Event {
	t.Helper()
	e, err := newSwitch("").EventOf(fields)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEventMadeElsewhereIsCompleted(t *testing.T) {
	t.Parallel()
	fields, err := jobj.ParseObject([]byte(`{"Event-Name":"DTMF","Call-ID":"c1","DTMF-Digit":"5","Bogus":1}`))
	if err != nil {
		t.Fatal(err)
	}
	e := eventOf(t, fields)
	want := `{"DTMF-Digit":"5","Call-ID":"c1","Node":"freeswitch@fs001.example.com","Msg-ID":"1710253474123456",` +
		`"Event-Name":"DTMF","Event-Category":"call_event","App-Version":"1.0","App-Name":"freeswitch"}`
	if got := string(message(t, e).Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if unknown := e.Unknown(); len(unknown) != 1 || unknown[0].Path != "Bogus" {
		t.Errorf("unknown fields %v", unknown)
	}
}

func TestNoMessageWithoutItsRequiredFields(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"Call-ID", "Event-Name"} {
		e := eventOf(t, newEvent(t, newSwitch(""), kapi.ChannelCreate).Fields().Delete(missing))
		var invalid *kapi.InvalidMessageError
		if _, err := e.Message(); !errors.As(err, &invalid) || invalid.Field != missing {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	e := eventOf(t, newEvent(t, newSwitch(""), kapi.ChannelCreate).Fields().Set("Call-ID", json.Number("7")))
	if _, err := e.Message(); err == nil {
		t.Error("a Call-ID that is a number went out")
	}
}

// A whole call is one: the same people, ids and times, each event at its own.
func TestAWholeCallIsOneCall(t *testing.T) {
	t.Parallel()
	var names, stamps []string
	events := newSwitch("whole").WholeCall(demo())
	for _, e := range events {
		fields := e.Fields()
		names, stamps = append(names, e.Name()), append(stamps, fields.String("Msg-ID"))
		for _, same := range []string{"Call-ID", "Caller-ID-Name", "Caller-ID-Number", "From-Tag", "Channel-Created-Time"} {
			if got, want := fields.String(same), events[0].Fields().String(same); got != want || got == "" {
				t.Errorf("%s: %s is %q, at the beginning %q", e.Name(), same, got, want)
			}
		}
	}
	if want := []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy}; !slices.Equal(names, want) {
		t.Errorf("events %v, want %v", names, want)
	}
	if !slices.IsSorted(stamps) || stamps[0] == stamps[3] {
		t.Errorf("times %v", stamps)
	}
}
