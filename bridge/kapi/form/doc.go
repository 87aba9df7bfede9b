// Package form is Kazoo's form text, which webhooks and Pivot requests carry, and the
// compact JSON that stands inside it: objects made text as the reference does, or as
// one would expect.
package form
