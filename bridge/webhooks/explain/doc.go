// Package explain says why an event reached the webhooks that it reached and none
// of the others. It works when somebody asks, from what the journal remembers, the
// webhook documents and the account tree. It has no matching rule of its own: the
// engine is asked again for each hook. It never changes anything and decides
// nothing about who may ask; its caller says of which accounts it may tell.
package explain
