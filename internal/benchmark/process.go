package benchmark

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used so far. What this system doesn't tell is zero.
type usage struct {
	// CPU is the processors' time, for the program and for the system on its behalf.
	CPU time.Duration
	// PeakMemory and Memory are resident bytes: the most so far, and now.
	PeakMemory int64
	Memory     int64
	// DiskBytes is what was handed to storage; WrittenBytes is all that was written,
	// to files and connections alike.
	DiskBytes    int64
	WrittenBytes int64
}

// usageOf reads what Linux tells of a process.
func usageOf(pid int) usage {
	status, counts := procFields(pid, "status"), procFields(pid, "io")
	return usage{
		CPU: processorTime(pid), PeakMemory: status["VmHWM"] << 10, Memory: status["VmRSS"] << 10,
		DiskBytes: counts["write_bytes"], WrittenBytes: counts["wchar"],
	}
}

// procFields reads a file of lines "name: number".
func procFields(pid int, file string) map[string]int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return nil
	}
	fields := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if value, err := strconv.ParseInt(number, 10, 64); err == nil {
			fields[name] = value
		}
	}
	return fields
}

// processorTime reads fields 14 and 15 of proc_pid_stat(5), in hundredths of a
// second on every system that Go runs on.
func processorTime(pid int) time.Duration {
	const tick, user, system = 10 * time.Millisecond, 11, 12
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The program's name, in parentheses, may have spaces.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= system {
		return 0
	}
	var ticks int64
	for _, field := range []int{user, system} {
		n, err := strconv.ParseInt(string(fields[field]), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}
