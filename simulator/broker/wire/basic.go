package wire

// BasicQos is basic.qos.
type BasicQos struct {
	PrefetchSize  uint32
	PrefetchCount uint16
	Global        bool
}

// ID implements Method.
func (*BasicQos) ID() MethodID { return id(60, 10) }

func (m *BasicQos) walk(c *coder) {
	c.long(&m.PrefetchSize)
	c.short(&m.PrefetchCount)
	c.flags(&m.Global)
}

// BasicQosOk is basic.qos-ok.
type BasicQosOk struct{}

// ID implements Method.
func (*BasicQosOk) ID() MethodID { return id(60, 11) }

func (*BasicQosOk) walk(*coder) {}

// BasicConsume is basic.consume.
type BasicConsume struct {
	Queue       string
	ConsumerTag string
	NoLocal     bool
	NoAck       bool
	Exclusive   bool
	NoWait      bool
	Arguments   Table
}

// ID implements Method.
func (*BasicConsume) ID() MethodID { return id(60, 20) }

func (m *BasicConsume) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.shortstr(&m.ConsumerTag)
	c.flags(&m.NoLocal, &m.NoAck, &m.Exclusive, &m.NoWait)
	c.table(&m.Arguments)
}

// BasicConsumeOk is basic.consume-ok.
type BasicConsumeOk struct {
	ConsumerTag string
}

// ID implements Method.
func (*BasicConsumeOk) ID() MethodID { return id(60, 21) }

func (m *BasicConsumeOk) walk(c *coder) {
	c.shortstr(&m.ConsumerTag)
}

// BasicCancel is basic.cancel.
type BasicCancel struct {
	ConsumerTag string
	NoWait      bool
}

// ID implements Method.
func (*BasicCancel) ID() MethodID { return id(60, 30) }

func (m *BasicCancel) walk(c *coder) {
	c.shortstr(&m.ConsumerTag)
	c.flags(&m.NoWait)
}

// BasicCancelOk is basic.cancel-ok.
type BasicCancelOk struct {
	ConsumerTag string
}

// ID implements Method.
func (*BasicCancelOk) ID() MethodID { return id(60, 31) }

func (m *BasicCancelOk) walk(c *coder) {
	c.shortstr(&m.ConsumerTag)
}

// BasicPublish is basic.publish.
type BasicPublish struct {
	Exchange   []byte
	RoutingKey []byte
	Mandatory  bool
	Immediate  bool
}

// ID implements Method.
func (*BasicPublish) ID() MethodID { return id(60, 40) }

func (m *BasicPublish) walk(c *coder) {
	c.reserved(2)
	c.view(&m.Exchange)
	c.view(&m.RoutingKey)
	c.flags(&m.Mandatory, &m.Immediate)
}

// BasicReturn is basic.return.
type BasicReturn struct {
	ReplyCode  uint16
	ReplyText  string
	Exchange   string
	RoutingKey string
}

// ID implements Method.
func (*BasicReturn) ID() MethodID { return id(60, 50) }

func (m *BasicReturn) walk(c *coder) {
	c.short(&m.ReplyCode)
	c.shortstr(&m.ReplyText)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.RoutingKey)
}

// BasicDeliver is basic.deliver.
type BasicDeliver struct {
	ConsumerTag string
	DeliveryTag uint64
	Redelivered bool
	Exchange    string
	RoutingKey  string
}

// ID implements Method.
func (*BasicDeliver) ID() MethodID { return id(60, 60) }

func (m *BasicDeliver) walk(c *coder) {
	c.shortstr(&m.ConsumerTag)
	c.longlong(&m.DeliveryTag)
	c.flags(&m.Redelivered)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.RoutingKey)
}

// BasicGet is basic.get.
type BasicGet struct {
	Queue string
	NoAck bool
}

// ID implements Method.
func (*BasicGet) ID() MethodID { return id(60, 70) }

func (m *BasicGet) walk(c *coder) {
	c.reserved(2)
	c.shortstr(&m.Queue)
	c.flags(&m.NoAck)
}

// BasicGetOk is basic.get-ok.
type BasicGetOk struct {
	DeliveryTag  uint64
	Redelivered  bool
	Exchange     string
	RoutingKey   string
	MessageCount uint32
}

// ID implements Method.
func (*BasicGetOk) ID() MethodID { return id(60, 71) }

func (m *BasicGetOk) walk(c *coder) {
	c.longlong(&m.DeliveryTag)
	c.flags(&m.Redelivered)
	c.shortstr(&m.Exchange)
	c.shortstr(&m.RoutingKey)
	c.long(&m.MessageCount)
}

// BasicGetEmpty is basic.get-empty.
type BasicGetEmpty struct{}

// ID implements Method.
func (*BasicGetEmpty) ID() MethodID { return id(60, 72) }

func (m *BasicGetEmpty) walk(c *coder) {
	c.reservedShortstr()
}

// BasicAck is basic.ack.
type BasicAck struct {
	DeliveryTag uint64
	Multiple    bool
}

// ID implements Method.
func (*BasicAck) ID() MethodID { return id(60, 80) }

func (m *BasicAck) walk(c *coder) {
	c.longlong(&m.DeliveryTag)
	c.flags(&m.Multiple)
}

// BasicReject is basic.reject.
type BasicReject struct {
	DeliveryTag uint64
	Requeue     bool
}

// ID implements Method.
func (*BasicReject) ID() MethodID { return id(60, 90) }

func (m *BasicReject) walk(c *coder) {
	c.longlong(&m.DeliveryTag)
	c.flags(&m.Requeue)
}

// BasicRecoverAsync is basic.recover-async.
type BasicRecoverAsync struct {
	Requeue bool
}

// ID implements Method.
func (*BasicRecoverAsync) ID() MethodID { return id(60, 100) }

func (m *BasicRecoverAsync) walk(c *coder) {
	c.flags(&m.Requeue)
}

// BasicRecover is basic.recover.
type BasicRecover struct {
	Requeue bool
}

// ID implements Method.
func (*BasicRecover) ID() MethodID { return id(60, 110) }

func (m *BasicRecover) walk(c *coder) {
	c.flags(&m.Requeue)
}

// BasicRecoverOk is basic.recover-ok.
type BasicRecoverOk struct{}

// ID implements Method.
func (*BasicRecoverOk) ID() MethodID { return id(60, 111) }

func (*BasicRecoverOk) walk(*coder) {}

// BasicNack is basic.nack.
type BasicNack struct {
	DeliveryTag uint64
	Multiple    bool
	Requeue     bool
}

// ID implements Method.
func (*BasicNack) ID() MethodID { return id(60, 120) }

func (m *BasicNack) walk(c *coder) {
	c.longlong(&m.DeliveryTag)
	c.flags(&m.Multiple, &m.Requeue)
}
