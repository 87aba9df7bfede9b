package wire

// ConnectionStart is connection.start.
type ConnectionStart struct {
	VersionMajor     uint8
	VersionMinor     uint8
	ServerProperties Table
	Mechanisms       string
	Locales          string
}

// ID implements Method.
func (*ConnectionStart) ID() MethodID { return id(10, 10) }

func (m *ConnectionStart) walk(c *coder) {
	c.octet(&m.VersionMajor)
	c.octet(&m.VersionMinor)
	c.table(&m.ServerProperties)
	c.longstr(&m.Mechanisms)
	c.longstr(&m.Locales)
}

// ConnectionStartOk is connection.start-ok.
type ConnectionStartOk struct {
	ClientProperties Table
	Mechanism        string
	Response         string
	Locale           string
}

// ID implements Method.
func (*ConnectionStartOk) ID() MethodID { return id(10, 11) }

func (m *ConnectionStartOk) walk(c *coder) {
	c.table(&m.ClientProperties)
	c.shortstr(&m.Mechanism)
	c.longstr(&m.Response)
	c.shortstr(&m.Locale)
}

// ConnectionTune is connection.tune.
type ConnectionTune struct {
	ChannelMax uint16
	FrameMax   uint32
	Heartbeat  uint16
}

// ID implements Method.
func (*ConnectionTune) ID() MethodID { return id(10, 30) }

func (m *ConnectionTune) walk(c *coder) {
	c.short(&m.ChannelMax)
	c.long(&m.FrameMax)
	c.short(&m.Heartbeat)
}

// ConnectionTuneOk is connection.tune-ok, which has the arguments of
// connection.tune.
type ConnectionTuneOk ConnectionTune

// ID implements Method.
func (*ConnectionTuneOk) ID() MethodID { return id(10, 31) }

func (m *ConnectionTuneOk) walk(c *coder) { (*ConnectionTune)(m).walk(c) }

// ConnectionOpen is connection.open.
type ConnectionOpen struct {
	VirtualHost string
}

// ID implements Method.
func (*ConnectionOpen) ID() MethodID { return id(10, 40) }

func (m *ConnectionOpen) walk(c *coder) {
	c.shortstr(&m.VirtualHost)
	c.reservedShortstr()
	c.reserved(1)
}

// ConnectionOpenOk is connection.open-ok.
type ConnectionOpenOk struct{}

// ID implements Method.
func (*ConnectionOpenOk) ID() MethodID { return id(10, 41) }

func (m *ConnectionOpenOk) walk(c *coder) {
	c.reservedShortstr()
}

// ConnectionClose is connection.close.
type ConnectionClose struct {
	ReplyCode uint16
	ReplyText string
	Cause     MethodID
}

// ID implements Method.
func (*ConnectionClose) ID() MethodID { return id(10, 50) }

func (m *ConnectionClose) walk(c *coder) {
	c.short(&m.ReplyCode)
	c.shortstr(&m.ReplyText)
	c.long((*uint32)(&m.Cause))
}

// ConnectionCloseOk is connection.close-ok.
type ConnectionCloseOk struct{}

// ID implements Method.
func (*ConnectionCloseOk) ID() MethodID { return id(10, 51) }

func (*ConnectionCloseOk) walk(*coder) {}

// ConnectionBlocked is connection.blocked.
type ConnectionBlocked struct {
	Reason string
}

// ID implements Method.
func (*ConnectionBlocked) ID() MethodID { return id(10, 60) }

func (m *ConnectionBlocked) walk(c *coder) {
	c.shortstr(&m.Reason)
}

// ConnectionUnblocked is connection.unblocked.
type ConnectionUnblocked struct{}

// ID implements Method.
func (*ConnectionUnblocked) ID() MethodID { return id(10, 61) }

func (*ConnectionUnblocked) walk(*coder) {}

// ConnectionUpdateSecret is connection.update-secret.
type ConnectionUpdateSecret struct {
	NewSecret string
	Reason    string
}

// ID implements Method.
func (*ConnectionUpdateSecret) ID() MethodID { return id(10, 70) }

func (m *ConnectionUpdateSecret) walk(c *coder) {
	c.longstr(&m.NewSecret)
	c.shortstr(&m.Reason)
}

// ConnectionUpdateSecretOk is connection.update-secret-ok.
type ConnectionUpdateSecretOk struct{}

// ID implements Method.
func (*ConnectionUpdateSecretOk) ID() MethodID { return id(10, 71) }

func (*ConnectionUpdateSecretOk) walk(*coder) {}
