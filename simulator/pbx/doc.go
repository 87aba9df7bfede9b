// Package pbx is a simulated Kazoo, as the bus sees it. It owns what a switch knows
// of its calls, legs and their timeline, and what the applications say around them:
// of documents, faxes, voicemail, conferences, phones. It turns a moment of that
// into the bus messages that Kazoo's master branch would publish then. It never opens
// a connection: it hands out messages, and who asked for them publishes.
//
// Kinds are what can happen. Most are data: JSON with {places}, which a scene fills
// (scene.go). Values fit one another as they do on a real system: one clock reading
// gives Msg-ID and Timestamp, durations follow from the leg's timeline, ids in one
// field return in others.
package pbx
