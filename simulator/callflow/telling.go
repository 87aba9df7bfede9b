package callflow

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// webhook asks the webhooks application to fire a hook of the flow's own, and does not wait
// (cf_webhook:handle_webhook/2).
func (a *act) webhook() {
	uri := a.data.String("uri")
	if uri == "" {
		a.next(anyKey, "there is no uri")
		return
	}
	data := a.call.object().Delete("Key-Value-Store", "Control-Queue", "Controller-Queue", "Custom-Channel-Vars")
	hook := jobj.Object{
		{Key: "_id", Value: strconv.FormatInt(kapi.Gregorian(a.Line.Now()), 10)},
		{Key: "uri", Value: uri},
		{Key: "hook", Value: "notifications"},
	}
	for _, name := range []string{"http_verb", "retries"} {
		if value, has := a.data.Get(name); has {
			hook = append(hook, jobj.Member{Key: name, Value: value})
		}
	}
	hook = append(hook, jobj.Member{Key: "pvt_account_id", Value: a.call.account})
	if custom := a.data.Object("custom_data"); len(custom) > 0 {
		hook = append(hook, jobj.Member{Key: "custom_data", Value: custom})
	}
	a.tell(kapi.CategoryNotification, kapi.NotificationWebhook, jobj.Object{
		{Key: "Data", Value: normalised(data)}, {Key: "Hook", Value: hook}, {Key: "Timestamp", Value: kapi.Gregorian(a.Line.Now())},
	})
	a.next(anyKey, "the webhooks application was asked")
}

// normalised has the keys in lower case with underscores, as the reference has them in notifications.
func normalised(object jobj.Object) jobj.Object {
	out := make(jobj.Object, 0, len(object))
	for _, m := range object {
		value := m.Value
		if inner, is := value.(jobj.Object); is {
			value = normalised(inner)
		}
		out = append(out, jobj.Member{Key: strings.ReplaceAll(strings.ToLower(m.Key), "-", "_"), Value: value})
	}
	return out
}

// manualPresence lights a lamp (cf_manual_presence).
func (a *act) manualPresence() {
	state := map[string]string{"idle": "terminated", "ringing": "early", "busy": "confirmed"}[firstOf(a.data.String("status"), "idle")]
	id := a.data.String("presence_id")
	if id == "" || state == "" {
		a.next(anyKey, "there is no presence_id, or no such status")
		return
	}
	if !strings.Contains(id, "@") {
		id += "@" + a.realm()
	}
	user, realm, _ := strings.Cut(id, "@")
	a.tell(kapi.CategoryPresence, "update", jobj.Object{
		{Key: "Presence-ID", Value: id}, {Key: "From", Value: id}, {Key: "From-User", Value: user}, {Key: "From-Realm", Value: realm},
		{Key: "To", Value: id}, {Key: "To-User", Value: user}, {Key: "To-Realm", Value: realm},
		{Key: "State", Value: state}, {Key: "Call-ID", Value: a.presenceCall(id)},
	})
	a.next(anyKey, id+" is "+state)
}

// presenceCall stands for a call that there is not: the same for the same line.
func (a *act) presenceCall(id string) string {
	sum := md5.Sum([]byte(id))
	return hex.EncodeToString(sum[:])
}

// tell publishes a message of a kind that is published to a topic.
func (l *leg) tell(category, name string, fields jobj.Object) {
	kind, ok := kapi.FindPublication(category, name)
	if !ok {
		l.Log.Error("the callflow knows no such message", "category", category, "name", name)
		return
	}
	from := kapi.Sender{Node: l.Config.Node, AppName: app, AppVersion: appVersion, MsgID: func() string { return l.IDs.Hex(32) }}
	message, err := kapi.Compose(kind.Definition, from, fields)
	if err == nil {
		var key string
		if key, err = kind.Address.Key(fields); err == nil {
			l.Bus.Publish(kind.Exchange, key, message)
			return
		}
	}
	l.Log.Error("a message of the callflow could not be made", "call_id", l.call.id, "error", err)
}
