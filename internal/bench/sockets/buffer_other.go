//go:build !linux

package main

import "syscall"

// smallBuffer leaves the buffer as it is: slow clients are found out later.
func smallBuffer(string, string, syscall.RawConn) error { return nil }
