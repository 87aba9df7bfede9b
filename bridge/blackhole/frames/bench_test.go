package frames_test

import (
	"testing"

	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
)

// channelCreate is a new call as a switch tells of it.
const channelCreate = `{"To":"+14155550100@203.0.113.5","Timestamp":63877472675,"Switch-URL":"sip:mod_sofia@10.0.0.11:11000",` +
	`"Switch-URI":"sip:10.0.0.11:11000","Switch-Nodename":"freeswitch@fs001.example.com","Switch-Hostname":"fs001.example.com",` +
	`"Request":"+14155550100@203.0.113.5","Presence-ID":"+12125550199@203.0.113.20","Media-Server":"fs001.example.com",` +
	`"From-Tag":"as58f4201b","From":"+12125550199@203.0.113.20","Custom-Channel-Vars":{"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90",` +
	`"Account-Realm":"acme.sip.example.com","Authorizing-Type":"resource","Call-Interaction-ID":"63877472675-5f3a9c1e",` +
	`"Call-Interaction-Is-Root":true,"DID-Classifier":"did_us","E164-Destination":"+14155550100","E164-Origination":"+12125550199",` +
	`"Global-Resource":"true","Ignore-Display-Updates":"true","Inception":"+14155550100@203.0.113.5",` +
	`"Presence-ID":"+12125550199@203.0.113.20","Privacy-Hide-Name":false,"Privacy-Hide-Number":false,"Realm":"acme.sip.example.com",` +
	`"Reseller-ID":"c0ffee00c0ffee00c0ffee00c0ffee00","Resource-ID":"0d7f4a1be6d1bb2f6d3b6a8a92c4e511","Resource-Type":"offnet-origination"},` +
	`"Channel-State":"INIT","Channel-Name":"sofia/sipinterface_1/+12125550199@203.0.113.20","Channel-Created-Time":"1710253474103456",` +
	`"Channel-Call-State":"DOWN","Channel-Answer-State":"ringing","Caller-ID-Number":"+12125550199","Caller-ID-Name":"PAT EXAMPLE",` +
	`"Caller-Destination-Number":"+14155550100","Callee-ID-Number":"+14155550100","Call-Direction":"inbound",` +
	`"Call-ID":"7d1f03aa-2c1b-4a53@203.0.113.20","Node":"freeswitch@fs001.example.com","Msg-ID":"1710253474123456",` +
	`"Event-Name":"CHANNEL_CREATE","Event-Category":"call_event","App-Version":"1.0","App-Name":"freeswitch"}`

func BenchmarkRead(b *testing.B) {
	body := []byte(channelCreate)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (frames.Reader{}).Read(body, "call.CHANNEL_CREATE.7d1f03aa-2c1b-4a53%40203%2E0%2E113%2E20"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	e := read(b, channelCreate, "").OfCall(account)
	b.ReportAllocs()
	for b.Loop() {
		e.Frame("call.CHANNEL_CREATE.*", "call."+account+".CHANNEL_CREATE.*", "")
	}
}
