package pivot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// accountDatabase is that of the call.
func (w *worker) accountDatabase() string {
	if db := w.call.String("Account-DB"); db != "" {
		return db
	}
	return kapi.AccountDB(w.accountID)
}

// save stores a document, completed by what the data layer adds; typ "" is a document that brings its
// pvt_type.
func (w *worker) save(database string, doc jobj.Object, typ string) {
	if w.e.Save == nil || w.accountID == "" {
		return
	}
	now := kapi.Gregorian(w.e.Line.Now())
	add := func(key string, value any) { doc = append(doc, jobj.Member{Key: key, Value: value}) }
	add("pvt_created", now)
	add("pvt_modified", now)
	if typ != "" {
		add("pvt_type", typ)
	}
	add("pvt_node", w.e.Node)
	sum := sha256.Sum256(jobj.Append(nil, doc))
	add("pvt_document_hash", hex.EncodeToString(sum[:16]))
	add("_id", w.e.IDs.Hex(32))
	w.tell(Step{Kind: Stored, Key: database, Message: doc})
	w.e.Save(database, doc)
}

// debugDocument stores one of the account's month (pivot_call:store_debug/2).
func (w *worker) debugDocument(fields jobj.Object) {
	database := fmt.Sprintf("%s-%s", w.accountDatabase(), w.e.Line.Now().UTC().Format("200601"))
	w.save(database, append(fields,
		jobj.Member{Key: "iteration", Value: int64(w.iteration)},
		jobj.Member{Key: "call_id", Value: w.callID},
		jobj.Member{Key: "pvt_account_id", Value: w.accountID},
		jobj.Member{Key: "pvt_account_db", Value: database},
	), "pivot_debug")
}

func (w *worker) storeRequest(r request.Request) {
	if !w.debug {
		return
	}
	headers := jobj.Object{}
	for _, h := range r.Header {
		if h[0] == "content-type" {
			headers = append(headers, jobj.Member{Key: h[0], Value: strings.ToLower(h[1])})
		}
	}
	w.debugDocument(jobj.Object{
		{Key: "uri", Value: r.Composed}, {Key: "method", Value: strings.ToLower(r.Method)}, {Key: "req_headers", Value: headers},
		{Key: "req_body", Value: r.Body},
	})
}

// storeAnswer stores an answer. A body that was streamed is always said to have come with 200.
func (w *worker) storeAnswer(a client.Answer, streamed bool) {
	if !w.debug {
		return
	}
	status := a.Status
	if streamed && status == http.StatusPartialContent {
		status = http.StatusOK
	}
	w.debugDocument(jobj.Object{
		{Key: "resp_status_code", Value: strconv.Itoa(status)}, {Key: "resp_headers", Value: answerHeaders(a.Header)}, {Key: "resp_body", Value: string(a.Body)},
	})
}

// knownHeaders are those that the reference's client knows, in its order (http_response_h).
func knownHeaders() []string {
	return strings.Fields(`cache-control connection date pragma trailer transfer-encoding upgrade via warning accept-ranges age etag location
proxy-authenticate retry-after server vary www-authenticate allow content-encoding content-language content-length content-location
content-md5 content-range content-type expires last-modified`)
}

// answerHeaders are in lower case: of each known one the first, then the others as they came.
func answerHeaders(header [][2]string) jobj.Object {
	known := knownHeaders()
	first := make([]*jobj.Member, len(known))
	var others jobj.Object
	for _, h := range header {
		m := jobj.Member{Key: strings.ToLower(h[0]), Value: strings.ToLower(h[1])}
		switch i := slices.Index(known, m.Key); {
		case i < 0:
			others = append(others, m)
		case first[i] == nil:
			first[i] = &m
		}
	}
	out := make(jobj.Object, 0, len(header))
	for _, m := range first {
		if m != nil {
			out = append(out, *m)
		}
	}
	return append(out, others...)
}
