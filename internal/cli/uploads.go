package cli

import (
	"crypto/tls"
	"net"
	"net/http"

	"github.com/kazoolab/kazoolab/internal/guard"
)

// uploader is what recordings are taken to web servers with, as far as the guard lets it reach them.
func uploader(g guard.Guard, tlsVerify bool) *http.Client {
	dialer := &net.Dialer{Timeout: askLimit, Control: g.Control()}
	return &http.Client{Transport: &http.Transport{
		DialContext:       dialer.DialContext,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !tlsVerify}, //nolint:gosec // the user's choice
		DisableKeepAlives: true,                                                                      // a recording is one request
	}}
}
