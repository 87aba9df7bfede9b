package crossbar

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// devices are cb_devices without what provisions telephones.
func devices() kind {
	return kind{
		name: "devices", typ: store.TypeDevice, form: "devices", lookFirst: true,
		fields: append(append(plain("name"), fromPath("username", "sip", "username"), either("mac_address", "")),
			append(append(plain("owner_id", "enabled"), either("device_type", "sip_device")),
				append(plain("mobile", "call_recording"), flags())...)...),
		ownedBy: func(o jobj.Object, userID string) bool {
			return owned(o, userID) || o.Object("hotdesk", "users").Has(userID)
		},
		prepare:  (*handler).prepareDevice,
		row:      (*handler).ownersDevice,
		unserved: []string{"*/sync"},
		unique:   (*handler).uniqueDevice,
		finish:   (*handler).finishDevice,
		copied: func(doc store.Document) string {
			if doc.Body.String("sip", "realm") != "" || doc.Body.String("sip", "method") == "ip" {
				return kapi.DatabaseSIPAuth
			}
			return ""
		},
		remove: (*handler).removeDevice,
		more: func(h *handler) []operation {
			return []operation{{method: http.MethodPut, within: h.nested(h.actOnDevice)}}
		},
		others: func(h *handler) []clause {
			return []clause{{args: []string{"status"}, operations: []operation{
				{method: http.MethodGet, within: h.nested(h.registeredDevices)},
			}}}
		},
	}
}

// registeredDevices lists the devices that registrars know, those of the whole account
// whatever the path leads through, as the reference does.
func (h *handler) registeredDevices(ctx context.Context, req *request) (outcome, error) {
	const field = "Authorizing-ID"
	replies, err := h.ask(ctx, Question{Kind: kapi.RegistrationQuery(), Switches: true, Fields: jobj.Object{
		{Key: "Realm", Value: req.account.Realm}, {Key: "Fields", Value: []any{field}}, {Key: "Msg-ID", Value: req.messageID()},
	}})
	if err != nil && !errors.Is(err, ErrUnheard) {
		h.Log.WarnContext(ctx, "registrars not asked", "request_id", req.id, "error", err)
	}
	var found []string
	for _, reply := range replies {
		value, _ := reply.Get("Fields")
		registrations, _ := value.([]any)
		for _, element := range registrations {
			registration, _ := element.(jobj.Object)
			if id := registration.String(field); id != "" {
				found = append(found, id)
			}
		}
	}
	slices.Sort(found)
	rows := []any{}
	for _, id := range slices.Compact(found) {
		rows = append(rows, jobj.Object{{Key: "device_id", Value: id}, {Key: "registered", Value: true}})
	}
	return outcome{data: rows}, nil
}

// ownersDevice shows less in the list of a user's devices (view devices/listing_by_owner).
func (h *handler) ownersDevice(_ context.Context, req *request) (rowMaker, error) {
	user := req.below("users")
	return func(doc store.Document, row jobj.Object) jobj.Object {
		if user == "" {
			return row
		}
		return row.Delete("username", "mobile", "flags").Set("hotdesked", !owned(doc.Body, user))
	}, nil
}

func (h *handler) prepareDevice(d *draft) {
	if mac := cleanMAC(d.data.String("mac_address")); mac != "" {
		d.data = d.data.Set("mac_address", mac)
	}
	if list, given := d.data.Get("outbound_flags"); given {
		d.data = d.data.Set("outbound_flags", outboundFlags(list))
	}
	account, _ := h.Accounts.Get(d.old.AccountID)
	sip := d.data.Object("sip")
	if realm := sip.String("realm"); realm != "" && realm == account.Realm {
		d.data = d.data.Set("sip", sip.Delete("realm"))
	}
	if provision := d.data.Object("provision"); provision != nil {
		for _, keys := range []string{"combo_keys", "feature_keys"} {
			if object := provision.Object(keys); object != nil {
				provision = provision.Set(keys, object.Filter(func(m jobj.Member) bool { return m.Value != nil }))
			}
		}
		d.data = d.data.Set("provision", provision)
	}
	normaliseCallerID(d)
}

// outboundFlags trims a list; what is neither a list nor an object of lists is none.
func outboundFlags(value any) any {
	switch value := value.(type) {
	case []any:
		trimmed := make([]any, len(value))
		for i, flag := range value {
			if text, ok := flag.(string); ok {
				flag = strings.TrimSpace(text)
			}
			trimmed[i] = flag
		}
		return trimmed
	case jobj.Object:
		return value
	}
	return []any{}
}

// cleanMAC is an address of hardware as it is kept; "" when nothing of it is left.
func cleanMAC(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			return c
		}
		return -1
	}, strings.ToLower(text))
}

func (h *handler) uniqueDevice(ctx context.Context, d *draft) error {
	refuse := func(path, value, message string, view store.View, key string) error {
		taken, err := h.taken(ctx, d, view, key)
		if err == nil && taken {
			d.wrong.add(path, "unique", message, jobj.Member{Key: "cause", Value: value})
		}
		return err
	}
	account := d.old.AccountID
	if mac := cleanMAC(d.data.String("mac_address")); mac != "" && mac != d.old.Body.String("mac_address") {
		if err := refuse("mac_address", mac, "MAC address already in use", store.DevicesByMAC, store.ValueKey(account, mac)); err != nil {
			return err
		}
	}
	sip := d.data.Object("sip")
	method, given := sip.Get("method")
	switch {
	case !given || method == any("password"):
		name, key := sip.String("username"), strings.ToLower(sip.String("username"))
		if name == "" {
			return nil
		}
		const message = "SIP credentials already in use"
		if err := refuse("sip.username", name, message, store.DevicesByUsername, store.ValueKey(account, key)); err != nil {
			return err
		}
		if realm := strings.ToLower(sip.String("realm")); realm != "" {
			return refuse("sip.username", name, message, store.DevicesByRealm, store.ValueKey(realm, key))
		}
	case method == any("ip"):
		ip := sip.String("ip")
		if !isIPv4(ip) {
			d.wrong.add("sip.ip", "type", "Must be a valid IPv4 RFC 791", jobj.Member{Key: "cause", Value: ip})
			return nil
		}
		return refuse("sip.ip", ip, "SIP IP already in use", store.DevicesByIP, ip)
	default:
		d.wrong.add("sip.method", "enum", "SIP authentication method is invalid",
			jobj.Member{Key: "target", Value: []any{"password", "ip"}}, jobj.Member{Key: "cause", Value: method})
	}
	return nil
}

func isIPv4(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}

// finishDevice refuses another type of device, and mobile ones without a number.
func (h *handler) finishDevice(_ context.Context, d *draft) error {
	before, now := d.old.Body.String("device_type"), d.body.String("device_type")
	if !d.isNew() && before != now && !d.caller.Superduper {
		d.wrong.add("device_type", "invalid", "Not authorized to change type of device", jobj.Member{Key: "cause", Value: now})
	}
	if before == "mobile" || before == "" && now == "mobile" {
		number := d.body.String("mobile", "mdn")
		switch old := d.old.Body.String("mobile", "mdn"); {
		case number == "":
			d.wrong.add("mobile.mdn", "required", "Field is required but missing")
		case !d.isNew() && kapi.E164(old) != kapi.E164(number) && !d.caller.Superduper:
			d.wrong.add("mobile.mdn", "invalid", "Mobile Device Number cannot be changed", jobj.Member{Key: "cause", Value: number})
		}
	}
	return nil
}

// removeDevice takes the copy away, too, for good.
func (h *handler) removeDevice(req *request, doc store.Document, shown jobj.Object) outcome {
	return h.withCopy(req, doc, shown, kapi.DatabaseSIPAuth, func(ctx context.Context, copied store.Document) error {
		change, err := h.remove(ctx, copied)
		if err == nil {
			h.Changes.Publish(ctx, change)
		}
		return err
	})
}

// actOnDevice is told to send a NOTIFY, which takes a switch.
func (h *handler) actOnDevice(ctx context.Context, req *request) (outcome, error) {
	if _, err := h.loadObject(ctx, req, devices()); err != nil {
		return outcome{}, err
	}
	value, given := req.value("action")
	message := "action required"
	if given && value != nil {
		message = "invalid action"
		req.hint("action: devices are told nothing here")
	}
	return outcome{}, &fault{status: http.StatusBadRequest, message: message, data: jobj.Object{}}
}
