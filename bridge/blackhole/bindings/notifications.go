package bindings

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

const familyNotifications = "notifications"

// offered are the notifications that sockets can have. Those that carry passwords,
// keys or links to set a password are not among them, nor those that are no news.
func offered() []kapi.Notification {
	var all []kapi.Notification
	for _, n := range kapi.Notifications() {
		switch n.Name {
		case "new_account", "new_user", "password_recovery", "customer_update",
			"webhook", "skel", kapi.NotificationUpdate:
		default:
			all = append(all, n)
		}
	}
	return all
}

// notifications is notifications.CATEGORY.EVENT, an extension after Kazoo 5's
// optional module: voicemail left is notifications.voicemail.voicemail_new, a missed
// call notifications.sip.missed_call, an alert notifications.system.system_alert.
// EVENT may be the end of the routing key as well, voicemail.new. Kazoo 5 gives
// everybody's to all; here the keys have the account, like those of calls.
func (a Asker) notifications(words []string) ([]Entry, error) {
	if len(words) != 2 {
		return nil, badFormat(familyNotifications, words)
	}
	var entries []Entry
	for _, n := range offered() {
		if n.Group != words[0] || words[1] != "*" && words[1] != n.Name && words[1] != n.Suffix {
			continue
		}
		entries = append(entries, Entry{
			Bind:     on(kapi.ExchangeNotifications, n.Key()),
			Key:      strings.Join([]string{familyNotifications, a.AccountID, n.Group, n.Suffix}, "."),
			Unlisted: len(entries) > 0,
		})
	}
	switch {
	case entries != nil:
		return entries, nil
	case words[1] == "*":
		return nil, refuse("event category %s not supported", words[0])
	}
	return nil, refuse("event %s.%s not supported", words[0], words[1])
}
