// Package catalogue describes the hooks that Kazoo knows: their names, the texts
// that GET /webhooks shows and the modifiers that each asks for, in each dialect. It
// is data; which hooks really fire is for others to say.
package catalogue
