package vhost

// transaction is what a channel did since the last Commit or Rollback.
type transaction struct {
	publishes []Publishing
	settled   []settled
}

// Publishing is a message that was published in a transaction.
type Publishing struct {
	Message   *Message
	Mandatory bool
}

type settled struct {
	rows []unacked
	as   fate
}

// Begin makes the channel transactional.
func (c *Channel) Begin() {
	c.vhost.mu.Lock()
	defer c.vhost.mu.Unlock()
	if c.transaction == nil {
		c.transaction = &transaction{}
	}
}

// Commit does what was asked for since the last one. returned is told of each
// mandatory message that no queue has.
func (c *Channel) Commit(returned func(*Message)) {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	t := c.transaction
	c.transaction = &transaction{}
	for _, p := range t.publishes {
		v.env.Meter.add(-p.Message.size())
		x := v.exchanges[p.Message.Exchange]
		if x == nil {
			continue // it was there when the message came in
		}
		outcome := v.publish(x, p.Message)
		if outcome.Unroutable && p.Mandatory {
			returned(p.Message)
		}
	}
	for _, s := range t.settled {
		c.apply(s.rows, s.as)
	}
}

// Rollback forgets what was asked for since the last Commit. Deliveries that were
// settled in it are unacknowledged again.
func (c *Channel) Rollback() {
	c.vhost.mu.Lock()
	defer c.vhost.unlock()
	c.rollback()
	c.transaction = &transaction{}
}

func (c *Channel) rollback() {
	if c.transaction == nil {
		return
	}
	for _, p := range c.transaction.publishes {
		c.vhost.env.Meter.add(-p.Message.size())
	}
	for _, s := range c.transaction.settled {
		c.unacked.putBack(s.rows)
	}
	c.transaction = nil
}
