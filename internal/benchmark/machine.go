package benchmark

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Machine is where a report comes from. What this system doesn't tell is empty.
type Machine struct {
	Processor  string `json:"processor"`
	Processors int    `json:"processors"`
	MemoryMiB  int64  `json:"memoryMiB"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	// SyncMs is how many milliseconds it takes to write 4 KiB to a file and to have
	// them on the disk: the median of 21 times. A place that only exists in memory
	// takes hardly any, and then says little of a real server.
	SyncMs float64 `json:"syncMs"`
}

// thisMachine looks at this machine, and at the disk that a directory is on.
func thisMachine(directory string) (Machine, error) {
	sync, err := timeSync(directory)
	if err != nil {
		return Machine{}, fmt.Errorf("writing to the directory for databases: %w", err)
	}
	return Machine{
		Processor: fieldOf("/proc/cpuinfo", "model name"), Processors: runtime.NumCPU(), MemoryMiB: memory(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel: strings.TrimSpace(textOf("/proc/sys/kernel/osrelease")), Go: runtime.Version(), SyncMs: float64(sync.Microseconds()) / 1000,
	}, nil
}

func textOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

// fieldOf returns the first value of a name in a file of lines "name: value".
func fieldOf(path, name string) string {
	for line := range strings.Lines(textOf(path)) {
		if found, value, _ := strings.Cut(line, ":"); strings.TrimSpace(found) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func memory() int64 {
	var kibibytes int64
	if _, err := fmt.Sscanf(fieldOf("/proc/meminfo", "MemTotal"), "%d kB", &kibibytes); err != nil {
		return 0
	}
	return kibibytes >> 10
}

func timeSync(directory string) (time.Duration, error) {
	const times, size = 21, 4 << 10
	file, err := os.CreateTemp(directory, "posthorn-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // a temporary file
	taken := make([]time.Duration, times)
	page := make([]byte, size)
	for i := range taken {
		began := time.Now()
		_, err := file.Write(page)
		if err := errors.Join(err, file.Sync()); err != nil {
			return 0, errors.Join(err, file.Close())
		}
		taken[i] = time.Since(began)
	}
	slices.Sort(taken)
	return taken[times/2], file.Close()
}
