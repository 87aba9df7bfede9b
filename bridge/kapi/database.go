package kapi

import (
	"strings"
	"time"
)

// System databases in which the bridge keeps documents.
const (
	DatabaseAccounts = "accounts"
	DatabaseWebhooks = "webhooks"
	DatabaseNumbers  = "numbers"
	// DatabaseFaxes holds the faxes to be sent, and a copy of each fax box.
	DatabaseFaxes = "faxes"
	// DatabaseSIPAuth holds a copy of each device that is known by its address, or by a
	// realm of its own.
	DatabaseSIPAuth = "sip_auth"
	// DatabaseMedia holds the media that belong to no account.
	DatabaseMedia = "system_media"
)

// ConfigWebhooks is the id of an account's own webhooks configuration in its
// database (kapps_config_util:account_doc_id/1).
const ConfigWebhooks = "configs_webhooks"

// AccountDB is the encoded name of an account's database as it stands on the
// wire: account%2Faa%2Fbb%2F and the other 28 digits. It is "" unless accountID
// has 32 bytes.
func AccountDB(accountID string) string {
	if len(accountID) != 32 {
		return ""
	}
	return "account%2F" + accountID[:2] + "%2F" + accountID[2:4] + "%2F" + accountID[4:]
}

// MonthlyDB is the encoded name of the database that holds an account's
// attempts, faxes and messages of the UTC month of t.
func MonthlyDB(accountID string, t time.Time) string {
	return AccountDB(accountID) + "-" + t.UTC().Format("200601")
}

// AccountOfDB finds the account that owns an account or monthly database, given
// in any of the forms of kzs_util: encoded, unencoded or raw.
func AccountOfDB(db string) (string, bool) {
	name := strings.ReplaceAll(db, "%2F", "/")
	if rest, ok := strings.CutPrefix(name, "account/"); ok {
		if len(rest) < 6 || rest[2] != '/' || rest[5] != '/' {
			return "", false
		}
		name = rest[:2] + rest[3:5] + rest[6:]
	}
	switch len(name) {
	case 32:
		return name, !strings.Contains(name, "/")
	case 39: // 32, a dash, YYYYMM
		return name[:32], name[32] == '-' && digits(name[33:])
	}
	return "", false
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
