package wire

// ChannelOpen is channel.open.
type ChannelOpen struct{}

// ID implements Method.
func (*ChannelOpen) ID() MethodID { return id(20, 10) }

func (m *ChannelOpen) walk(c *coder) {
	c.reservedShortstr()
}

// ChannelOpenOk is channel.open-ok.
type ChannelOpenOk struct{}

// ID implements Method.
func (*ChannelOpenOk) ID() MethodID { return id(20, 11) }

func (m *ChannelOpenOk) walk(c *coder) {
	c.reserved(4)
}

// ChannelFlow is channel.flow.
type ChannelFlow struct {
	Active bool
}

// ID implements Method.
func (*ChannelFlow) ID() MethodID { return id(20, 20) }

func (m *ChannelFlow) walk(c *coder) {
	c.flags(&m.Active)
}

// ChannelFlowOk is channel.flow-ok.
type ChannelFlowOk struct {
	Active bool
}

// ID implements Method.
func (*ChannelFlowOk) ID() MethodID { return id(20, 21) }

func (m *ChannelFlowOk) walk(c *coder) {
	c.flags(&m.Active)
}

// ChannelClose is channel.close, which has the arguments of connection.close.
type ChannelClose ConnectionClose

// ID implements Method.
func (*ChannelClose) ID() MethodID { return id(20, 40) }

func (m *ChannelClose) walk(c *coder) { (*ConnectionClose)(m).walk(c) }

// ChannelCloseOk is channel.close-ok.
type ChannelCloseOk struct{}

// ID implements Method.
func (*ChannelCloseOk) ID() MethodID { return id(20, 41) }

func (*ChannelCloseOk) walk(*coder) {}
