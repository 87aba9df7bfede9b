package wire

// New makes an empty method of that id; nil when there is none.
func New(m MethodID) Method {
	switch m {
	case id(10, 10):
		return new(ConnectionStart)
	case id(10, 11):
		return new(ConnectionStartOk)
	case id(10, 30):
		return new(ConnectionTune)
	case id(10, 31):
		return new(ConnectionTuneOk)
	case id(10, 40):
		return new(ConnectionOpen)
	case id(10, 41):
		return new(ConnectionOpenOk)
	case id(10, 50):
		return new(ConnectionClose)
	case id(10, 51):
		return new(ConnectionCloseOk)
	case id(10, 60):
		return new(ConnectionBlocked)
	case id(10, 61):
		return new(ConnectionUnblocked)
	case id(10, 70):
		return new(ConnectionUpdateSecret)
	case id(10, 71):
		return new(ConnectionUpdateSecretOk)
	case id(20, 10):
		return new(ChannelOpen)
	case id(20, 11):
		return new(ChannelOpenOk)
	case id(20, 20):
		return new(ChannelFlow)
	case id(20, 21):
		return new(ChannelFlowOk)
	case id(20, 40):
		return new(ChannelClose)
	case id(20, 41):
		return new(ChannelCloseOk)
	case id(40, 10):
		return new(ExchangeDeclare)
	case id(40, 11):
		return new(ExchangeDeclareOk)
	case id(40, 20):
		return new(ExchangeDelete)
	case id(40, 21):
		return new(ExchangeDeleteOk)
	case id(40, 30):
		return new(ExchangeBind)
	case id(40, 31):
		return new(ExchangeBindOk)
	case id(40, 40):
		return new(ExchangeUnbind)
	case id(40, 51):
		return new(ExchangeUnbindOk)
	case id(50, 10):
		return new(QueueDeclare)
	case id(50, 11):
		return new(QueueDeclareOk)
	case id(50, 20):
		return new(QueueBind)
	case id(50, 21):
		return new(QueueBindOk)
	case id(50, 30):
		return new(QueuePurge)
	case id(50, 31):
		return new(QueuePurgeOk)
	case id(50, 40):
		return new(QueueDelete)
	case id(50, 41):
		return new(QueueDeleteOk)
	case id(50, 50):
		return new(QueueUnbind)
	case id(50, 51):
		return new(QueueUnbindOk)
	case id(60, 10):
		return new(BasicQos)
	case id(60, 11):
		return new(BasicQosOk)
	case id(60, 20):
		return new(BasicConsume)
	case id(60, 21):
		return new(BasicConsumeOk)
	case id(60, 30):
		return new(BasicCancel)
	case id(60, 31):
		return new(BasicCancelOk)
	case id(60, 40):
		return new(BasicPublish)
	case id(60, 50):
		return new(BasicReturn)
	case id(60, 60):
		return new(BasicDeliver)
	case id(60, 70):
		return new(BasicGet)
	case id(60, 71):
		return new(BasicGetOk)
	case id(60, 72):
		return new(BasicGetEmpty)
	case id(60, 80):
		return new(BasicAck)
	case id(60, 90):
		return new(BasicReject)
	case id(60, 100):
		return new(BasicRecoverAsync)
	case id(60, 110):
		return new(BasicRecover)
	case id(60, 111):
		return new(BasicRecoverOk)
	case id(60, 120):
		return new(BasicNack)
	case id(85, 10):
		return new(ConfirmSelect)
	case id(85, 11):
		return new(ConfirmSelectOk)
	case id(90, 10):
		return new(TxSelect)
	case id(90, 11):
		return new(TxSelectOk)
	case id(90, 20):
		return new(TxCommit)
	case id(90, 21):
		return new(TxCommitOk)
	case id(90, 30):
		return new(TxRollback)
	case id(90, 31):
		return new(TxRollbackOk)
	}
	return nil
}
