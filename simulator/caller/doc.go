// Package caller is somebody who calls an application, by a script: what they dial, press
// and say, what they wait to hear, who takes the calls that the application makes for them,
// and what must have come of it. It owns the language of such scripts, their play, and the
// judging. It never knows how a call is made, and what an application is.
package caller
