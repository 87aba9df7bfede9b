package kapi

// Exchanges of the bus (kz_amqp.hrl and the kapi modules). All are declared
// neither durable, auto-delete nor internal and without arguments: declaring
// one otherwise breaks a real Kazoo on the same virtual host with 406.
const (
	ExchangeCallEvents    = "callevt"
	ExchangeCallControl   = "callctl"
	ExchangeCallManager   = "callmgr"
	ExchangeTargeted      = "targeted"
	ExchangeConfiguration = "configuration"
	ExchangeNotifications = "notifications"
	ExchangeConference    = "conference"
	ExchangePresence      = "presence"
	ExchangeRegistrar     = "registrar"
	ExchangeFaxes         = "faxes"
	ExchangeMessages      = "im"
	ExchangeMetaflow      = "metaflow"
	ExchangeSystemConfig  = "sysconf"
	ExchangeApplications  = "kapps"
	ExchangeCallRecords   = "cdr"
	ExchangeResources     = "resources"
	ExchangeNodes         = "nodes"
)

// ExchangeType returns the type Kazoo declares an exchange with.
func ExchangeType(name string) string {
	switch name {
	case ExchangeCallControl, ExchangeTargeted:
		return "direct"
	case ExchangeNodes:
		return "fanout"
	}
	return "topic"
}

// ContentType is the content type of every bus message (kz_amqp_util:basic_publish/5).
const ContentType = "application/json"
