package bridge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// hookRow is one thing that a Kazoo user is promised: a hook made through REST, what
// is published, and what the receiver gets, byte for byte. In its texts A stands for
// the account, R for its reseller, DB and MODB for the account's databases, C for
// the id of the cluster and URL for the receiver, all in braces.
type hookRow struct {
	// says is a line of the talk, or of the documentation.
	says string
	// owner of the hook; acme unless it is said. No hook is made where hook is "".
	owner, hook string

	exchange, key, message string
	gzip                   bool

	// want are the requests: method, target and content type, then the body in a line
	// of its own.
	want []string
}

// wire keeps requests as they stand on the wire.
type wire struct {
	url string

	mu  sync.Mutex
	got []string
	ids []string // X-Hook-ID and X-Account-ID of each
}

func newWire() *wire {
	w := &wire{}
	server := httptest.NewServer(w)
	DeferCleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *wire) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	line := strings.TrimSpace(r.Method + " " + r.RequestURI + " " + r.Header.Get("Content-Type"))
	w.got = append(w.got, strings.TrimSpace(line+"\n"+string(body)))
	w.ids = append(w.ids, r.Header.Get("X-Hook-Id")+" "+r.Header.Get("X-Account-Id"))
}

// requests are those after the first n.
func (w *wire) requests(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.got[n:]...)
}

var _ = Describe("Every hook", Ordered, func() {
	var l *lab
	var far *wire
	var names *strings.Replacer
	expected := 0
	BeforeAll(func(ctx SpecContext) {
		l, far = newLab(ctx), newWire()
		for _, exchange := range []string{kapi.ExchangeConfiguration, kapi.ExchangeNotifications, kapi.ExchangeMessages} {
			l.bus.DeclareExchange(exchange, kapi.ExchangeType(exchange))
		}
		cluster, err := l.store.Secret(ctx, "cluster_id", func() ([]byte, error) { return nil, fmt.Errorf("the bridge has not drawn one") })
		Expect(err).NotTo(HaveOccurred())
		names = strings.NewReplacer("{A}", acme, "{R}", reseller, "{C}", string(cluster), "{URL}", far.url,
			"{DB}", kapi.AccountDB(acme), "{MODB}", kapi.AccountDB(acme)+"-202611")
	}, NodeTimeout(time.Minute))

	DescribeTable("sends what the bus says", func(ctx SpecContext, row hookRow) {
		id, owner := "", row.owner
		if owner == "" {
			owner = acme
		}
		if row.hook != "" {
			body := names.Replace(`{"data":{"name":"n","uri":"{URL}/hook",` + row.hook + `}}`)
			made := l.node.request(ctx, http.MethodPut, "/v2/accounts/"+owner+"/webhooks", l.node.token(ctx, owner), body)
			Expect(made.Status).To(Equal(http.StatusCreated), "%v", made.Object)
			id = made.String("data", "id")
		}
		before := len(far.requests(0))
		l.tell(ctx, row.exchange, names.Replace(row.key), names.Replace(row.message), row.gzip)
		want := make([]string, len(row.want))
		for i := range want {
			want[i] = names.Replace(row.want[i])
		}
		expected += len(want)
		Eventually(ctx, func() []string { return far.requests(before) }).WithTimeout(patience).Should(ConsistOf(want))
		if id != "" {
			Expect(far.ids).To(ContainElement(id + " " + owner))
			gone := l.node.request(ctx, http.MethodDelete, "/v2/accounts/"+owner+"/webhooks/"+id, l.node.token(ctx, owner), "")
			Expect(gone.Status).To(Equal(http.StatusOK))
		}
	}, hookEntries())

	It("sends nothing twice", func() {
		Expect(far.requests(0)).To(HaveLen(expected))
	})
})

func hookEntries() []TableEntry {
	var entries []TableEntry
	for _, rows := range [][]hookRow{talkRows(), faxRows(), objectRows(), notificationRows(), otherRows()} {
		for _, row := range rows {
			entries = append(entries, Entry(row.says, SpecTimeout(time.Minute), row))
		}
	}
	return entries
}

// tell publishes on any exchange and returns when a queue has it.
func (l *lab) tell(ctx context.Context, exchange, key, body string, zipped bool) {
	GinkgoHelper()
	msg := bus.Message{Exchange: exchange, Key: key, Body: []byte(body), Mandatory: true, UntilRouted: true}
	if zipped {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		_, err := z.Write(msg.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(z.Close()).To(Succeed())
		msg.Body, msg.ContentEncoding = buf.Bytes(), "gzip"
	}
	Expect(l.bus.Publish(ctx, msg)).To(Succeed())
}
