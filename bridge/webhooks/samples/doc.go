// Package samples shows what each hook sends: messages of the bus, kept as data,
// made payloads of by the encoder that serves receivers. It owns those messages, and
// the samples that the reference wrote by hand; who may see them is for others.
package samples
