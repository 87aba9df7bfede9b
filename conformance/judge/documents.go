package judge

import (
	"strconv"
	"strings"
)

// document is what is remembered of one.
type document struct {
	revision int64
	deleted  bool
}

// accountChange is one of an account's document in its own database, which is to stand in
// accounts, too, or the other way round.
type accountChange struct{ own, shared int }

// changed follows a document: created, edited, deleted, with a revision that grows.
func (j *Judge) changed(l *look) {
	f := l.body
	id := f.text("Database") + "/" + f.text("ID")
	revision := revisionOf(f.text("Rev"))
	if f.text("ID") == "" || f.text("Database") == "" || revision == 0 {
		return
	}
	before, known := j.documents.get(id)
	switch {
	case l.name == "doc_created" && known && !before.deleted:
		j.finding("document.created-once", j.count, "Event-Name", "doc_created of "+quote(id)+" again", "once")
	case l.name == "doc_created" && !known && revision != 1:
		j.finding("document.first-revision", j.count, "Rev", quote(f.text("Rev")), "1-…")
	case l.name != "doc_created" && before.deleted:
		j.finding("document.after-delete", j.count, "Event-Name", l.name+" of "+quote(id)+" after its doc_deleted", "nothing, or doc_created")
	}
	if known && revision <= before.revision {
		j.finding("document.revision-grows", j.count, "Rev", quote(f.text("Rev")), "more than "+strconv.FormatInt(before.revision, 10))
	}
	j.documents.put(id, document{max(revision, before.revision), l.name == "doc_deleted"})
	if f.text("Type") == "account" {
		j.accountChanged(l)
	}
	if l.name == "doc_edited" {
		j.outcome(f.text("ID"))
	}
}

func revisionOf(rev string) int64 {
	n, _, _ := strings.Cut(rev, "-")
	revision, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return 0
	}
	return revision
}

// accountChanged: what is saved in an account's own database is saved in accounts.
func (j *Judge) accountChanged(l *look) {
	id, db := l.body.text("ID"), l.body.text("Database")
	account, _, ok := accountOfDB(db)
	own, shared := ok && account == id, db == "accounts"
	if !own && !shared {
		return
	}
	at := l.name + " " + id
	c := j.accounts[at]
	if c == nil {
		at = strings.Clone(at)
		c = &accountChange{}
		j.accounts[at] = c
		index := j.count
		j.soon.add(j, func() {
			delete(j.accounts, at)
			if c.own != c.shared && !j.cfg.Cut {
				where := map[bool]string{true: "the account's database", false: "accounts"}
				j.finding("document.account-twice", index, "Database", "the change in "+where[c.own > c.shared]+" alone", "one in "+where[c.own < c.shared]+", too")
			}
		})
	}
	if own {
		c.own++
	} else {
		c.shared++
	}
}

// databaseOf is the name of an account's database, of a month or of none.
func databaseOf(account, month string) string {
	if len(account) < 5 {
		return ""
	}
	db := "account%2F" + account[:2] + "%2F" + account[2:4] + "%2F" + account[4:]
	if month != "" {
		db += "-" + month
	}
	return db
}

// monthly reports whether a document of an account's month has been created.
func (j *Judge) monthly(account, id string) bool {
	d, known := j.documents.get(databaseOf(account, monthOf(id)) + "/" + id)
	return known && !d.deleted
}
