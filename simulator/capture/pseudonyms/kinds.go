package pseudonyms

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// kind is what a field holds.
type kind int

const (
	open        kind = iota // anything: what every field holds that is not named below
	plain                   // words of Kazoo's own, with identities in them at most
	moment                  // a time, or the id that is one
	address                 // user@host
	host                    // a realm, or a machine's name or address
	text                    // what people write or say
	secret                  // what lets in
	path                    // a file, or a word of Kazoo's own
	channel                 // a channel of the switch
	agent                   // a make of telephone
	sdp                     // a description of a session
	status                  // Kazoo's own words about a fax or a registration
	keys                    // what somebody types
	interaction             // the id of an interaction, in parts
)

// within is the kind of a field within an object of kind k. What people write and what lets
// in is that throughout, whatever it is called; but when it was written is no text.
func (k kind) within(own kind) kind {
	switch {
	case k == secret, k == interaction, k == text && own != moment:
		return k
	}
	return own
}

// kinds says what the fields hold whose values are not open, by their names in small
// letters with underscores. Objects and lists are looked into.
func kinds() map[string]kind {
	all := map[string]kind{}
	for k, names := range map[kind]string{
		plain: plainFields, moment: momentFields, address: addressFields, host: hostFields, text: textFields,
		secret: secretFields, path: pathFields, sdp: "local_sdp remote_sdp",
		channel: "channel_name", agent: "user_agent", status: "status", keys: "dtmf_digit digits_dialed collected_digits",
		interaction: "call_interaction",
	} {
		for name := range strings.FieldsSeq(names) {
			all[name] = k
		}
	}
	return all
}

const (
	plainFields = `
		app_name app_version event_category event_name event node access_group amqp_broker amqp_broker_zone server_id
		server_queue_id control_queue controller_queue request_from_pid reply_to_pid deliver_to_pid destination_server
		application_name raw_application_name application_event application_node ecallmgr_node media_node conference_node
		registrar_node switch_nodename freeswitch_nodename switch_uri switch_url focus
		call_direction channel_state channel_call_state channel_answer_state channel_loopback_leg other_leg_direction
		call_status channel_is_loopback hangup_cause hangup_code bridge_hangup_cause disposition endpoint_disposition
		transfer_disposition transfer_type redirected_reason detected_tone terminator completion_cause from_tag to_tag
		resource_type authorizing_type account_billing reseller_billing account_trunk_usage reseller_trunk_usage
		did_classifier channel_authorized global_resource caller_context caller_dialplan rate rate_increment rate_minimum
		rate_nocharge_time base_cost pvt_cost surcharge discount_percentage
		type action database account_db origin_cache doc_type fax_doc_db hook http_verb module section line reason
		state event_package flush_level package direction call_direction messages_waiting proxy_protocol profile profile_name
		fax_state fax_encoding fax_encoding_name fax_timezone timezone faxbox_timezone fax_t38_status fax_t38_option
		fax_image_resolution fax_file_image_resolution fax_image_pixel_size fax_file_image_pixel_size fax_remote_country
		fax_result_code stage route_type number_state feature user_type home occurrence currency_code category item
		bookkeeper version media_type codec language voice relationship parameter dial_endpoint_method eavesdrop_mode
		controls fields request_type method pvt_type pvt_account_db content_type response success interaction_is_root`
	momentFields = `
		msg_id timestamp event_timestamp fax_timestamp voicemail_timestamp channel_created_time date_created date_modified
		due_date start_time run_time created modified pvt_created pvt_modified expiration expires length duration_seconds
		ringing_seconds billing_seconds voicemail_length file_size file_samples file_seconds file_milliseconds dtmf_duration
		call_interaction_id interaction_id root_call_interaction_id amount current_balance tax_amount quantity
		fax_image_size fax_transfer_rate fax_bad_rows fax_longest_bad_row_run`
	addressFields = `
		from to request presence_id channel_presence_id extended_presence_id from_uri to_uri contact original_contact
		previous_contact aor rpid referred_to referred_by redirected_by inception sip_invite_to_uri sip_invite_request_uri
		message_account proxy_path user presentity email send_to cc bcc reply_to fax_from_email fax_to_email user_email
		emergency_notfication_contact_emails attachment_url password_reset_link uri url`
	hostFields = `
		realm from_realm to_realm account_realm presentity_realm request_realm from_host to_host media_server
		switch_hostname freeswitch_hostname network_ip source_ip proxy_ip sip_invite_domain hostname presence_hosts`
	textFields = `
		body subject message text html preview comment comments content description voicemail_transcription
		geo_location billing_address fax_error fax_result_text failure_message error_message errors notes format
		emergency_address_street_1 emergency_address_street_2 emergency_address_city emergency_address_region
		emergency_address_postal_code emergency_address_latitude emergency_address_longitude`
	secretFields = `
		password account_api_key api_key payment_token card_last_four pin pins secret token auth_token auth_token_digest
		reference_token credentials`
	pathFields = `
		application_response media_name file_path recording media_recordings notification_media playback media`
)

// field is a field as a message names it: what it holds, and its own name, in which an
// identity can stand, too.
type field struct {
	kind kind
	name string
}

// maxFields bounds how many names of fields are remembered.
const maxFields = 4096

func (p *Pseudonyms) field(name string) field {
	if f, ok := p.fields[name]; ok {
		return f
	}
	if len(p.fields) >= maxFields {
		clear(p.fields)
	}
	f := field{p.kindOf(name), name}
	if strings.Trim(name, letters+"_-") != "" { // user_id is no user
		f.name = p.scan(name)
	}
	p.fields[name] = f
	return f
}

// kindOf is the kind of a field as a message names it.
func (p *Pseudonyms) kindOf(name string) kind {
	if k, ok := p.kinds[name]; ok {
		return k
	}
	normal := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if k, ok := p.kinds[normal]; ok {
		return k
	}
	for _, telling := range []string{"password", "passwd", "passcode", "secret", "token", "api_key", "apikey", "_pin"} {
		if strings.Contains(normal, telling) {
			return secret
		}
	}
	for _, ending := range []string{"_time", "_timestamp", "_at", "_seconds"} {
		if strings.HasSuffix(normal, ending) {
			return moment
		}
	}
	return open
}

// reserved are words of Kazoo's own that stand where identities do, and in routing keys.
func reserved() map[string]bool {
	words := map[string]bool{}
	add := func(text string) {
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '.' || r == ' ' || r == '\n' || r == '\t' }) {
			words[word] = true
		}
	}
	for _, p := range append(kapi.Publications(), kapi.Requests()...) {
		add(p.Category)
		add(p.Name)
		add(strings.Join(p.Names, " "))
		for _, segment := range p.Address {
			add(segment.Literal)
			add(segment.Absent)
		}
	}
	words["EARLY MEDIA"], words["DELAYED NEGOTIATION"] = true, true
	add(`true false yes no none undefined null any all unknown Unknown anonymous Anonymous restricted unavailable nobody
		- * # sip tel NONE SUCCESS FAIL ANSWER BUSY CANCEL TIMEOUT default inbound outbound onnet offnet initiator recipient audio
		freeswitch FreeSWITCH mod_sofia sofia sipinterface_1 kazoo_apps ecallmgr kamailio kazoo rabbit crossbar callflow
		account device user resource callflow vmbox mailbox_message fax faxbox media conference webhook number numbers
		call_recording port_request parked_call presence database accounts webhooks sip_auth faxes system_config
		system_media system_schemas port_requests system_data token_auth services offnet ratedeck tasks alerts
		tmp var lib prompts voicemail recordings spool local_stream silence_stream tone_stream shell_stream http_cache shout
		prompt phrase say file_string http https`)
	return words
}

// statusWords are those of the texts that Kazoo's faxes and registrations have.
func statusWords() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`job acquired fetching document to send prepared for ready received successful attempt
		originate fax negotiated at sent page of error sending new from receiving unknown successfully undefined not being
		processed by this queue invalid number cid timed out registered unregistered udp tcp tls ws wss completed disabled
		failed ignored pending active`) {
		words[word] = true
	}
	return words
}
