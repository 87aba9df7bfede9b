package crossbar

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	md5Auth = "pvt_md5_auth"
	shaAuth = "pvt_sha1_auth"
)

// users are cb_users and kzd_users:validate/3.
func users() kind {
	return kind{
		name: "users", typ: store.TypeUser, form: "users", lookFirst: true,
		fields: append([]field{computed("features", userFeatures)},
			append(plain("username", "email", "first_name", "last_name", "priv_level", "feature_level", "presence_id",
				"timezone", "call_recording", "service"), flags())...),
		order: func(o jobj.Object) string { return o.String("last_name") + " " + o.String("first_name") },
		prepare: func(_ *handler, d *draft) {
			if name, ok := d.data.Get("username"); ok {
				if text, ok := name.(string); ok {
					d.data = d.data.Set("username", strings.ToLower(text))
				}
			}
			normaliseCallerID(d)
		},
		others: (*handler).userClauses,
		unique: (*handler).uniqueUser,
		finish: func(h *handler, _ context.Context, d *draft) error {
			h.setCredentials(d)
			return nil
		},
	}
}

func userFeatures(o jobj.Object) any {
	listed, _ := o.Get("features")
	own, _ := listed.([]any)
	forward := feature{"call_forward", []string{"call_forward", "enabled"}}
	if !holds(first(o.Get(forward.path...))) {
		forward = feature{"call_forward_failover", []string{"call_forward", "failover"}}
	}
	return switchedOn(o, own,
		feature{"hotdesk", []string{"hotdesk", "enabled"}},
		forward,
		feature{"caller_id", []string{"caller_id", "external", "number"}},
		feature{"vm_to_email", []string{"vm_to_email_enabled"}},
		feature{"music_on_hold", []string{"music_on_hold", "media_id"}},
		feature{"do_not_disturb", []string{"do_not_disturb", "enabled"}},
		feature{"ctu", []string{"ctu", "enabled"}},
		feature{"desktop", []string{"desktop", "enabled"}})
}

func (h *handler) uniqueUser(ctx context.Context, d *draft) error {
	name, desk := d.data.String("username"), d.data.String("hotdesk", "id")
	for _, one := range []struct {
		value, before, path, message string
		view                         store.View
		key                          string
	}{
		{
			name, d.old.Body.String("username"), "username", "Username must be unique within account",
			store.UsersByUsername, store.UserKey(d.old.AccountID, name),
		},
		{
			desk, d.old.Body.String("hotdesk", "id"), "hotdesk.id", "Hotdesk ID must be unique within account",
			store.UsersByHotdesk, store.ValueKey(d.old.AccountID, desk),
		},
	} {
		if one.value == "" || one.value == one.before {
			continue
		}
		taken, err := h.taken(ctx, d, one.view, one.key)
		if err != nil {
			return err
		}
		if taken {
			d.wrong.add(one.path, "unique", one.message, jobj.Member{Key: "cause", Value: one.value})
		}
	}
	return nil
}

// setCredentials keeps digests instead of a password. Another password, or another
// name, ends the tokens of before (kzd_users:maybe_rehash_creds/3).
func (h *handler) setCredentials(d *draft) {
	password := d.body.String("password")
	d.body = d.body.Delete("password")
	if digest := d.body.String("credentials"); digest != "" {
		d.body = d.body.Delete("credentials")
		d.private = d.private.Delete(shaAuth).Set(md5Auth, digest)
	}
	if d.private.String(signatureSecret) == "" {
		d.private = d.private.Set(signatureSecret, h.IDs.Hex(32))
	}
	name := d.body.String("username")
	switch {
	case name == "" && password == "":
		d.private = d.private.Delete(md5Auth, shaAuth)
		return
	case password == "" && name == d.old.Body.String("username"):
		return
	case password == "":
		d.wrong.add("password", "required", "The password must be provided when creating / updating the user name",
			jobj.Member{Key: "cause", Value: name})
		return
	case name == "" && !d.isNew():
		d.wrong.add("username", "required", "The username must be provided when updating the password")
		return
	case name == "":
		name = "user_" + h.IDs.Hex(16)
		d.body = d.body.Set("username", name)
	}
	md, sha := digests(name, password)
	if d.private.String(md5Auth) != md || d.private.String(shaAuth) != sha {
		d.private = d.private.Set(signatureSecret, h.IDs.Hex(32))
	}
	d.private = d.private.Set(md5Auth, md).Set(shaAuth, sha)
}

// digests are what credentials are compared with.
func digests(name, password string) (md, sha string) {
	text := []byte(name + ":" + password)
	m, s := md5.Sum(text), sha1.Sum(text)
	return hex.EncodeToString(m[:]), hex.EncodeToString(s[:])
}
