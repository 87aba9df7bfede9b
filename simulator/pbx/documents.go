package pbx

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

func documentKinds() []Kind {
	kind := func(name, about, fields string) Kind {
		return Kind{
			Name: name, About: about, Hook: "object",
			category: kapi.CategoryConfiguration, event: name, by: origin{"datamgr", cast}, fields: fields,
		}
	}
	update := kind("doc_type_update", "a request about all documents of a type: hooks are re-enabled",
		`{"Type": "webhook", "Action": "account", "Account-ID": "{account_id}"}`)
	update.Hook, update.by = "", origin{"crossbar", fromREST}
	// The two dates are swapped on the wire (kzs_publish:publish/3).
	const document = `{"ID": "{doc_id}", "Database": "{doc_db}", "Type": "{doc_type}", "Rev": "{%s}", "Account-ID": "{account_id}",
		"Origin-Cache": "kazoo_data_cache", "Is-Soft-Deleted": %t, "Date-Modified": "{%s}", "Date-Created": "{now}"}`
	const database = `{"ID": "{%s}", "Database": "{%[1]s}", "Type": "database", "App-Version": "1.0.0"}`
	return []Kind{
		kind("doc_created", "a document was created; --set Type=user names its type", fmt.Sprintf(document, "first_rev", false, "now")),
		kind("doc_edited", "a document was changed", fmt.Sprintf(document, "doc_rev", false, "year_ago")),
		kind("doc_deleted", "a document was deleted", fmt.Sprintf(document, "doc_rev", true, "year_ago")),
		kind("db_created", "a database was created: the account's for this month", fmt.Sprintf(database, "month_db")),
		kind("db_edited", "the views of a database were rewritten", fmt.Sprintf(database, "account_db")),
		kind("db_deleted", "a database was deleted", fmt.Sprintf(database, "month_db")),
		update,
	}
}

// change says where the document lies that a change is about, and which it is. It
// has the id by which the rest of the scene knows it.
func (sc *scene) change() map[string]any {
	v, typ, sw := sc.values, sc.call.spec.Type, sc.call.sw
	db, id := v["account_db"], any(sw.ids.Hex(32))
	if own, ok := v[map[string]string{
		"account":    "account_id",
		"callflow":   "callflow_id",
		"conference": "conference_id",
		"device":     "device_id",
		"faxbox":     "faxbox_id",
		"media":      "media_id",
		"user":       "owner_id",
		"vmbox":      "vmbox_id",
	}[typ]]; ok {
		id = own
	}
	switch typ {
	case "fax":
		db, id = v["month_db"], v["fax_id"]
	case "mailbox_message":
		db, id = v["month_db"], v["message_id"]
	case "call_recording":
		db, id = v["month_db"], v["recording_id"]
	case "sms", "mms":
		db, id = v["month_db"], v["sms_id"]
	case "webhook":
		db, id = kapi.DatabaseWebhooks, v["hook_id"]
	case "port_request":
		db, id = "port_requests", v["port_id"]
	case "number":
		number := sc.call.spec.Dialled
		db, id = kapi.DatabaseNumbers+"%2F%2B"+number[1:min(5, len(number))], number
	}
	return map[string]any{
		"doc_type":  typ,
		"doc_db":    db,
		"doc_id":    id,
		"first_rev": "1-" + sw.ids.Hex(32),
		"doc_rev":   fmt.Sprintf("%d-%s", 2+sw.ids.IntN(8), sw.ids.Hex(32)),
	}
}

// twice says whether a kind is the change of an account's own document, which
// stands in the account's database and in that of all accounts.
func (sc *scene) twice(k Kind) bool {
	return sc.call.spec.Type == "account" && k.category == kapi.CategoryConfiguration && strings.HasPrefix(k.event, "doc_") &&
		k.event != kapi.EventTypeUpdate
}
