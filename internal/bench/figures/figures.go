// Package figures reads from /proc what processes have used, and finds the middle
// of several runs. It never decides what is measured; where there is no /proc
// every figure is zero.
package figures

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of CPU time in /proc, fixed on Linux.
const ticksPerSecond = 100

// Used is what a process has used since it began.
type Used struct {
	CPU      float64 // seconds, of user and system
	Resident float64 // memory, MB of 2^20 bytes
	Peak     float64 // Resident at its highest
}

// Process reads the figures of one process.
func Process(pid int) Used {
	used, _ := read(pid)
	return used
}

// Tree adds up a process and its living descendants. The sum of their peaks is
// more than they ever took at once, if they peaked at different times.
func Tree(pid int) Used {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	used, parents := map[int]Used{}, map[int]int{}
	for _, path := range processes {
		id, _ := strconv.Atoi(filepath.Base(path))
		used[id], parents[id] = read(id)
	}
	var sum Used
	for id, u := range used {
		for ancestor := id; ancestor != 0; ancestor = parents[ancestor] {
			if ancestor == pid {
				sum.CPU += u.CPU
				sum.Resident += u.Resident
				sum.Peak += u.Peak
				break
			}
		}
	}
	return sum
}

func read(pid int) (used Used, parent int) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name in parentheses may hold blanks. After it, the parent is 2nd, utime
	// 12th and stime 13th.
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 12 {
		parent, _ = strconv.Atoi(fields[1])
		used.CPU = (number(fields[11]) + number(fields[12])) / ticksPerSecond
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		for name, figure := range map[string]*float64{"VmHWM:": &used.Peak, "VmRSS:": &used.Resident} {
			if value, ok := strings.CutPrefix(line, name); ok {
				const kilobytes = 1024
				*figure = number(strings.Fields(value)[0]) / kilobytes
			}
		}
	}
	return used, parent
}

// Busy is how many CPU seconds all cores together have worked since the machine
// began, so that work of others during a run can be told.
func Busy() float64 {
	stat, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(stat), "\n")
	const idle, iowait, counted = 4, 5, 8 // guest time, after these, is in user time already
	var ticks float64
	for i, field := range strings.Fields(line) {
		if i > 0 && i <= counted && i != idle && i != iowait {
			ticks += number(field)
		}
	}
	return ticks / ticksPerSecond
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}

// Median is the middle of a figure over at least one run, the upper of two.
func Median[T any, F cmp.Ordered](runs []T, figure func(T) F) F {
	values := make([]F, len(runs))
	for i, run := range runs {
		values[i] = figure(run)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// MaxFiles is how many files this process may have open, 0 where nobody says.
func MaxFiles() int {
	limits, _ := os.ReadFile("/proc/self/limits")
	_, rest, _ := strings.Cut(string(limits), "Max open files")
	if fields := strings.Fields(rest); len(fields) > 0 {
		return int(number(fields[0])) // "unlimited" is 0, too
	}
	return 0
}

// EnoughFiles says how to get room for so many connections, whose number a flag gives. Go programs raise
// their limit as far as they may; what they start has the same. A limit of 0 is none.
func EnoughFiles(flag string, connections, limit int) error {
	const others = 200
	if limit > 0 && limit < connections+others {
		return fmt.Errorf("%s: %d need %d open files, and a process may have %d: give fewer, or raise the hard limit (ulimit -Hn %d, as root)",
			flag, connections, connections+others, limit, connections+others)
	}
	return nil
}

// Files counts what a process has open, and how many of those are sockets.
func Files(pid int) (open, sockets int) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil {
			continue // closed since
		}
		open++
		if strings.HasPrefix(target, "socket:") {
			sockets++
		}
	}
	return open, sockets
}
