// Package apps is the text of Pivot over websockets: it reads what a client registers
// and answers, and writes the frames of requests. It owns the names, defaults and bounds
// of their members. Which socket has which request, and who may register, it does not
// know. The frames are ours: no Kazoo has them.
package apps
