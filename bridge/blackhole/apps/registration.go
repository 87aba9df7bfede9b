package apps

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Bounds and default of max_calls, and the length of a name.
const (
	DefaultMaxCalls = 100
	MostCalls       = 1000
	longestName     = 32
)

// Refusals of a registration, in the words for the client.
var (
	ErrName     = errors.New("invalid app name")
	ErrNoData   = errors.New("missing required keys in data object")
	ErrMaxCalls = errors.New("invalid max_calls : it must be a whole number from 1 to " + strconv.Itoa(MostCalls))
	ErrResume   = errors.New("invalid resume : it must be the resume of an earlier reply, 32 hexadecimal digits")
)

// Registration is what a client registers, or takes back.
type Registration struct {
	AccountID string // raw: the name of its database will do
	App       string
	MaxCalls  int
	Resume    string // token of the registration whose calls it takes over; "" for none
}

// ReadRegistration reads the data of pivot_register and pivot_unregister. The error is
// for the client.
func ReadRegistration(data jobj.Object) (Registration, error) {
	if len(data) == 0 {
		return Registration{}, ErrNoData
	}
	var missing []string
	for _, key := range []string{"account_id", "app"} {
		if !data.Has(key) {
			missing = append(missing, key)
		}
	}
	if missing != nil {
		return Registration{}, errors.New("missing required keys : " + strings.Join(missing, ", "))
	}
	r := Registration{MaxCalls: DefaultMaxCalls}
	id, _ := data.Get("account_id")
	r.AccountID, _ = command.Text(id)
	if raw, ok := kapi.AccountOfDB(r.AccountID); ok {
		r.AccountID = raw
	}
	app, _ := data.Get("app")
	var isText bool
	if r.App, isText = app.(string); !isText || !GoodName(r.App) {
		return Registration{}, ErrName
	}
	if most, there := data.Get("max_calls"); there && most != nil {
		number, _ := most.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil || n < 1 || n > MostCalls {
			return Registration{}, ErrMaxCalls
		}
		r.MaxCalls = n
	}
	if token, there := data.Get("resume"); there && token != nil && token != "" {
		if r.Resume, isText = token.(string); !isText || !hexadecimal(r.Resume) {
			return Registration{}, ErrResume
		}
	}
	return r, nil
}

// GoodName tells whether an application may be called so: it is part of a host's name.
func GoodName(name string) bool {
	return name != "" && len(name) <= longestName &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func hexadecimal(token string) bool {
	return len(token) == 32 && strings.Trim(token, "0123456789abcdef") == ""
}
