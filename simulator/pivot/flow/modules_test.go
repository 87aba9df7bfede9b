package flow_test

import (
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Every module with no more data than it needs, and the data that a flow gets of it.
func TestEveryModuleHasItsDefaults(t *testing.T) {
	c := checker(t, nil)
	modules := c.Modules()
	for _, test := range []struct{ module, given, filled string }{
		{"acdc_agent", `{}`, `{}`},
		{"acdc_member", `{}`, `{}`},
		{"acdc_queue", `{}`, `{}`},
		{"acdc_wait_time", `{}`, `{}`},
		{"after_bridge", `{}`, `{}`},
		{"answer", `{}`, `{}`},
		{"audio_macro", `{"macros":[{"macro":"tts","text":"x"}]}`, `{"macros":[{"macro":"tts","text":"x","terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],"voice":"female"}],` +
			`"terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]}`},
		{"branch_bnumber", `{}`, `{"hunt":false}`},
		{"branch_variable", `{}`, `{"scope":"custom_channel_vars","variable":""}`},
		{"call_forward", `{}`, `{}`},
		{"call_waiting", `{}`, `{"action":"toggle","scope":"device"}`},
		{"callflow", `{}`, `{}`},
		{"camping_feature", `{}`, `{}`},
		{"check_cid", `{}`, `{"regex":".*","use_absolute_mode":false}`},
		{"cidlistmatch", `{}`, `{}`},
		{"collect_dtmf", `{}`, `{"max_digits":1,"terminator":"#","timeout":5000}`},
		{"conference", `{}`, `{}`},
		{"conference_feature", `{}`, `{}`},
		{"dead_air", `{}`, `{}`},
		{"device", `{"id":"a"}`, `{"id":"a","delay":0,"dial_strategy":"simultaneous","timeout":0}`},
		{"directory", `{}`, `{}`},
		{"disa", `{}`, `{"enforce_call_restriction":false,"max_digits":15,"pin":"","preconnect_audio":"dialtone","retries":3,"ring_repeat_count":1}`},
		{"do_not_disturb", `{}`, `{}`},
		{"dynamic_cid", `{}`, `{"enforce_call_restriction":true,"permit_custom_callflow":false}`},
		{"eavesdrop", `{}`, `{}`},
		{"eavesdrop_feature", `{}`, `{}`},
		{"edr", `{}`, `{}`},
		{"fax_detect", `{}`, `{}`},
		{"faxbox", `{}`, `{}`},
		{"flush_dtmf", `{}`, `{"collection_name":"default"}`},
		{"function", `{}`, `{}`},
		{"group", `{}`, `{"endpoints":[],"ignore_forward":true,"repeats":1,"strategy":"simultaneous","timeout":20}`},
		{"group_pickup", `{}`, `{}`},
		{"group_pickup_feature", `{}`, `{"type":"extension"}`},
		{"hangup", `{}`, `{}`},
		{"hotdesk", `{}`, `{}`},
		{"intercept", `{}`, `{}`},
		{"intercept_feature", `{}`, `{}`},
		{"intercom", `{}`, `{}`},
		{"language", `{"language":"en-us"}`, `{"language":"en-us"}`},
		{"lookupcidname", `{}`, `{"lists":[]}`},
		{"manual_presence", `{"presence_id":"x"}`, `{"presence_id":"x","status":"idle"}`},
		{"menu", `{}`, `{}`},
		{"missed_call_alert", `{"recipients":[{"id":"a@b.test","type":"user"}]}`, `{"recipients":[{"id":"a@b.test","type":"user"}]}`},
		{"move", `{}`, `{}`},
		{"nomorobo", `{"username":"x"}`, `{"username":"x"}`},
		{"noop", `{}`, `{}`},
		{"notification", `{}`, `{"recipients":[],"send_at":"channel_destroy"}`},
		{"offnet", `{}`, `{"caller_id_type":"external","ignore_early_media":false,"outbound_flags":[],"use_local_resources":true}`},
		{"page_group", `{"endpoints":[{"endpoint_type":"device","id":"x"}]}`, `{"endpoints":[{"endpoint_type":"device","id":"x","delay":0,"timeout":20}],"audio":"one-way","timeout":5}`},
		{"park", `{}`, `{"action":"park","custom_presence_id":false,"slots":{}}`},
		{"pivot", `{"voice_url":"http://h/v"}`, `{"voice_url":"http://h/v","debug":false,"method":"get","req_body_format":"form","req_format":"kazoo"}`},
		{"play", `{}`, `{"endless_playback":false,"terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]}`},
		{"prepend_cid", `{}`, `{"action":"prepend","apply_to":"current","caller_id_name_prefix":"","caller_id_number_prefix":""}`},
		{"privacy", `{}`, `{"endpoint_strategy":"overwrite","mode":"full"}`},
		{"receive_fax", `{}`, `{}`},
		{"record_call", `{}`, `{"action":"start","method":"put","record_on_answer":false,"record_on_bridge":false,"should_follow_transfer":true,"time_limit":3600}`},
		{"record_caller", `{}`, `{"method":"put","time_limit":3600}`},
		{"resources", `{}`, `{"caller_id_type":"external","ignore_early_media":false,"outbound_flags":[],"use_local_resources":true}`},
		{"response", `{}`, `{"code":486}`},
		{"ring_group", `{"endpoints":[{"endpoint_type":"device","id":"x"}]}`, `{"endpoints":[{"endpoint_type":"device","id":"x","delay":0,"timeout":20}],"ignore_forward":true,"repeats":1,"strategy":"simultaneous","timeout":20}`},
		{"ring_group_toggle", `{"action":"login","callflow_id":"x"}`, `{"action":"login","callflow_id":"x"}`},
		{"route_to_cid", `{}`, `{"cid_types":["internal"],"delay":0,"endpoint_types":[],"timeout":0}`},
		{"send_dtmf", `{"digits":"x"}`, `{"digits":"x"}`},
		{"set", `{}`, `{}`},
		{"set_alert_info", `{"alert_info":"x"}`, `{"alert_info":"x"}`},
		{"set_cid", `{}`, `{"caller_id_name":"","caller_id_number":""}`},
		{"set_variable", `{}`, `{"channel":"a"}`},
		{"set_variables", `{}`, `{"custom_application_vars":{}}`},
		{"skel", `{}`, `{}`},
		{"sleep", `{}`, `{"duration":0,"unit":"s"}`},
		{"temporal_route", `{}`, `{"rules":[]}`},
		{"transfer", `{}`, `{"captures":["no_match"],"transfer_type":"blind"}`},
		{"tts", `{"text":"x"}`, `{"text":"x","terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],"voice":"female"}`},
		{"user", `{"id":"a"}`, `{"id":"a","delay":0,"strategy":"simultaneous","timeout":20}`},
		{"voicemail", `{}`, `{"action":"compose","callerid_match_login":false,"interdigit_timeout":2000,"max_message_length":500,"single_mailbox_login":false}`},
		{"wait_for_hangup", `{}`, `{}`},
		{"webhook", `{}`, `{}`},
	} {
		in := `{"module":"` + test.module + `","data":` + test.given + `}`
		want := `{"module":"` + test.module + `","data":` + test.filled + `}`
		if got := c.Check([]byte(in), fidelity.Kazoo); got.Text != want || len(got.Findings) > 0 {
			t.Errorf("%s\n got %s %v\nwant %s", in, got.Text, got.Findings, want)
		}
		modules = slices.DeleteFunc(modules, func(name string) bool { return name == test.module })
	}
	if len(modules) > 0 {
		t.Errorf("no test of %v", modules)
	}
}
