package wire

// ExchangeDeclare is exchange.declare.
type ExchangeDeclare struct {
	Exchange   string
	Type       string
	Passive    bool
	Durable    bool
	AutoDelete bool
	Internal   bool
	NoWait     bool
	Arguments  Table
}

// ID implements Method.
func (*ExchangeDeclare) ID() MethodID { return id(40, 10) }

func (m *ExchangeDeclare) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.Type)
	c.flags(&m.Passive, &m.Durable, &m.AutoDelete, &m.Internal, &m.NoWait)
	c.table(&m.Arguments)
}

// ExchangeDeclareOk is exchange.declare-ok.
type ExchangeDeclareOk struct{}

// ID implements Method.
func (*ExchangeDeclareOk) ID() MethodID { return id(40, 11) }

func (*ExchangeDeclareOk) walk(*coder) {}

// ExchangeDelete is exchange.delete.
type ExchangeDelete struct {
	Exchange string
	IfUnused bool
	NoWait   bool
}

// ID implements Method.
func (*ExchangeDelete) ID() MethodID { return id(40, 20) }

func (m *ExchangeDelete) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Exchange)
	c.flags(&m.IfUnused, &m.NoWait)
}

// ExchangeDeleteOk is exchange.delete-ok.
type ExchangeDeleteOk struct{}

// ID implements Method.
func (*ExchangeDeleteOk) ID() MethodID { return id(40, 21) }

func (*ExchangeDeleteOk) walk(*coder) {}

// ExchangeBind is exchange.bind.
type ExchangeBind struct {
	Destination string
	Source      string
	RoutingKey  string
	NoWait      bool
	Arguments   Table
}

// ID implements Method.
func (*ExchangeBind) ID() MethodID { return id(40, 30) }

func (m *ExchangeBind) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Destination)
	c.shortstr(&m.Source)
	c.shortstr(&m.RoutingKey)
	c.flags(&m.NoWait)
	c.table(&m.Arguments)
}

// ExchangeBindOk is exchange.bind-ok.
type ExchangeBindOk struct{}

// ID implements Method.
func (*ExchangeBindOk) ID() MethodID { return id(40, 31) }

func (*ExchangeBindOk) walk(*coder) {}

// ExchangeUnbind is exchange.unbind, which has the arguments of exchange.bind.
type ExchangeUnbind ExchangeBind

// ID implements Method.
func (*ExchangeUnbind) ID() MethodID { return id(40, 40) }

func (m *ExchangeUnbind) walk(c *coder) { (*ExchangeBind)(m).walk(c) }

// ExchangeUnbindOk is exchange.unbind-ok.
type ExchangeUnbindOk struct{}

// ID implements Method.
func (*ExchangeUnbindOk) ID() MethodID { return id(40, 51) }

func (*ExchangeUnbindOk) walk(*coder) {}
