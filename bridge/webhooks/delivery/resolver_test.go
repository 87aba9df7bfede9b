package delivery

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver knows the names given, and asks nobody. The map may change between two
// requests.
func resolver(t *testing.T, names map[string][]string) *net.Resolver {
	t.Helper()
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go serveDNS(server, names)
		return client, nil
	}}
}

// serveDNS answers questions as over TCP: each message behind its length.
func serveDNS(conn net.Conn, names map[string][]string) {
	defer func() { _ = conn.Close() }()
	for {
		length := make([]byte, 2)
		if _, err := io.ReadFull(conn, length); err != nil {
			return
		}
		question := make([]byte, int(length[0])<<8|int(length[1]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question) != nil || len(m.Questions) != 1 {
			return
		}
		m.Response, m.Additionals = true, nil
		asked := m.Questions[0]
		addresses, known := names[asked.Name.String()[:len(asked.Name.String())-1]]
		if !known {
			m.RCode = dnsmessage.RCodeNameError
		}
		for _, text := range addresses {
			address := netip.MustParseAddr(text)
			header := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class}
			switch {
			case asked.Type == dnsmessage.TypeA && address.Is4():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
			case asked.Type == dnsmessage.TypeAAAA && address.Is6():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
			}
		}
		answer, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// exceptFor dials one address whatever the guard says.
func exceptFor(address string, guarded dial) dial {
	return func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == address {
			return (&net.Dialer{}).DialContext(ctx, network, to)
		}
		return guarded(ctx, network, to)
	}
}
