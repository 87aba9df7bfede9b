package vhost

// transaction is what a channel did since the last Commit or Rollback.
type transaction struct {
	publishes []publishing
	settled   []settled
}

// publishing is a message that was published in a transaction.
type publishing struct {
	message   *Message
	mandatory bool
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
		v.env.Meter.Add(-p.message.size())
		x := v.exchanges[p.message.Exchange]
		if x == nil {
			continue // it was there when the message came in
		}
		outcome := v.publish(x, p.message)
		if outcome.Unroutable && p.mandatory {
			returned(p.message)
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
		c.vhost.env.Meter.Add(-p.message.size())
	}
	var rows []unacked
	for _, s := range c.transaction.settled {
		rows = append(rows, s.rows...)
	}
	if len(rows) > 0 {
		c.unacked.putBack(rows)
	}
	c.transaction = nil
}
