// Package fidelity says which Kazoo is spoken and how faithfully: the dialect,
// which version's shapes are on the wire; the compatibility mode, whether that
// version's quirks are reproduced; and the catalogue of those quirks. It is data
// and pure: others ask it and act.
package fidelity
