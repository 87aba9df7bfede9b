package pbx

import (
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// FaxBox is where an account's faxes come in and go out.
type FaxBox struct {
	ID      string // of its document
	Name    string
	Number  string // E.164
	OwnerID string
	Email   string // who is told; "" for nobody
}

// Fax is a fax that is sent or received. Whoever plays it calls its methods in the order
// in which they stand here, and lets time pass between them (fax_worker, fax_request).
type Fax struct {
	core     *Core
	account  Account
	box      FaxBox
	outgoing bool
	job      string // Job-ID of its states
	stored   string // id of its document, which begins with the month of its beginning
	far      string // E.164
	pages    int
	ch       *Channel
	told     bool // whether the switch has told anything of the transfer
	page     int  // that is told
	over     int  // pages that went over the line
}

// SendFax begins a fax to a number: its document waits to be sent.
func (c *Core) SendFax(a Account, box FaxBox, number string, pages int) (*Fax, error) {
	box.Number = a.outside(box.Number)
	f := &Fax{core: c, account: a, box: box, outgoing: true, job: c.ids.Hex(32), far: e164(number), pages: pages}
	f.stored = c.now().Format("200601") + "-" + f.job
	return f, f.changed("faxes", "created", f.job, 1)
}

// ReceiveFax begins a fax on a call that has come in, which has been routed.
func (c *Core) ReceiveFax(ch *Channel, box FaxBox, pages int) (*Fax, error) {
	f := &Fax{core: c, account: ch.account, box: box, job: c.NewDocumentID(true), far: ch.callerNumber, pages: pages, ch: ch}
	f.stored = f.job
	return f, f.State("New Fax from "+f.far, "start")
}

// Channel is the leg that carries it; nil before Originate.
func (f *Fax) Channel() *Channel { return f.ch }

// State says how far it is, in the words of the fax application.
func (f *Fax) State(text, state string) error { return f.status(text, state, nil) }

// Originate places the leg of a fax that is sent. Its events are known by the Job-ID.
func (f *Fax) Originate() error {
	c := f.core
	ch := c.begin(f.account, c.uuid4(), "outbound")
	ch.originationID = f.job
	ch.name = "sofia/sipinterface_1/" + f.far + "@" + c.host.Carrier
	ch.callerName, ch.callerNumber = f.box.Name, f.box.Number
	ch.calleeNumber, ch.destination = f.far, f.far
	ch.presenceID = f.far + "@" + c.host.Carrier
	ch.request, ch.to, ch.from = f.far+"@"+c.host.Carrier, f.far+"@"+c.host.Carrier, f.box.Number+"@"+c.host.Public
	ch.fromTag = c.switchTag()
	ch.vars = append(f.account.vars(), jobj.Object{
		{Key: "Authorizing-Type", Value: "outbound_fax"}, {Key: "Authorizing-ID", Value: f.job},
		{Key: "Ecallmgr-Node", Value: "ecallmgr@" + c.host.Apps},
	}...)
	f.ch = ch
	return c.announce(ch)
}

// Negotiated says that both ends have agreed how fast to go: 14,400 bits a second.
func (f *Fax) Negotiated() error {
	if err := f.heard("negociateresult", f.info()); err != nil {
		return err
	}
	return f.status(f.words("Fax", "fax")+" negotiated at 14400", f.words("send", "receive"), f.info())
}

// Page says that a further page went over. Pages that come in are counted one late.
func (f *Fax) Page() error {
	if err := f.up(); err != nil {
		return err
	}
	f.page = max(f.over, 1)
	f.over++
	text := "Received  Page " + strconv.Itoa(f.page)
	if f.outgoing {
		f.page = f.over
		text = "Sent Page " + strconv.Itoa(f.page) + " of " + strconv.Itoa(f.pages)
	}
	if err := f.heard("pageresult", f.info()); err != nil {
		return err
	}
	return f.status(text, f.words("send", "receive"), f.info())
}

// Done says that the transfer is over, well or not, and ends the leg.
func (f *Fax) Done(well bool) error {
	if err := f.heard("result", f.result(well)); err != nil {
		return err
	}
	if err := f.ch.Hangup("NORMAL_CLEARING"); err != nil {
		return err
	}
	if !f.outgoing && well {
		return nil // what was received is stored before that is told
	}
	if well {
		return f.status("Fax Successfully sent", "end", f.result(well))
	}
	return f.status(f.words("Error sending fax", "Error receiving fax : unknown error"), "error", f.result(well))
}

// Failed says that no call to the other end came about, for a cause such as USER_BUSY.
func (f *Fax) Failed(cause string) error {
	if f.ch != nil && !f.ch.Gone() {
		if err := f.ch.Hangup(cause); err != nil {
			return err
		}
	}
	if err := f.State(cause, "error"); err != nil {
		return err
	}
	return f.file(false, cause)
}

// File stores what became of the fax and tells whom it concerns.
func (f *Fax) File(well bool) error {
	if f.outgoing {
		return f.file(well, "")
	}
	if well {
		month := monthDB(f.account, f.stored, f.core.now())
		for i, action := range []string{"created", "edited"} { // the pages are attached
			if err := f.changed(month, action, f.stored, i+1); err != nil {
				return err
			}
		}
		if err := f.status("Fax Successfully received", "end", f.result(true)); err != nil {
			return err
		}
	}
	fields := f.withCall(f.received(f.core.host, f.core.now())).Set("Fax-Info", f.result(well))
	if !well {
		return f.notify("inbound_fax_error", fields.Set("Fax-Error", "unknown error"))
	}
	return f.notify("inbound_fax", fields)
}

// file moves the document of a fax that was sent, or given up, to the account's month.
func (f *Fax) file(well bool, cause string) error {
	for _, change := range []struct {
		db, action, id string
		revision       int
	}{
		{"faxes", "edited", f.job, 2},
		{monthDB(f.account, f.stored, f.core.now()), "created", f.stored, 1},
		{"faxes", "deleted", f.job, 3},
	} {
		if err := f.changed(change.db, change.action, change.id, change.revision); err != nil {
			return err
		}
	}
	info := f.result(well)
	if cause != "" { // nothing else is known of a call that did not come about
		info = jobj.Object{{Key: "Fax-Result-Text", Value: cause}}
	}
	fields := f.withCall(f.sent(f.core.now())).Set("Fax-Info", info.Set("Fax-Hangup-Code", 0))
	if !well {
		return f.notify("outbound_fax_error", fields.Set("Fax-Error", cause))
	}
	return f.notify("outbound_fax", fields)
}

// received are the fields of a notification of a fax that came in, without what the switch
// says of it.
func (f *Fax) received(host Host, at time.Time) jobj.Object {
	return f.notice(at).Merge(jobj.Object{
		{Key: "Callee-ID-Number", Value: f.box.Number},
		{Key: "Caller-ID-Name", Value: f.far}, {Key: "Caller-ID-Number", Value: f.far},
		{Key: "From-User", Value: f.far}, {Key: "From-Realm", Value: host.Carrier},
		{Key: "To-User", Value: f.box.Number}, {Key: "To-Realm", Value: host.Public},
		{Key: "Owner-ID", Value: f.box.OwnerID},
	})
}

// sent are those of one that was sent, and is stored by another id than that of its states.
func (f *Fax) sent(at time.Time) jobj.Object {
	return f.notice(at).Merge(jobj.Object{
		{Key: "Fax-JobId", Value: f.stored},
		{Key: "Callee-ID-Name", Value: f.far}, {Key: "Callee-ID-Number", Value: f.far},
		{Key: "Caller-ID-Name", Value: f.box.Name}, {Key: "Caller-ID-Number", Value: f.box.Number},
	})
}

// notice are the fields that all notifications of a fax have.
func (f *Fax) notice(at time.Time) jobj.Object {
	sendTo := []any{}
	if f.box.Email != "" {
		sendTo = append(sendTo, f.box.Email)
	}
	return jobj.Object{
		{Key: "Account-ID", Value: f.account.ID},
		{Key: "Account-DB", Value: monthDB(f.account, f.stored, at)},
		{Key: "FaxBox-ID", Value: f.box.ID},
		{Key: "Fax-ID", Value: f.stored},
		{Key: "Fax-Timestamp", Value: kapi.Gregorian(at)},
		{Key: "Fax-Notifications", Value: jobj.Object{{Key: "email", Value: jobj.Object{{Key: "send_to", Value: sendTo}}}}},
	}
}

// withCall adds the call of a fax. Of one that is sent none is known before the switch has told
// anything of the transfer.
func (f *Fax) withCall(fields jobj.Object) jobj.Object {
	if f.ch == nil || f.outgoing && !f.told {
		return fields
	}
	return fields.Set("Call-ID", f.ch.callID)
}

func (f *Fax) notify(name string, fields jobj.Object) error {
	return f.core.tell(kapi.CategoryNotification, name, origin{"fax", called}, fields)
}

func (f *Fax) changed(db, action, id string, revision int) error {
	return f.core.changed(f.account, db, action, "fax", id, revision)
}

func (f *Fax) words(outgoing, incoming string) string { return either(f.outgoing, outgoing, incoming) }

// up says that there is a connection. One that breaks off is the fax's end, of which
// nothing more is said.
func (f *Fax) up() error { return f.ch.must("transmit on", isAnswered) }

// heard is what the switch says of the transfer.
func (f *Fax) heard(event string, data jobj.Object) error {
	if err := f.up(); err != nil {
		return err
	}
	f.told = true
	f.core.brief("CHANNEL_FAX_STATUS", f.ch,
		jobj.Member{Key: "Application-Name", Value: f.words("send_fax", "receive_fax")},
		jobj.Member{Key: "Application-Event", Value: event},
		jobj.Member{Key: "Application-Data", Value: data})
	return nil
}

func (f *Fax) info() jobj.Object {
	return jobj.Object{
		{Key: "Fax-T38-Used", Value: true},
		{Key: "Fax-ECM-Used", Value: true},
		{Key: "Fax-Transferred-Pages", Value: f.over},
		{Key: "Fax-Total-Pages", Value: f.pages},
		{Key: "Fax-Bad-Rows", Value: 0},
		{Key: "Fax-Transfer-Rate", Value: 14400},
		{Key: "Fax-Local-Station-ID", Value: f.box.Number},
	}
}

func (f *Fax) result(well bool) jobj.Object {
	return append(jobj.Object{{Key: "Fax-Success", Value: well}}, f.info()...)
}

// status is kapi_fax's own message.
func (f *Fax) status(text, state string, info jobj.Object) error {
	fields := f.state().Set("Status", text).Set("Fax-State", state)
	if info != nil {
		fields = append(fields, jobj.Member{Key: "Fax-Info", Value: info})
	}
	return f.core.tell(kapi.CategoryFax, "status", origin{"fax", direct}, fields)
}

// state are the fields of which fax it is, and how far. Only of what comes in the parties are told.
func (f *Fax) state() jobj.Object {
	fields := jobj.Object{
		{Key: "Job-ID", Value: f.job},
		{Key: "FaxBox-ID", Value: f.box.ID},
		{Key: "Account-ID", Value: f.account.ID},
		{Key: "Direction", Value: f.words("outgoing", "incoming")},
		{Key: "Page", Value: f.page},
	}
	if f.outgoing {
		return fields
	}
	name := f.box.Name
	if name == "" {
		name = strings.TrimPrefix(f.box.Number, "+")
	}
	return append(fields, jobj.Object{
		{Key: "Caller-ID-Number", Value: f.far}, {Key: "Caller-ID-Name", Value: f.far},
		{Key: "Callee-ID-Number", Value: f.box.Number}, {Key: "Callee-ID-Name", Value: name},
	}...)
}
