// Package contract holds, as tests, what a broker of AMQP 0-9-1 has to do here:
// the protocol and RabbitMQ's extensions to it, as a client sees them on the
// wire. It owns tests only; nothing imports it.
//
// RabbitMQ is the judge. Every expectation, the texts of errors included, is what
// RabbitMQ 3.10.8 was seen to do, and the tests run against whatever broker
// internal/brokertest gives, without knowing which one that is: RabbitMQ, or
// the one in this tree, with the same verdict. Half of the tests use a plain
// client; where that hides what comes (class and method of an error, order of
// frames, types of headers), they send and read frames by a client of their own
// (wire*_test.go), which shares no code with any broker.
//
// Each check is a test, or a test within one, whose name states the behaviour.
// A top-level test has a virtual host of its own, and runs beside others.
//
// # Not held
//
// What RabbitMQ 3.10 does, but no broker has to:
//
//   - a mandatory answer by direct reply-to is delivered and returned as well;
//   - an x-argument of an exchange or a queue that makes RabbitMQ crash closes the
//     connection with 541 INTERNAL_ERROR (hash-header as a number, an unknown
//     x-queue-master-locator), and so do properties that cannot be decoded;
//   - channel.open sent before the answer to channel.close may be refused;
//   - a client that says nothing in the handshake is dropped after 10 seconds;
//   - the multiple flag of a confirm, and its grouping;
//   - permissions, streams, and what happens at 128 MiB;
//   - that a client's own x-death is taken over, and counted up, at a death.
//
// connection.blocked is tested where the broker's alarms can be rung.
//
// # RabbitMQ 4
//
// These differences are known from RabbitMQ's release notes and documentation
// only. They are unmeasured: the suite has been run on no version after 3.10, and
// the tests named would have to change for one.
//
//   - 3.13: a client's own x-death is not looked at any more (3.13.3 and later
//     patches of 3.13 look at it again, 4.0 does not). Message containers keep a
//     message in a form of their own: headers that begin with x- belong to the
//     broker, and the order and types of headers after a dead letter need not be
//     those of TestDeadLetters.
//   - 3.12: x-queue-mode lazy means nothing. 4.3: x-queue-mode of any value and
//     x-queue-version 1 are refused (TestArgumentsThatAreWords,
//     TestQueueDeclaredAgain).
//   - 4.0: a quorum queue has a delivery limit of 20 where none is set, and -1
//     for none; so a message that returns is likely to go to the front where
//     TestQuorumQueues sees it at the end.
//   - 4.0: a quorum queue knows two priorities without an argument, in a ratio of
//     two to one. 4.3: it takes x-max-priority, up to 31
//     (TestArgumentsOfQuorumQueues).
//   - 4.3: only basic.reject counts in a quorum queue's x-delivery-count;
//     basic.nack and the end of a channel do not (TestQuorumQueues).
//   - 4.0: classic queues are not mirrored any more; nothing here asks for it.
//   - 4.0: a message may have 16 MiB, not 128.
//   - 4.1: frame_max is 8192 at least, and before the login, not 4096 (TestTuning,
//     TestBodies). Some failed handshakes are answered in more words.
//   - 4.2: whether the requester still listens is not looked at for a mandatory
//     answer by direct reply-to, which is not returned (TestReplyTo).
//   - 4.3: a queue that is neither durable nor exclusive is refused, unless the
//     settings allow it; it was deprecated before. Some tests make such queues.
//   - 4.3: a prefetch for the whole channel (basic.qos, global) closes the channel,
//     unless the settings allow it (TestPrefetch).
package contract
