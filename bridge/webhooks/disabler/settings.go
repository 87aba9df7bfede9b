package disabler

import (
	"cmp"
	"math"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// The members of a webhooks configuration that limit failures. An account's
// document has them; a hook's may have them too, which is an extension.
const (
	CountKey  = "attempt_failure_count"
	WindowKey = "attempt_failure_expiry_ms"
)

// DefaultLimit is what holds where nobody says anything.
func DefaultLimit() Limit { return Limit{Failures: 6, Within: time.Minute} }

// Or fills what a limit does not say, which is 0, from another.
func (l Limit) Or(other Limit) Limit {
	return Limit{Failures: cmp.Or(l.Failures, other.Failures), Within: cmp.Or(l.Within, other.Within)}
}

// OfHook is what a hook's document says for itself: 0 where it says nothing, or no
// positive number. REST refuses such, but the name may be anyone's in a document
// from elsewhere.
func OfHook(doc jobj.Object) Limit {
	var limit Limit
	if n, ok := integerMember(doc, CountKey); ok && n > 0 {
		limit.Failures = int(n)
	}
	if n, ok := integerMember(doc, WindowKey); ok && n > 0 {
		limit.Within = milliseconds(n)
	}
	return limit
}

// Settings are the limits of the system and of accounts. Safe for use by many
// goroutines.
type Settings struct {
	system   Limit
	dialect  fidelity.Dialect
	reseller func(accountID string) string

	mu       sync.RWMutex
	accounts map[string]config
}

// config is an account's own configuration.
type config struct {
	limit               Limit
	hasCount, hasWindow bool
}

// NewSettings starts with no account's configuration. reseller tells who sells to
// an account, "" for nobody.
func NewSettings(system Limit, dialect fidelity.Dialect, reseller func(accountID string) string) *Settings {
	return &Settings{system: system, dialect: dialect, reseller: reseller, accounts: map[string]config{}}
}

// System is the limit where no account says otherwise.
func (s *Settings) System() Limit { return s.system }

// Replace puts configurations, by account, in the place of all there were.
func (s *Settings) Replace(documents map[string]jobj.Object) {
	accounts := make(map[string]config, len(documents))
	for id, doc := range documents {
		accounts[id] = s.read(doc)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = accounts
}

// Set makes an account's configuration known.
func (s *Settings) Set(accountID string, doc jobj.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[accountID] = s.read(doc)
}

// Remove says that an account has no configuration of its own.
func (s *Settings) Remove(accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, accountID)
}

// Limit is what holds for the hooks of an account: its own configuration, else its
// reseller's, else the system's. What a configuration lacks comes from the system,
// never from the next one (kapps_account_config:get_global/4).
func (s *Settings) Limit(accountID string) Limit {
	own := s.config(accountID)
	limit := s.system
	if own.hasCount {
		limit.Failures = own.limit.Failures
	}
	if own.hasWindow {
		limit.Within = own.limit.Within
	}
	return limit
}

func (s *Settings) config(accountID string) config {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if own, ok := s.accounts[accountID]; ok {
		return own
	}
	return s.accounts[s.reseller(accountID)]
}

func integerMember(doc jobj.Object, key string) (int64, bool) {
	value, _ := doc.Get(key)
	return jobj.Integer(value)
}

// milliseconds is a duration, the longest one for more than it can hold.
func milliseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(min(n, most), -most)) * time.Millisecond
}

// read takes a configuration as it stands in a document, which may hold anything.
// Where the count is no number, one more than the system's is too many, and in 4.3
// it is 6 (webhooks_disabler:check_failure/3); a window that is none is a minute
// (webhooks_util:account_expires_time/1).
func (s *Settings) read(doc jobj.Object) config {
	own := config{limit: DefaultLimit(), hasCount: doc.Has(CountKey), hasWindow: doc.Has(WindowKey)}
	if s.dialect != fidelity.V43 {
		own.limit.Failures = s.system.Failures + 1
	}
	if n, ok := integerMember(doc, CountKey); ok {
		own.limit.Failures = int(n)
	}
	if n, ok := integerMember(doc, WindowKey); ok {
		own.limit.Within = milliseconds(n)
	}
	return own
}
