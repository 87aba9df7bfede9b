package broker_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// raw is a client made of bytes, so that it can stop anywhere between two of them.
// It reads no more than it is asked to.
type raw struct {
	*net.TCPConn
	heartbeat uint16 // s; 0 is none
}

// patience bounds what a broker that works does almost at once.
const patience = 30 * time.Second

func dialRaw(ctx context.Context, address string) (raw, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return raw{}, err
	}
	r := raw{TCPConn: conn.(*net.TCPConn)}
	return r, r.SetReadDeadline(clock.System().Now().Add(patience))
}

func (r raw) send(parts ...[]byte) error {
	_, err := r.Write(slices.Concat(parts...))
	return err
}

// await reads frames up to the method of that number, 10<<16|11 for class 10 and
// method 11, and returns its arguments.
func (r raw) await(method uint32) ([]byte, error) {
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(r, head); err != nil {
			return nil, fmt.Errorf("instead of method %d,%d: %w", method>>16, method&0xffff, err)
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(r, payload); err != nil {
			return nil, err
		}
		if payload[len(payload)-1] != frameEnd {
			return nil, errors.New("a frame does not end where it should")
		}
		if head[0] != frameMethod {
			continue
		}
		switch got := binary.BigEndian.Uint32(payload); got {
		case method:
			return payload[4 : len(payload)-1], nil
		case channelClose, connectionClose:
			return nil, fmt.Errorf("the broker closes: %q", payload[4:])
		}
	}
}

// call sends a method and reads up to its answer.
func (r raw) call(method []byte, answer uint32) ([]byte, error) {
	if err := r.send(method); err != nil {
		return nil, err
	}
	return r.await(answer)
}

// Numbers of the wire, as the specification has them.
const (
	frameMethod, frameHeader, frameBody, frameEnd = 1, 2, 3, 0xce

	connectionStart   = 10<<16 | 10
	connectionStartOk = 10<<16 | 11
	connectionTune    = 10<<16 | 30
	connectionTuneOk  = 10<<16 | 31
	connectionOpen    = 10<<16 | 40
	connectionOpenOk  = 10<<16 | 41
	connectionClose   = 10<<16 | 50
	channelOpen       = 20<<16 | 10
	channelOpenOk     = 20<<16 | 11
	channelClose      = 20<<16 | 40
	queueDeclare      = 50<<16 | 10
	queueDeclareOk    = 50<<16 | 11
	basicQos          = 60<<16 | 10
	basicQosOk        = 60<<16 | 11
	basicConsume      = 60<<16 | 20
	basicConsumeOk    = 60<<16 | 21
	basicPublish      = 60<<16 | 40
	basicDeliver      = 60<<16 | 60
	basicGet          = 60<<16 | 70
	basicGetOk        = 60<<16 | 71
	basicAck          = 60<<16 | 80
	basicNack         = 60<<16 | 120
	confirmSelect     = 85<<16 | 10
	confirmSelectOk   = 85<<16 | 11
	txSelect          = 90<<16 | 10
	txSelectOk        = 90<<16 | 11
)

const protocolHeader = "AMQP\x00\x00\x09\x01"

func frame(kind byte, channel uint16, payload ...[]byte) []byte {
	body := slices.Concat(payload...)
	f := binary.BigEndian.AppendUint16([]byte{kind}, channel)
	f = binary.BigEndian.AppendUint32(f, uint32(len(body)))
	return append(append(f, body...), frameEnd)
}

func method(channel uint16, number uint32, arguments ...[]byte) []byte {
	return frame(frameMethod, channel, u32(number), slices.Concat(arguments...))
}

func u16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func bits(b byte) []byte { return []byte{b} }

func short(text string) []byte { return append([]byte{byte(len(text))}, text...) }

func long(text string) []byte { return append(u32(uint32(len(text))), text...) }

func noTable() []byte { return u32(0) }

// The parts of a message to a queue, through the default exchange.
func publishMethod(queue string) []byte {
	return method(1, basicPublish, u16(0), short(""), short(queue), bits(0))
}

func contentHeader(size int) []byte {
	return frame(frameHeader, 1, u16(60), u16(0), u64(uint64(size)), u16(0))
}

func publish(queue, body string) []byte {
	message := slices.Concat(publishMethod(queue), contentHeader(len(body)))
	for part := range slices.Chunk([]byte(body), 64<<10) {
		message = append(message, frame(frameBody, 1, part)...)
	}
	return message
}

// Bits of queue.declare, basic.consume, basic.get and basic.nack.
const (
	durable, exclusive, autoDelete = 2, 4, 8
	noAck, noAckGet                = 2, 1
	multiple, requeue              = 1, 2
)

func (r raw) startOk() []byte {
	return method(0, connectionStartOk, noTable(), short("PLAIN"), long("\x00guest\x00guest"), short("en_US"))
}

func (r raw) tuneOk() []byte {
	return method(0, connectionTuneOk, u16(2047), u32(131072), u16(r.heartbeat))
}

// login opens the connection and channel 1.
func (r raw) login() error {
	for _, step := range []struct {
		bytes  []byte
		answer uint32
	}{
		{[]byte(protocolHeader), connectionStart},
		{r.startOk(), connectionTune},
		{append(r.tuneOk(), method(0, connectionOpen, short("/"), short(""), bits(0))...), connectionOpenOk},
		{method(1, channelOpen, short("")), channelOpenOk},
	} {
		if _, err := r.call(step.bytes, step.answer); err != nil {
			return err
		}
	}
	return nil
}

// declare makes a queue and returns the name that the broker gave it.
func (r raw) declare(flags byte) (string, error) {
	answer, err := r.call(method(1, queueDeclare, u16(0), short(""), bits(flags), noTable()), queueDeclareOk)
	if err != nil {
		return "", err
	}
	return string(answer[1 : 1+answer[0]]), nil
}

func (r raw) consume(queue string, prefetch uint16, flags byte) error {
	if _, err := r.call(method(1, basicQos, u32(0), u16(prefetch), bits(0)), basicQosOk); err != nil {
		return err
	}
	_, err := r.call(method(1, basicConsume, u16(0), short(queue), short(""), bits(flags), noTable()), basicConsumeOk)
	return err
}
