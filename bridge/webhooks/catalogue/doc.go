// Package catalogue describes the hooks that Kazoo knows: their names, the texts
// that GET /webhooks shows, the modifiers that each asks for and samples of what
// each sends. It is data; which hooks really fire is for others to say.
package catalogue
