package crossbar

import (
	"net/http"
	"slices"
	"strings"
)

const (
	corsHeaders = "content-type, depth, user-agent, x-http-method-override, x-file-size, x-requested-with, " +
		"if-modified-since, x-file-name, cache-control, x-auth-token, x-kazoo-cluster-id, if-match"
	corsExposed = "content-type, x-auth-token, x-request-id, x-kazoo-cluster-id, location, etag, etag"
	corsMaxAge  = "86400"
	// corsAnyMethod is shown while it is not known what a path allows.
	corsAnyMethod = "OPTIONS, GET, POST, PUT, DELETE, HEAD, PATCH, OPTIONS"
)

// writeCORS lets pages of any origin read the answer. Every error carries these
// headers, and so does every answer to a request that asked.
func (r *request) writeCORS(header http.Header) {
	methods := corsAnyMethod
	if r.allowed != nil {
		list := append([]string{http.MethodOptions}, r.allowed...)
		if asked := r.http.Header.Get("Access-Control-Request-Method"); asked != "" && !slices.Contains(list, asked) {
			list = append([]string{asked}, list...)
		}
		methods = strings.Join(list, ", ")
	}
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Methods", methods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Expose-Headers", corsExposed)
	header.Set("Access-Control-Max-Age", corsMaxAge)
}
