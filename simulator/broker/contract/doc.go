// Package contract holds what an AMQP 0-9-1 broker has to do, as tests.
package contract
