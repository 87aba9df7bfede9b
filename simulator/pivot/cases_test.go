package pivot_test

import "encoding/json"

func jsonInt(n int) json.Number { return json.Number(itoa(n)) }

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func promptCases() []verbCase {
	return []verbCase{
		{"Say", `<Say>hello</Say>`, ""},
		{"Say, voice", `<Say voice="woman">hello</Say>`, ""},
		{"Say, a voice that is none", `<Say voice="alice">hello</Say>`, ""},
		{"Say, language", `<Say language="en-gb">hello</Say>`, ""},
		{"Say, a language that is none", `<Say language="pt">hello</Say>`, ""},
		{"Say, engine", `<Say engine="google">hello</Say>`, ""},
		{"Say, loop", `<Say loop="2">hello</Say>`, ""},
		{"Say, loop below 0", `<Say loop="-1">hello</Say>`, "tts: noop; tts: hangup NORMAL_CLEARING"},
		{"Say, endless, until the caller hangs up", `<Say loop="0">hello</Say>`, "tts: noop; tts: hangup NORMAL_CLEARING"},
		{"Say, terminators", `<Say terminators="1#">hello</Say>`, ""},
		{"Say, no terminators", `<Say terminators="">hello</Say>`, ""},
		{"Say without a text", `<Say> </Say><Say>next</Say>`, ""},
		{"Say, an attribute that there is not", `<Say voise="man">hello</Say>`, ""},
		{"Say, keys pressed meanwhile", `<Say>hello</Say><Redirect>/n</Redirect>`, "tts: press 1, press 2, noop"},
		{"Say, the switch forgets the call", `<Say>hello</Say>`, "tts: other"},
		{"Play", `<Play>http://h.test/a.mp3</Play>`, ""},
		{"Play, loop", `<Play loop="2">m</Play>`, ""},
		{"Play, terminators", `<Play terminators="9*1">m</Play>`, ""},
		{"Play, no terminators", `<Play terminators="">m</Play>`, ""},
		{"Play without media", `<Play/><Say>never</Say>`, ""},
	}
}

func gatherCases() []verbCase {
	const say = `<Say>enter</Say>`
	return []verbCase{
		{"Gather, numDigits reached", `<Gather numDigits="2" action="/g">` + say + `</Gather>`, "tts: press 4, press 2"},
		{"Gather, the finish key", `<Gather action="/g">` + say + `</Gather>`, "tts: noop, press 4, press #"},
		{"Gather, finishOnKey", `<Gather finishOnKey="*" action="/g">` + say + `</Gather>`, "tts: noop, press 4, press *"},
		{"Gather, no finishOnKey", `<Gather finishOnKey="" numDigits="2" action="/g">` + say + `</Gather>`, "tts: noop, press 4, press #"},
		{"Gather, a finishOnKey that is none", `<Gather finishOnKey="ab" action="/g">` + say + `</Gather>`, "tts: noop, press 4, press #"},
		{"Gather, timeout after digits", `<Gather timeout="2" action="/g">` + say + `</Gather>`, "tts: noop, press 4"},
		{"Gather, nothing pressed", `<Gather timeout="2" action="/g">` + say + `</Gather><Say>bye</Say>`, ""},
		{"Gather, timeout out of range", `<Gather timeout="0" action="/g">` + say + `</Gather><Say>bye</Say>`, ""},
		{"Gather, numDigits out of range", `<Gather numDigits="0" action="/g">` + say + `</Gather>`, "tts: noop, press 1, press #"},
		{"Gather, method", `<Gather numDigits="1" method="get" action="/g">` + say + `</Gather>`, "tts: press 1"},
		{"Gather, a method that is none", `<Gather numDigits="1" method="put" action="/g">` + say + `</Gather>`, "tts: press 1"},
		{"Gather without action", `<Gather numDigits="1">` + say + `</Gather>`, "tts: press 1"},
		{"Gather, the caller hangs up", `<Gather action="/g">` + say + `</Gather>`, "tts: hangup NORMAL_CLEARING"},
		{"Gather, a key without a digit", `<Gather action="/g">` + say + `</Gather><Say>bye</Say>`, "tts: noop, press"},
		{"Gather without content", `<Gather numDigits="1" action="/g"/>`, "answer: press 1"},
		{"Gather without content, nothing pressed", `<Gather timeout="1" action="/g"/><Say>bye</Say>`, ""},
		{"Gather without content, digits from before", `<Say>a</Say><Gather numDigits="2" action="/g"/>`, "tts: press 1, press 2, noop"},
		{"Gather, a Redirect within", `<Gather timeout="1" action="/g"><Redirect>/z</Redirect></Gather><Say>bye</Say>`, ""},
		{"Gather, a Pause within", `<Gather timeout="1" action="/g"><Pause length="3"/></Gather><Say>bye</Say>`, ""},
		{"Gather, an unknown verb within", `<Gather timeout="1" action="/g"><Speak>x</Speak></Gather><Say>bye</Say>`, ""},
	}
}

func otherCases() []verbCase {
	return []verbCase{
		{"Pause", `<Pause/><Say>a</Say>`, ""},
		{"Pause, length", `<Pause length="3"/>`, ""},
		{"Pause, length out of range", `<Pause length="0"/>`, ""},
		{"Pause, keys pressed meanwhile", `<Pause length="2"/><Say>a</Say><Redirect>/n</Redirect>`, "answer: press 7"},
		{"Pause with content", `<Pause> </Pause><Say>never</Say>`, ""},
		{"Redirect", `<Redirect>/next</Redirect><Say>never</Say>`, ""},
		{"Redirect, method", `<Redirect method="GET">next.php</Redirect>`, ""},
		{"Redirect without a text", `<Redirect/>`, ""},
		{"Redirect, a Variable within", `<Redirect>/n<Variable key="k" value="v"/></Redirect>`, ""},
		{"Redirect, beyond the root", `<Redirect>../../x</Redirect>`, ""},
		{"Set", `<Set><Variable key="k" value="v"/></Set><Redirect>/n</Redirect>`, ""},
		{"Set, two Variables", `<Set><Variable key="k" value="v"/><Variable key="l" value="w"/></Set><Redirect>/n</Redirect>`, ""},
		{"Set without a Variable", `<Set/><Redirect>/n</Redirect>`, ""},
		{"Set, a Variable without a value", `<Set><Variable key="k"/></Set><Redirect>/n</Redirect>`, ""},
		{"Set, digits are frozen", `<Say>a</Say><Set><Variable key="k" value="v"/></Set><Gather timeout="1"> </Gather><Redirect>/n</Redirect>`, "tts: press 5, noop"},
		{"Hangup", `<Hangup/><Say>never</Say>`, ""},
		{"Hangup with an attribute", `<Hangup cause="x"/>`, ""},
		{"Reject", `<Reject/><Say>never</Say>`, ""},
		{"Reject, reason", `<Reject reason="busy"/>`, ""},
		{"Reject, a reason that is none", `<Reject reason="no"/>`, ""},
		{"Reject, prompt", `<Reject prompt="http://h.test/no.mp3"/>`, ""},
		{"Record", `<Record action="/r"/>`, "record: stop 3500 5"},
		{"Record, the caller hangs up", `<Record action="/r"/>`, "record: hangup NORMAL_CLEARING"},
		{"Record, silence only", `<Record action="/r"/><Say>nothing</Say>`, "record: stop 5000 silence"},
		{"Record, timeout and maxLength", `<Record timeout="3" maxLength="60" action="/r"/>`, "record: stop 1000 #"},
		{"Record, maxLength out of range", `<Record maxLength="9999" action="/r"/>`, "record: stop 1000 #"},
		{"Record, finishOnKey", `<Record finishOnKey="12" action="/r"/>`, "record: stop 1000 1"},
		{"Record, no beep", `<Record playBeep="false" action="/r"/>`, "record: stop 1000 #"},
		{"Record, recordingUrl", `<Record recordingUrl="http://h.test/up" action="/r"/>`, "record: stop 1000 #"},
		{"Record, an empty recordingUrl", `<Record recordingUrl="" action="/r"/>`, "record: stop 1000 #"},
		{"Record without action", `<Record method="get"/>`, "record: stop 1000 #"},
		{"A verb that there is not", `<Enqueue>q</Enqueue><Say>never</Say>`, ""},
		{"A verb spelt wrongly", `<say>a</say>`, ""},
	}
}

func dialCases() []verbCase {
	const answered = "resource/offnet_req: leg, bridge, complete bridge NORMAL_CLEARING"
	const bridged = "bridge: leg, bridge, complete bridge NORMAL_CLEARING"
	return []verbCase{
		{"Dial a number", `<Dial>4158867900</Dial><Say>after</Say>`, "resource/offnet_req: resp NO_ANSWER"},
		{"Dial Number", `<Dial><Number>1001</Number></Dial>`, "resource/offnet_req: resp USER_BUSY"},
		{"Dial Number without a digit", `<Dial><Number>abc</Number></Dial><Say>after</Say>`, ""},
		{"Dial, action", `<Dial action="/d">1001</Dial>`, answered},
		{"Dial, method", `<Dial action="/d" method="get">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, callerId", `<Dial callerId="+18005551212" action="/d">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, nobody answers in time", `<Dial timeout="3" action="/d">1001</Dial>`, "resource/offnet_req: leg"},
		{"Dial, timeLimit", `<Dial timeLimit="2" action="/d">1001</Dial>`, "resource/offnet_req: leg, bridge"},
		{"Dial, timeLimit 0", `<Dial timeLimit="0">1001</Dial>`, "resource/offnet_req: leg, bridge"},
		{"Dial, record", `<Dial record="true" action="/d">1001</Dial>`, answered},
		{"Dial, hangupOn", `<Dial record="true" hangupOn="*" action="/d">1001</Dial>`, "resource/offnet_req: leg, bridge, press 1, press *"},
		{"Dial, hangupOn without record", `<Dial hangupOn="*">1001</Dial>`, "resource/offnet_req: leg, bridge, press *"},
		{"Dial, hangupOnStar", `<Dial hangupOnStar="true">1001</Dial>`, answered},
		{"Dial, continueOnFail", `<Dial continueOnFail="false">1001</Dial>`, "resource/offnet_req: resp NO_ANSWER"},
		{"Dial, collect_dtmf", `<Dial collect_dtmf="true" action="/d">1001</Dial>`, "resource/offnet_req: leg, bridge, press 1, press 2, resp SUCCESS"},
		{"Dial, the caller hangs up", `<Dial action="/d">1001</Dial>`, "resource/offnet_req: leg, hangup ORIGINATOR_CANCEL"},
		{"Dial, parked", `<Dial action="/d">1001</Dial>`, "resource/offnet_req: leg, park"},
		{"Dial Device", `<Dial action="/d"><Device>dev-a</Device></Dial>`, bridged},
		{"Dial User", `<Dial timeout="7"><User>user-a</User></Dial>`, "bridge: complete bridge USER_BUSY"},
		{"Dial a device that is disabled, and one that there is not", `<Dial><Device>dev-off</Device><Device>x</Device></Dial><Say>never</Say>`, ""},
		{"Dial Sip", `<Dial><Sip>sip:bob@h.test:5070</Sip></Dial>`, bridged},
		{"Dial several, in reverse order", `<Dial><Device>dev-a</Device><User>user-a</User></Dial>`, bridged},
		{"Dial two Numbers", `<Dial><Number>1001</Number><Number>1002</Number></Dial>`, bridged},
		{"Dial, strategy", `<Dial strategy="single"><Device>dev-a</Device></Dial>`, bridged},
		{"Dial Queue", `<Dial><Queue>q</Queue></Dial><Say>never</Say>`, ""},
		{"Dial nobody", `<Dial/><Say>never</Say>`, ""},
		{"Dial, a comment first", `<Dial><!-- ring --><Device>dev-a</Device></Dial>`, bridged},
		{"Dial twice", `<Dial>1001</Dial><Dial action="/d">1002</Dial>`, "resource/offnet_req: leg, bridge, resp SUCCESS; resource/offnet_req: complete bridge USER_BUSY"},
	}
}

func conferenceCases() []verbCase {
	const joins = "conference/discovery_req: execute conference, complete conference SUCCESS"
	room := func(attrs string) string { return "<Dial><Conference " + attrs + ">room</Conference></Dial>" }
	return []verbCase{
		{"Conference", room(""), joins},
		{"Conference, startConferenceOnEnter", room(`startConferenceOnEnter="false"`), joins},
		{"Conference, a moderator", room(`startConferenceOnEnter="true" muted="true" deaf="true" play_name="true" play_entry_prompt="false"`), joins},
		{"Conference, beep", room(`beep="false"`), joins},
		{"Conference, maxParticipants", room(`maxParticipants="3"`), joins},
		{"Conference, maxParticipants out of range", room(`maxParticipants="99"`), joins},
		{"Conference, endConferenceOnExit", room(`endConferenceOnExit="true"`), joins},
		{"Conference, waitUrl", room(`waitUrl="http://h.test/moh"`), joins},
		{"Conference, the profile", room(`announceCount="3" callerControls="c" moderatorControls="m" callerIdName="n" callerIdNumber="1" comfortNoise="1" energyLevel="2" interval="10" rate="8000" engine="e" voice="woman"`), joins},
		{"Conference, action", `<Dial action="/c"><Conference>room</Conference></Dial>`, joins},
		{"Conference, nobody lets in", `<Dial timeout="2"><Conference>room</Conference></Dial>`, ""},
		{"Conference, timeLimit", `<Dial timeLimit="2"><Conference>room</Conference></Dial>`, "conference/discovery_req: execute conference"},
		{"Conference, the caller hangs up", room(""), "conference/discovery_req: execute conference, hangup NORMAL_CLEARING"},
		{"Conference, hangupOn", `<Dial hangupOn="9"><Conference>room</Conference></Dial>`, "conference/discovery_req: execute conference, press 1, press 9"},
	}
}

// oddCases are values that hardly anybody writes, and what they count for.
func oddCases() []verbCase {
	const set = `<Redirect>/n</Redirect>`
	return []verbCase{
		{"An attribute beyond Latin-1 counts as absent", `<Say engine="王" language="王" terminators="王1">a</Say>`, ""},
		{"A Variable's value beyond Latin-1 removes it", `<Set><Variable key="a" value="1"/></Set><Set><Variable key="a" value="王"/></Set>` + set, ""},
		{"A value of Latin-1", `<Set><Variable key="a" value="ü"/></Set>` + set, ""},
		{"A comma in a number", `<Pause length="1,5"/><Play loop="1,5">m</Play>`, ""},
		{"Reject with a prompt of nothing", `<Reject prompt=""/>`, ""},
		{"Say, a completion that names no application", `<Say>a</Say>` + set, "tts: complete - $noop"},
		{"Say, a key without a digit", `<Say>a</Say>` + set, "tts: press, noop"},
		{"Record, a recordingUrl that counts for nothing", `<Record recordingUrl="0" playBeep="false"/>`, "record: stop 2000"},
		{"Dial, an empty callerId", `<Dial callerId="" action="/d">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, a callerId that counts for nothing", `<Dial callerId="0" action="/d">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, a callerId beyond Latin-1", `<Dial callerId="王">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, the number 0", `<Dial>0</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, a timeLimit beyond any timer", `<Dial timeLimit="4294968">1001</Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, an instruction first", `<Dial><?p?><Number>1001</Number></Dial>`, "resource/offnet_req: resp SUCCESS"},
		{"Dial, CDATA alone", `<Dial><![CDATA[1001]]></Dial>`, ""},
		{"Dial, Queue with a method that is none", `<Dial><Queue method="put">q</Queue></Dial>`, ""},
		{"Conference, the caller's number in its request", `<Dial callerId="77"><Conference>room</Conference></Dial>`, "conference/discovery_req: hangup X"},
		{"Dial, the device that calls", `<Dial><Device>dev-1</Device></Dial>`, ""},
		{"Dial, the caller's ids of an owner come first", `<Dial><Device>dev-c</Device></Dial>`, "bridge: hangup X"},
		{"CDATA after an element", `<Say><b/>a<![CDATA[b]]>c</Say>`, ""},
	}
}
