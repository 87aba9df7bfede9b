package clock

// Machine is the clock that those of other machines agree with: what an Adjustable
// runs with, and of any other the clock itself. A moment that a peer is to judge, or
// has named, is one of this.
func Machine(c Clock) Clock {
	if adjustable, ok := c.(*Adjustable); ok {
		return Machine(adjustable.base)
	}
	return c
}
