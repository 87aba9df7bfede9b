package kapi

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Actions of a document change.
const (
	ActionCreated = "created"
	ActionEdited  = "edited"
	ActionDeleted = "deleted"
)

// CategoryConfiguration is the Event-Category of changes.
const CategoryConfiguration = "configuration"

// DocChange says that a document (or, with Type "database", a database) was
// written. It carries no body: who wants that reads the store.
type DocChange struct {
	Action    string // ActionCreated, ActionEdited, ActionDeleted
	DB        string // encoded
	ID        string
	Type      string // pvt_type; "" for a document without one
	Rev       string
	AccountID string
	Created   int64 // pvt_created, Gregorian seconds
	Modified  int64 // pvt_modified, Gregorian seconds
	// SoftDeleted tells a deletion that left the document in place.
	SoftDeleted bool
}

// TypeDatabase marks the change of a whole database.
const TypeDatabase = "database"

// Key is the routing key on ExchangeConfiguration. Database and type stand in it
// as they are, the id is encoded (kzs_publish:publish/3).
func (c DocChange) Key() string {
	typ := c.Type
	if typ == "" {
		typ = "undefined"
	}
	return c.eventName() + "." + c.DB + "." + typ + "." + EncodeKey(c.ID)
}

func (c DocChange) eventName() string { return ChangeName(c.Action, c.Type) }

// ChangeName is the Event-Name of a change, which begins its routing key, too.
func ChangeName(action, typ string) string {
	if typ == TypeDatabase {
		return "db_" + action
	}
	return "doc_" + action
}

// ChangeDefinition is kapi_conf's definition of a document or database change.
func ChangeDefinition() Definition {
	return Definition{
		Category: CategoryConfiguration,
		Names: strings.Fields(`doc_edited doc_created doc_deleted
			db_edited db_created db_deleted db_views_updated`),
		Optional: strings.Fields("Account-ID Date-Created Date-Modified Doc Is-Soft-Deleted Rev Type Version Origin-Cache"),
		Required: []string{"ID", "Database"},
		Rules: []Rule{
			{Field: "ID", Kind: KindText},
			{Field: "Rev", Kind: KindText},
			{Field: "Is-Soft-Deleted", Kind: KindBoolean},
		},
	}
}

// Message is the change as the data layer publishes it. Date-Modified holds the
// time of creation and Date-Created that of the last write: the reference swaps
// them (kzs_publish:publish/3), and receivers count on it.
func (c DocChange) Message(node string, msgID func() string) ([]byte, error) {
	from := Sender{Node: node, AppName: "datamgr", AppVersion: "4.0.0", MsgID: msgID}
	fields := jobj.Object{
		{Key: "Event-Name", Value: c.eventName()},
		{Key: "ID", Value: c.ID},
		{Key: "Database", Value: c.DB},
		{Key: "Type", Value: c.Type},
	}
	if c.Type == TypeDatabase {
		from.AppVersion = "1.0.0"
		return Build(ChangeDefinition(), from, fields)
	}
	fields = append(fields,
		jobj.Member{Key: "Origin-Cache", Value: "kazoo_data_cache"},
		jobj.Member{Key: "Rev", Value: c.Rev},
		jobj.Member{Key: "Account-ID", Value: c.AccountID},
		jobj.Member{Key: "Is-Soft-Deleted", Value: c.SoftDeleted},
	)
	if c.Created != 0 {
		fields = append(fields, jobj.Member{Key: "Date-Modified", Value: c.Created})
	}
	if c.Modified != 0 {
		fields = append(fields, jobj.Member{Key: "Date-Created", Value: c.Modified})
	}
	return Build(ChangeDefinition(), from, fields)
}

// ParseDocChange reads a change from the bus. It checks what kapi_conf:doc_update_v/1
// checks; the error is an *InvalidMessageError or a *jobj.SyntaxError.
func ParseDocChange(body []byte) (DocChange, error) {
	msg, err := jobj.ParseObject(body)
	if err != nil {
		return DocChange{}, err
	}
	name := msg.String("Event-Name")
	for _, key := range []string{"ID", "Database"} {
		if msg.String(key) == "" {
			return DocChange{}, &InvalidMessageError{name, key, "is required but missing"}
		}
	}
	kind, action, ok := strings.Cut(name, "_")
	if !ok || (kind != "doc" && kind != "db") {
		return DocChange{}, &InvalidMessageError{name, "Event-Name", "is no change"}
	}
	return DocChange{
		Action:      action,
		DB:          msg.String("Database"),
		ID:          msg.String("ID"),
		Type:        msg.String("Type"),
		Rev:         msg.String("Rev"),
		AccountID:   msg.String("Account-ID"),
		Created:     msg.Int("Date-Modified"),
		Modified:    msg.Int("Date-Created"),
		SoftDeleted: msg.Bool(false, "Is-Soft-Deleted"),
	}, nil
}
