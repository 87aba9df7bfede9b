// Package signature signs webhooks and verifies them, as Standard Webhooks 1.0
// says (standardwebhooks.com). It owns secrets, how they are shown to people, and
// the text that is signed. It is pure: it knows no HTTP, no hook and no clock.
package signature
