//go:build unix

package figures

import (
	"os"
	"syscall"
)

// Ended reads the figures of a process that has ended.
func Ended(p *os.ProcessState) Used {
	used := Used{CPU: (p.UserTime() + p.SystemTime()).Seconds()}
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		used.Peak = float64(usage.Maxrss) / 1024 // Linux counts KB
	}
	return used
}
