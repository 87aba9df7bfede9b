// Command go is an IVR for Pivot that answers with TwiML: a bookshop with three levels of
// menus. It is an example to begin with, and no part of kazoolab.
//
//	go run ./simulator/pivot/examples/go
//	kazoolab pivot run http://127.0.0.1:9000/start.xml --script simulator/pivot/examples/order.yaml
package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	address := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9000")
	server := &http.Server{Addr: address, Handler: shop(), ReadHeaderTimeout: 5 * time.Second}
	fmt.Printf("the bookshop answers at http://%s/start.xml\n", address)
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

// shop is the app: a page for each moment at which the call asks what is next. Pages have a dot
// in their names, so that Kazoo puts one in the place of the other when a URL is relative.
func shop() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/start.xml", func(w http.ResponseWriter, _ *http.Request) {
		twiml(w, gather("main.xml", 1, "Welcome to Maple Books. Press 1 for orders, 2 for opening hours, or 0 for a person."), say("Goodbye."))
	})
	mux.HandleFunc("/main.xml", func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("Digits") {
		case "1":
			twiml(w, gather("orders.xml", 1, "Press 1 to track an order, or 2 to cancel one."), again())
		case "2":
			twiml(w, say("We are open from nine to six."), again())
		case "0":
			twiml(w, dial("done.xml", "remy"))
		default:
			twiml(w, say("That is not a choice."), again())
		}
	})
	mux.HandleFunc("/orders.xml", func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("Digits") {
		case "1":
			twiml(w, gather("track.xml", 0, "Enter your order number, then press hash."), again())
		case "2":
			twiml(w, say("Tell us which order to cancel, then press hash."), record("message.xml"))
		default:
			twiml(w, say("That is not a choice."), again())
		}
	})
	mux.HandleFunc("/track.xml", func(w http.ResponseWriter, r *http.Request) {
		twiml(w, say("Order "+r.FormValue("Digits")+" is on its way. Goodbye."))
	})
	mux.HandleFunc("/message.xml", func(w http.ResponseWriter, r *http.Request) {
		twiml(w, say(fmt.Sprintf("Thank you, we have your message of %s seconds. Goodbye.", cmp.Or(r.FormValue("RecordingDuration"), "0"))))
	})
	// Kazoo stores a recording below the address that it asks next, whose answer does not matter.
	mux.HandleFunc("PUT /message.xml/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	mux.HandleFunc("/done.xml", func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("the call to a person ended as %q\n", r.FormValue("DialCallStatus"))
		twiml(w)
	})
	return mux
}

// verb is an element of a response, with attributes, text and elements within.
type verb struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Within  []verb
}

func element(name, text string, within []verb, attrs ...[2]string) verb {
	v := verb{XMLName: xml.Name{Local: name}, Text: text, Within: within}
	for _, attr := range attrs {
		v.Attrs = append(v.Attrs, xml.Attr{Name: xml.Name{Local: attr[0]}, Value: attr[1]})
	}
	return v
}

func say(text string) verb { return element("Say", text, nil) }
func again() verb          { return element("Redirect", "start.xml", nil) }
func record(next string) verb {
	return element("Record", "", nil, [2]string{"action", next}, [2]string{"maxLength", "60"}, [2]string{"finishOnKey", "#"})
}

func dial(next, user string) verb {
	return element("Dial", "", []verb{element("User", user, nil)}, [2]string{"action", next}, [2]string{"timeout", "20"})
}

// gather asks for keys: so many, or with 0 as many as come before the hash key.
func gather(next string, keys int, prompt string) verb {
	attrs := [][2]string{{"action", next}, {"timeout", "7"}}
	if keys > 0 {
		attrs = append(attrs, [2]string{"numDigits", fmt.Sprint(keys)})
	}
	return element("Gather", "", []verb{say(prompt)}, attrs...)
}

func twiml(w http.ResponseWriter, verbs ...verb) {
	w.Header().Set("Content-Type", "text/xml")
	_, err := io.WriteString(w, xml.Header)
	if err == nil {
		err = xml.NewEncoder(w).Encode(element("Response", "\n", verbs))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "an answer was not taken:", err)
	}
}
