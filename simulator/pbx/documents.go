package pbx

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// document is a document of which a change is told.
type document struct {
	id, db, typ, rev, account string
	deleted                   bool
	created, modified         int64 // Gregorian seconds
}

// fields are those of the change. The two dates are swapped on the wire
// (kzs_publish:publish/3).
func (d document) fields() jobj.Object {
	return jobj.Object{
		{Key: "ID", Value: d.id},
		{Key: "Database", Value: d.db},
		{Key: "Type", Value: d.typ},
		{Key: "Rev", Value: d.rev},
		{Key: "Account-ID", Value: d.account},
		{Key: "Origin-Cache", Value: "kazoo_data_cache"},
		{Key: "Is-Soft-Deleted", Value: d.deleted},
		{Key: "Date-Modified", Value: d.created},
		{Key: "Date-Created", Value: d.modified},
	}
}

// Change says that a document has been written. The first write of a document has
// revision 1. A document of a month, which its id begins with, stands in the database of that
// month, whenever it is written.
func (c *Core) Change(a Account, action, typ, id string, revision int, monthly bool) error {
	db := kapi.AccountDB(a.ID)
	if monthly {
		db = monthDB(a, id, c.now())
	}
	if err := c.changed(a, db, action, typ, id, revision); err != nil || typ != "account" {
		return err
	}
	// An account stands in the database of all accounts, too.
	return c.changed(a, kapi.DatabaseAccounts, action, typ, id, revision)
}

func (c *Core) changed(a Account, db, action, typ, id string, revision int) error {
	now := kapi.Gregorian(c.now())
	d := document{
		id: id, db: db, typ: typ, rev: strconv.Itoa(revision) + "-" + c.ids.Hex(32), account: a.ID,
		deleted: action == "deleted", created: now, modified: now,
	}
	return c.tell(kapi.CategoryConfiguration, "doc_"+action, origin{"datamgr", cast}, d.fields())
}

// monthDB is the database of the month in which a document was created, which its id begins with;
// that of now where it does not.
func monthDB(a Account, id string, now time.Time) string {
	created, err := time.Parse("200601", id[:min(6, len(id))])
	if err != nil {
		created = now
	}
	return kapi.MonthlyDB(a.ID, created)
}

// NewDocumentID is an id for a document: one of a month begins with it.
func (c *Core) NewDocumentID(monthly bool) string {
	if monthly {
		return c.now().Format("200601") + "-" + c.ids.Hex(32)
	}
	return c.ids.Hex(32)
}

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
	const database = `{"ID": "{%s}", "Database": "{%[1]s}", "Type": "database", "App-Version": "1.0.0"}`
	return []Kind{
		kind("doc_created", "a document was created; --set Type=user names its type", "").on(written("first_rev", "now", false)),
		kind("doc_edited", "a document was changed", "").on(written("doc_rev", "year_ago", false)),
		kind("doc_deleted", "a document was deleted", "").on(written("doc_rev", "year_ago", true)),
		kind("db_created", "a database was created: the account's for this month", fmt.Sprintf(database, "month_db")),
		kind("db_edited", "the views of a database were rewritten", fmt.Sprintf(database, "account_db")),
		kind("db_deleted", "a database was deleted", fmt.Sprintf(database, "month_db")),
		update,
	}
}

// written is the change of the scene's document, of which revision and date of creation are
// places of the scene.
func written(rev, created string, deleted bool) func(*scene) jobj.Object {
	return func(sc *scene) jobj.Object {
		since, _ := sc.values[created].(int64)
		return document{
			id: sc.text("doc_id"), db: sc.text("doc_db"), typ: sc.text("doc_type"), rev: sc.text(rev), account: sc.text("account_id"),
			deleted: deleted, created: since, modified: kapi.Gregorian(sc.call.happened),
		}.fields()
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
