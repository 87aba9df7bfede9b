// Package account owns the account tree in memory, the tokens that name a caller,
// and the rule who may see which account. It never reads a request, never publishes
// and never writes a document: its callers load the tree and keep it current.
package account
