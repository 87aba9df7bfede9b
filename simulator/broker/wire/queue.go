package wire

// QueueDeclare is queue.declare.
type QueueDeclare struct {
	Queue      string
	Passive    bool
	Durable    bool
	Exclusive  bool
	AutoDelete bool
	NoWait     bool
	Arguments  Table
}

// ID implements Method.
func (*QueueDeclare) ID() MethodID { return id(50, 10) }

func (m *QueueDeclare) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.flags(&m.Passive, &m.Durable, &m.Exclusive, &m.AutoDelete, &m.NoWait)
	c.table(&m.Arguments)
}

// QueueDeclareOk is queue.declare-ok.
type QueueDeclareOk struct {
	Queue         string
	MessageCount  uint32
	ConsumerCount uint32
}

// ID implements Method.
func (*QueueDeclareOk) ID() MethodID { return id(50, 11) }

func (m *QueueDeclareOk) walk(c *coder) {
	c.shortstr(&m.Queue)
	c.long(&m.MessageCount)
	c.long(&m.ConsumerCount)
}

// QueueBind is queue.bind.
type QueueBind struct {
	Queue      string
	Exchange   string
	RoutingKey string
	NoWait     bool
	Arguments  Table
}

// ID implements Method.
func (*QueueBind) ID() MethodID { return id(50, 20) }

func (m *QueueBind) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.RoutingKey)
	c.flags(&m.NoWait)
	c.table(&m.Arguments)
}

// QueueBindOk is queue.bind-ok.
type QueueBindOk struct{}

// ID implements Method.
func (*QueueBindOk) ID() MethodID { return id(50, 21) }

func (*QueueBindOk) walk(*coder) {}

// QueuePurge is queue.purge.
type QueuePurge struct {
	Queue  string
	NoWait bool
}

// ID implements Method.
func (*QueuePurge) ID() MethodID { return id(50, 30) }

func (m *QueuePurge) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.flags(&m.NoWait)
}

// QueuePurgeOk is queue.purge-ok.
type QueuePurgeOk struct {
	MessageCount uint32
}

// ID implements Method.
func (*QueuePurgeOk) ID() MethodID { return id(50, 31) }

func (m *QueuePurgeOk) walk(c *coder) {
	c.long(&m.MessageCount)
}

// QueueDelete is queue.delete.
type QueueDelete struct {
	Queue    string
	IfUnused bool
	IfEmpty  bool
	NoWait   bool
}

// ID implements Method.
func (*QueueDelete) ID() MethodID { return id(50, 40) }

func (m *QueueDelete) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.flags(&m.IfUnused, &m.IfEmpty, &m.NoWait)
}

// QueueDeleteOk is queue.delete-ok.
type QueueDeleteOk struct {
	MessageCount uint32
}

// ID implements Method.
func (*QueueDeleteOk) ID() MethodID { return id(50, 41) }

func (m *QueueDeleteOk) walk(c *coder) {
	c.long(&m.MessageCount)
}

// QueueUnbind is queue.unbind.
type QueueUnbind struct {
	Queue      string
	Exchange   string
	RoutingKey string
	Arguments  Table
}

// ID implements Method.
func (*QueueUnbind) ID() MethodID { return id(50, 50) }

func (m *QueueUnbind) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.RoutingKey)
	c.table(&m.Arguments)
}

// QueueUnbindOk is queue.unbind-ok.
type QueueUnbindOk struct{}

// ID implements Method.
func (*QueueUnbindOk) ID() MethodID { return id(50, 51) }

func (*QueueUnbindOk) walk(*coder) {}
