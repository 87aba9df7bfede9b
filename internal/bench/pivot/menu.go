package main

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// mostCalls is what a websocket takes at a time (max_calls).
	mostCalls = 1000
	// mostRequests of one call.
	mostRequests = 100
	// slots are places of calls at an application. An open loop uses one after the other, so that
	// none is used by two at a time.
	slots = 1 << 16
	// holding is the place of the calls that wait for a digit.
	holding = "/hold"
	digit   = "1"
)

// path is that of a call's request.
func path(slot, request int) string { return fmt.Sprintf("/%d/%s", slot, page(request)) }

// page is its name. With a dot an action replaces it, as Kazoo resolves.
func page(request int) string { return strconv.Itoa(request) + ".xml" }

// place reads it.
func place(path string) (slot, request int, found bool) {
	first, last, both := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	slot, err := strconv.Atoi(first)
	name, xml := strings.CutSuffix(last, ".xml")
	request, err2 := strconv.Atoi(name)
	return slot, request, both && xml && err == nil && err2 == nil && slot >= 0 && slot < slots && request >= 0 && request < mostRequests
}

// held is the answer to a call that is to wait.
const held = `<Response><Gather numDigits="4" timeout="3600"><Say>Please enter your number.</Say></Gather></Response>`

// answer is what a menu says to a call's request.
func answer(request, requests int) string {
	switch {
	case request == requests-1:
		return "<Response><Hangup/></Response>"
	case request%2 == 0:
		return `<Response><Gather numDigits="1" action="` + page(request+1) +
			`"><Say>Press 1 for sales, 2 for support, or 3 to hear this again.</Say></Gather></Response>`
	}
	return "<Response><Redirect>" + page(request+1) + "</Redirect></Response>"
}
