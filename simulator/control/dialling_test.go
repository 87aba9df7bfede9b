package control_test

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// diallings are the courses of legs that are placed for one, and of conferences.
func diallings() map[string]course {
	return map[string]course{
		"the carrier's leg is answered": {does: []string{"answer", offer + `"To-DID":"+14155550188"}`}, rings: answers, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			A CHANNEL_UNBRIDGE
			B CHANNEL_DESTROY NORMAL_CLEARING sip:200
			A done bridge NORMAL_CLEARING
			-> q1 offnet_resp SUCCESS sip:200`},
		"the carrier's leg is busy, and the caller stays": {
			does: []string{"answer", offer + `"To-DID":"+14155550188"}`, queue}, rings: refuses, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY
			-> q1 offnet_resp USER_BUSY sip:486
			A hears tts Press one for sales now, two for all others..
			A heard tts: done
			A done tts NONE
			A done noop N1`,
		},
		"nobody answers at the carrier's": {does: []string{offer + `"To-DID":"+14155550188"}`}, untimed: true, becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_DESTROY NO_ANSWER sip:480
			A done bridge NO_ANSWER
			-> q1 offnet_resp NO_ANSWER sip:480`},
		"the caller gives up while it rings": {does: []string{"answer", offer + `"To-DID":"+14155550188"}`, "3s hangup"}, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS_MEDIA
			A CHANNEL_DESTROY NORMAL_CLEARING sip:200
			B CHANNEL_DESTROY ORIGINATOR_CANCEL sip:487`},
		"there is no way to a number": {does: []string{"answer", offer + `"To-DID":"1001"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 -> q1 offnet_resp NO_ROUTE_DESTINATION sip:404`},
		"an endpoint by its id": {
			does: []string{`{"Application-Name":"bridge","Timeout":20,"Endpoints":[{"Invite-Format":"endpoint","Endpoint-ID":"user1002"}]}`}, rings: refuses, untimed: true,
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY`,
		},
		"endpoints in turn": {
			does: []string{`{"Application-Name":"bridge","Timeout":60,"Dial-Endpoint-Method":"single","Endpoints":[
				{"Invite-Format":"endpoint","Endpoint-ID":"user1001","Endpoint-Timeout":10},{"Invite-Format":"loopback","Route":"9"},
				{"Invite-Format":"endpoint","Endpoint-ID":"user1002","Endpoint-Timeout":"10"}]}`}, untimed: true,
			rings: func(d *desk, leg *pbx.Channel) {
				if d.leg(leg.CallID()) != "B" {
					answers(d, leg)
				}
			},
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY NO_ANSWER sip:480
			C CHANNEL_CREATE
			A LEG_CREATED (C)
			D CHANNEL_CREATE
			D CHANNEL_DESTROY NO_ROUTE_DESTINATION sip:404
			C CHANNEL_DESTROY NO_ROUTE_DESTINATION sip:404
			E CHANNEL_CREATE
			A LEG_CREATED (E)
			E CHANNEL_PROGRESS
			E CHANNEL_ANSWER
			A CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			A CHANNEL_UNBRIDGE
			E CHANNEL_DESTROY NORMAL_CLEARING sip:200
			A done bridge NORMAL_CLEARING`,
		},
		"endpoints in turn, of whom nobody answers": {
			does: []string{`{"Application-Name":"bridge","Timeout":60,"Dial-Endpoint-Method":"single","Endpoints":[
				{"Invite-Format":"endpoint","Endpoint-ID":"user1001"},{"Invite-Format":"endpoint","Endpoint-ID":"user1002"}]}`},
			untimed: true, rings: refuses, becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY USER_BUSY sip:486
			C CHANNEL_CREATE
			A LEG_CREATED (C)
			C CHANNEL_PROGRESS
			C CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY`,
		},
		"an endpoint that rings later": {
			does: []string{`{"Application-Name":"bridge","Timeout":60,"Endpoints":[
				{"Invite-Format":"endpoint","Endpoint-ID":"user1001"},{"Invite-Format":"endpoint","Endpoint-ID":"user1002","Endpoint-Delay":10}]}`},
			untimed: true, rings: refuses, becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY USER_BUSY sip:486
			C CHANNEL_CREATE
			A LEG_CREATED (C)
			C CHANNEL_PROGRESS
			C CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY`,
		},
		"the time is up before an endpoint rings that is to ring later": {
			does: []string{`{"Application-Name":"bridge","Timeout":5,"Endpoints":[
				{"Invite-Format":"endpoint","Endpoint-ID":"user1001"},{"Invite-Format":"endpoint","Endpoint-ID":"user1002","Endpoint-Delay":10}]}`},
			untimed: true, becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY NO_ANSWER sip:480
			A done bridge NO_ANSWER`,
		},
		"a call that was given away obeys": {
			does: []string{
				"answer", `{"Application-Name":"bridge","Endpoints":[{"Invite-Format":"endpoint","Endpoint-ID":"user1001"}]}`,
				`9s {"Application-Name":"noop","Msg-ID":"N"}`, "15s hangup",
			}, untimed: true,
			rings: func(d *desk, leg *pbx.Channel) {
				if d.leg(leg.CallID()) == "B" {
					d.board.Answer(leg, nil)
					d.line.After(3*time.Second, func() { d.board.Transfer(leg, "1002", nil) })
				}
			},
			becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			B CHANNEL_TRANSFEROR
			A CHANNEL_TRANSFEREE
			A CHANNEL_UNBRIDGE
			B CHANNEL_DESTROY BLIND_TRANSFER
			C CHANNEL_CREATE
			C CHANNEL_PROGRESS
			A done noop N
			A CHANNEL_DESTROY NORMAL_CLEARING sip:200
			C CHANNEL_DESTROY ORIGINATOR_CANCEL sip:487`,
		},
		"only the other leg is hung up": {
			does: []string{offer + `"To-DID":"+14155550188"}`, `3s {"Application-Name":"hangup","Insert-At":"now","Other-Leg-Only":true}`}, untimed: true,
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_DESTROY NO_ANSWER sip:480
			A done bridge NO_ANSWER
			-> q1 offnet_resp NO_ANSWER sip:480`,
		},
		"a SIP address": {
			does: []string{`{"Application-Name":"bridge","Timeout":20,"Endpoints":[{"Invite-Format":"route","Route":"sip:bob@example.net","To-DID":"bob"}]}`}, rings: answers, untimed: true,
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED (B)
			B CHANNEL_PROGRESS
			B CHANNEL_ANSWER
			A CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			A CHANNEL_UNBRIDGE
			B CHANNEL_DESTROY NORMAL_CLEARING sip:200
			A done bridge NORMAL_CLEARING`,
		},
		"a conference, and out of it by park": {
			does: []string{
				`conference conference.discovery {"Event-Name":"discovery_req","Conference-ID":"room","Moderator":true,"Call":{"Call-ID":"a@203.0.113.20"},
					"Conference-Doc":{"name":"room","id":"room","moderator":{"join_muted":true}}}`,
				"5s press 1", `9s {"Application-Name":"park","Insert-At":"now"}`, `10s {"Application-Name":"noop","Msg-ID":"N"}`,
			}, untimed: true,
			becomes: `
			A CHANNEL_ANSWER
			conference-create
			add-member
			del-member
			conference-destroy
			A done conference NONE
			A done noop N`,
		},
		"a conference, and out of it by the caller's end": {
			does: []string{
				`conference conference.discovery {"Event-Name":"discovery_req","Conference-ID":"room","Call":{"Call-ID":"a@203.0.113.20"}}`,
				"2s " + queue, "9s hangup",
			}, untimed: true,
			becomes: `
			A CHANNEL_ANSWER
			conference-create
			add-member
			del-member
			conference-destroy
			A done conference NONE
			A CHANNEL_DESTROY NORMAL_CLEARING sip:200`,
		},
	}
}
