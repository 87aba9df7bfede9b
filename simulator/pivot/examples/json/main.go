// Command json is the bookshop's IVR of the other examples, answering with callflows in JSON: a
// page is asked once for each pivot element, and says by further ones where to go on. It is an
// example to begin with, and no part of kazoolab.
//
//	go run ./simulator/pivot/examples/json
//	kazoolab pivot run http://127.0.0.1:9000/start.json --format kazoo --script simulator/pivot/examples/order.yaml
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	address := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9000")
	server := &http.Server{Addr: address, Handler: shop(), ReadHeaderTimeout: 5 * time.Second}
	fmt.Printf("the bookshop answers at http://%s/start.json\n", address)
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

// node is an element of a callflow.
type node struct {
	Module   string          `json:"module"`
	Data     map[string]any  `json:"data,omitempty"`
	Children map[string]node `json:"children,omitempty"`
}

// shop is the app. Digits are those that collect_dtmf stored under a name.
func shop() http.Handler {
	mux := http.NewServeMux()
	page := func(path string, answer func(r *http.Request) node) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(answer(r)); err != nil {
				fmt.Fprintln(os.Stderr, "an answer was not taken:", err)
			}
		})
	}
	page("/start.json", func(r *http.Request) node {
		return ask(r, "main", 1, "Welcome to Maple Books. Press 1 for orders, 2 for opening hours, or 0 for a person.")
	})
	page("/main.json", func(r *http.Request) node {
		switch r.FormValue("Digits[main]") {
		case "1":
			return ask(r, "orders", 1, "Press 1 to track an order, or 2 to cancel one.")
		case "2":
			return say("We are open from nine to six.", pivot(r, "start"))
		case "0":
			return node{Module: "user", Data: map[string]any{"id": "remy", "timeout": 20}}
		case "":
			return say("Goodbye.")
		}
		return say("That is not a choice.", pivot(r, "start"))
	})
	page("/orders.json", func(r *http.Request) node {
		switch r.FormValue("Digits[orders]") {
		case "1":
			return ask(r, "track", 20, "Enter your order number, then press hash.")
		case "2":
			return say("Tell us which order to cancel, then press hash.", node{
				Module: "record_caller", Data: map[string]any{"url": at(r, "messages"), "format": "mp3", "time_limit": 60},
				Children: map[string]node{"_": say("Thank you, we have your message. Goodbye.")},
			})
		}
		return say("That is not a choice.", pivot(r, "start"))
	})
	page("/track.json", func(r *http.Request) node {
		return say("Order " + r.FormValue("Digits[track]") + " is on its way. Goodbye.")
	})
	mux.HandleFunc("PUT /messages/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	return mux
}

// say speaks a text; what follows may be nothing, which ends the call.
func say(text string, next ...node) node {
	n := node{Module: "tts", Data: map[string]any{"text": text}}
	for _, one := range next {
		n.Children = map[string]node{"_": one}
	}
	return n
}

// ask speaks a text, takes keys, and asks the page that deals with them.
func ask(r *http.Request, page string, keys int, prompt string) node {
	return say(prompt, node{
		Module:   "collect_dtmf",
		Data:     map[string]any{"max_digits": keys, "collection_name": page, "timeout": 7000},
		Children: map[string]node{"_": pivot(r, page)},
	})
}

func pivot(r *http.Request, page string) node {
	return node{Module: "pivot", Data: map[string]any{"voice_url": at(r, page+".json"), "method": "post", "req_format": "kazoo"}}
}

// at is an address of this app: a pivot element needs a whole one.
func at(r *http.Request, page string) string { return "http://" + r.Host + "/" + page }
