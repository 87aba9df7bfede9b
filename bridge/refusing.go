package bridge

import "net"

// unreadable is what net/http writes when it cannot read a request's first line: the path has
// a bad escape, say. No handler sees such a request.
const unreadable = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"

// refused is the same without a body, as cowboy says it.
const refused = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// wordless is a listener on whose connections requests that cannot be read are refused without a body.
type wordless struct{ net.Listener }

// Accept waits for a connection.
func (l wordless) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return wordlessConn{conn}, nil
}

type wordlessConn struct{ net.Conn }

// Write replaces the one text.
func (c wordlessConn) Write(text []byte) (int, error) {
	if len(text) != len(unreadable) || string(text) != unreadable {
		return c.Conn.Write(text)
	}
	if _, err := c.Conn.Write([]byte(refused)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// CloseWrite tells the client that no more comes, so that it can still read what did.
func (c wordlessConn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}
