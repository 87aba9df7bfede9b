package blackhole

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is one of TLS, kept in files that are read again when they change.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate
	version [2]version
}

// version tells that a file was written.
type version struct {
	modified time.Time
	size     int64
}

// OpenCertificate reads the files. The error says which one cannot be used.
func OpenCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	if _, err := c.current(); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is for a listener. Files that have become unreadable, or no longer fit
// together, are logged, and the certificate of before is used on.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current()
		},
	}
}

func (c *Certificate) current() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.look()
	if err == nil && c.loaded != nil && now == c.version {
		return c.loaded, nil
	}
	var fresh tls.Certificate
	if err == nil {
		fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	switch {
	case err == nil && c.loaded != nil:
		c.log.Info("certificate read again", "file", c.certFile)
		fallthrough
	case err == nil:
		c.loaded = &fresh
	case c.loaded == nil:
		return nil, fmt.Errorf("certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	case now != c.version:
		c.log.Error("certificate not read again, the one of before is used", "file", c.certFile, "error", err)
	}
	c.version = now
	return c.loaded, nil
}

func (c *Certificate) look() (now [2]version, err error) {
	for i, file := range []string{c.certFile, c.keyFile} {
		var info fs.FileInfo
		if info, err = os.Stat(file); err != nil {
			return now, err
		}
		now[i] = version{info.ModTime(), info.Size()}
	}
	return now, nil
}
