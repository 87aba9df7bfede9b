package wire

// ConfirmSelect is confirm.select.
type ConfirmSelect struct {
	NoWait bool
}

// ID implements Method.
func (*ConfirmSelect) ID() MethodID { return id(85, 10) }

func (m *ConfirmSelect) walk(c *coder) {
	c.flags(&m.NoWait)
}

// ConfirmSelectOk is confirm.select-ok.
type ConfirmSelectOk struct{}

// ID implements Method.
func (*ConfirmSelectOk) ID() MethodID { return id(85, 11) }

func (*ConfirmSelectOk) walk(*coder) {}

// TxSelect is tx.select.
type TxSelect struct{}

// ID implements Method.
func (*TxSelect) ID() MethodID { return id(90, 10) }

func (*TxSelect) walk(*coder) {}

// TxSelectOk is tx.select-ok.
type TxSelectOk struct{}

// ID implements Method.
func (*TxSelectOk) ID() MethodID { return id(90, 11) }

func (*TxSelectOk) walk(*coder) {}

// TxCommit is tx.commit.
type TxCommit struct{}

// ID implements Method.
func (*TxCommit) ID() MethodID { return id(90, 20) }

func (*TxCommit) walk(*coder) {}

// TxCommitOk is tx.commit-ok.
type TxCommitOk struct{}

// ID implements Method.
func (*TxCommitOk) ID() MethodID { return id(90, 21) }

func (*TxCommitOk) walk(*coder) {}

// TxRollback is tx.rollback.
type TxRollback struct{}

// ID implements Method.
func (*TxRollback) ID() MethodID { return id(90, 30) }

func (*TxRollback) walk(*coder) {}

// TxRollbackOk is tx.rollback-ok.
type TxRollbackOk struct{}

// ID implements Method.
func (*TxRollbackOk) ID() MethodID { return id(90, 31) }

func (*TxRollbackOk) walk(*coder) {}
