package judge

import (
	"cmp"
	"strconv"
	"strings"
)

// changeKinds are changes of documents and databases (kapi_conf).
func changeKinds() []kind {
	const definition = "kapi_conf:doc_update_definition/0"
	change := kind{
		category: "configuration", exchange: "configuration", source: definition, deep: true,
		required:  "ID:s! Database",
		optional:  "Account-ID Date-Created:i Date-Modified:i Doc:o Is-Soft-Deleted:b! Rev:s! Type Version Origin-Cache",
		keySource: "kapi_conf:publish_doc_update/6, kz_amqp_util:encode/1",
		msgID:     always(formShort),
	}
	doc, db := change, change
	doc.topic, doc.names, doc.app = "document", []string{"doc_created", "doc_edited", "doc_deleted"}, "datamgr 4.0.0"
	doc.key, doc.otherKey, doc.check = changeKey, otherChangeKey, documentChange
	doc.rules = map[string]string{
		"event-fields":  "kzs_publish:publish_doc/3",
		"not-announced": "kzs_publish:maybe_publish_doc/3",
		"database":      "kzs_util:to_database/1",
		"account":       "kzs_publish:publish_doc/3",
		"month":         "kazoo_modb",
		"revision":      "kzs_publish:publish_doc/3",
		"dates":         "kzs_publish:publish_doc/3",
		"deleted":       "kzs_publish:publish_doc/3",
	}
	db.topic, db.names, db.app = "database", []string{"db_created", "db_edited", "db_deleted", "db_views_updated"}, "datamgr 1.0.0"
	db.key, db.check = changeKey, databaseChange
	db.rules = map[string]string{"event-fields": "kzs_publish:publish_db/2", "database": "kzs_util:to_database/1", "never-published": "kzs_publish:publish_db/2"}
	return []kind{doc, db, {
		topic: "type-update", category: "configuration", names: []string{"doc_type_update"}, exchange: "configuration",
		source: "kapi_conf:doc_type_update_definition/0", required: "Type", optional: "Action Account-ID", deep: true, asked: true,
		key:       func(f fields) string { return "configuration.doc_type_update." + f.text("Type") },
		keySource: "kapi_conf:publish_doc_type_update/1",
	}}
}

// changeKey is action.database.type.id; database and type stand in it as they are.
func changeKey(f fields) string {
	return strings.Join([]string{f.text("Event-Name"), f.text("Database"), cmp.Or(f.text("Type"), "undefined"), encode(f.text("ID"))}, ".")
}

// otherChangeKey allows for what is deleted: the key has what was done to the document
// as it had been, the event what became of it.
func otherChangeKey(l *look) bool {
	_, rest, _ := strings.Cut(l.m.Key, ".")
	_, want, _ := strings.Cut(changeKey(l.body), ".")
	return l.name == "doc_deleted" && rest == want && hasWord("doc_created doc_edited", strings.TrimSuffix(l.m.Key, "."+rest))
}

func documentChange(l *look) {
	f := l.body
	l.form("event-fields", "Origin-Cache", func(s string) bool { return s == "kazoo_data_cache" }, "kazoo_data_cache")
	for _, field := range []string{"Doc", "Version"} {
		l.must(!f.has(field), "event-fields", field, "no such field: the data layer never fills it")
	}
	l.must(f.has("Origin-Cache"), "event-fields", "Origin-Cache", "kazoo_data_cache")
	if f.has("ID") && strings.HasPrefix(f.text("ID"), "_design") {
		l.aspect("not-announced", "ID", quote(f.text("ID")), "a document whose changes are told")
	}
	if hasWord("cdr ledger audit_log login_attempt pivot_debug notify_smtp_log", f.text("Type")) {
		l.aspect("not-announced", "Type", quote(f.text("Type")), "a type whose changes are told")
	}
	l.form("revision", "Rev", func(s string) bool {
		n, hash, _ := strings.Cut(s, "-")
		return isDigits(n) && n[0] != '0' && isHex(hash, 32)
	}, "<n>-<32 hexadecimal digits>")
	if f.get("Is-Soft-Deleted").isTrue() {
		l.must(l.name == "doc_deleted", "deleted", "Event-Name", "doc_deleted, as Is-Soft-Deleted is true")
	}
	// The two are swapped on the wire: Date-Modified holds when it was created.
	created, ok1 := f.int("Date-Modified")
	modified, ok2 := f.int("Date-Created")
	if ok1 && ok2 {
		l.must(created <= modified, "dates", "Date-Modified", "no later than Date-Created "+strconv.FormatInt(modified, 10)+": the two are swapped")
	}
	for _, field := range []string{"Date-Modified", "Date-Created"} {
		if n, ok := f.int(field); ok && f.get(field).sort == number {
			l.must(n > epoch, "dates", field, "Gregorian seconds")
		}
	}
	l.database()
}

// database: whose it is, and of which month, agrees with the document.
func (l *look) database() {
	f := l.body
	db := f.text("Database")
	l.form("database", "Database", isDatabase, "an encoded name")
	account, month, ok := accountOfDB(db)
	if !ok {
		return
	}
	if saw := f.get("Account-ID"); saw.sort == absent || saw.sort == text && saw.str != account {
		l.aspect("account", "Account-ID", saw.String(), account)
	}
	switch id := f.text("ID"); {
	case month != "" && id != "" && monthOf(id) != month:
		l.aspect("month", "ID", quote(id), month+"-…, the database's month")
	case month == "" && hasWord("fax mailbox_message", f.text("Type")):
		l.aspect("month", "Database", quote(db), "a month's database for documents of this type")
	}
}

func databaseChange(l *look) {
	f := l.body
	l.must(l.name != "db_views_updated", "never-published", "Event-Name", "an event that is sent")
	for _, m := range f {
		if hasWord("Account-ID Date-Created Date-Modified Doc Is-Soft-Deleted Rev Version Origin-Cache", m.key) {
			l.aspect("event-fields", m.key, m.String(), "no such field")
		}
	}
	l.must(f.text("Type") == "database", "event-fields", "Type", "database")
	l.must(f.text("ID") == f.text("Database") || !f.has("ID") || !f.has("Database"), "database", "ID", "the database "+quote(f.text("Database")))
	l.form("database", "Database", isDatabase, "an encoded name")
}
