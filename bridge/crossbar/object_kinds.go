package crossbar

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// objectFamilies are the objects of an account. Those that differ in more than their
// data have a file each.
func (h *handler) objectFamilies() []family {
	var families []family
	for _, k := range []kind{
		users(), devices(), callflows(), voicemailBoxes(), mediaFiles(), faxboxes(), conferences(), directories(),
		{
			name: "menus", typ: "menu", form: "menus",
			fields: append(plain("name"), flags()),
			finish: (*handler).versionTwo,
		},
		{
			name: "groups", typ: "group", form: "groups",
			fields: append(plain("name"),
				computed("features", groupFeatures), computed("endpoints", count("endpoints")), flags()),
			ownedBy: func(o jobj.Object, userID string) bool { return o.String("endpoints", userID, "type") == "user" },
		},
		{
			name: "temporal_rules", typ: "temporal_rule", form: "temporal_rules",
			fields: append(plain("name", "type"), flags()),
		},
		{
			name: "temporal_rules_sets", typ: "temporal_rule_set", form: "temporal_rules_sets",
			fields: append(plain("name"), fromPath("rules", "temporal_rules"), flags()),
		},
		{
			name: "blacklists", typ: "blacklist", form: "blacklists",
			fields: append(plain("name"), flags()),
		},
		{
			name: "clicktocall", typ: "click2call", form: "clicktocall",
			fields:   plain("name", "extension"),
			unserved: []string{"*/connect", "*/history"},
		},
	} {
		families = append(families, h.objectFamily(k))
	}
	return append(families, h.faxesFamily(), h.schemasFamily(), h.aboutFamily())
}

func groupFeatures(o jobj.Object) any {
	return switchedOn(o, nil, feature{"music_on_hold", []string{"music_on_hold", "media_id"}})
}

// mediaFiles are cb_media. Those that belong to no account are anyone's to list; here
// there are none.
func mediaFiles() kind {
	return kind{
		name: "media", typ: "media", form: "media",
		fields: append(plain("name", "media_type", "media_source"),
			computed("language", func(o jobj.Object) any { return strings.ToLower(o.String("language")) }),
			computed("is_prompt", isPrompt)),
		without:  []string{http.MethodPatch},
		unserved: []string{"languages", "languages/*", "prompts", "prompts/*"},
		remove:   (*handler).removeMedia,
		others: func(h *handler) []clause {
			return []clause{{args: []string{"*", "raw"}, operations: []operation{
				{method: http.MethodGet, within: h.nested(h.readMediaFile), binary: true},
				{method: http.MethodPost, within: h.nested(h.uploadMedia), uploads: true},
			}}}
		},
		bare: func(h *handler) (list, read action) { return h.listSystemMedia, h.readSystemMedia },
	}
}

func isPrompt(o jobj.Object) any { return o.String("prompt_id") != "" }

// normaliseCallerID writes the number for emergencies as numbers are kept.
func normaliseCallerID(d *draft) {
	id, emergency := d.data.Object("caller_id"), d.data.Object("caller_id", "emergency")
	if number := emergency.String("number"); number != "" {
		d.data = d.data.Set("caller_id", id.Set("emergency", emergency.Set("number", kapi.E164(number))))
	}
}

// owned is for objects that name their owner.
func owned(o jobj.Object, userID string) bool { return o.String("owner_id") == userID }

// texts are the elements of a list that are texts.
func texts(o jobj.Object, path ...string) []string {
	value, _ := o.Get(path...)
	list, _ := value.([]any)
	var found []string
	for _, element := range list {
		if text, ok := element.(string); ok && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found
}
