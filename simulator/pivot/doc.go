// Package pivot is the engine of Pivot: it takes a pivot_req, asks the app over HTTP what is next for
// the call, and does what the answer says (pivot_call, kzt_translator, kzt_twiml, kzt_receiver). A
// JSON answer goes to the callflow as CHANNEL_PIVOT; TwiML is run here, verb by verb, by dialplan
// commands and call events. It owns the life of such a call on the application's side, and tells
// every step in sentences; it never speaks to a switch, a broker or a file by itself.
//
// Everything runs on the goroutine of the timeline, in continuation-passing style. Only requests to
// the app run outside.
package pivot
