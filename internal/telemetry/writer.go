package telemetry

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// maxWaitingLines bounds the lines that wait to be written.
const maxWaitingLines = 1024

// LogWriter writes lines in the background, so that a log that is full or stuck
// holds up nobody. Lines that find no place, and lines that can't be written, are
// lost; how many is written once there is a way again.
type LogWriter struct {
	to     io.Writer
	format string
	lost   atomic.Int64
	done   chan struct{}

	mu     sync.Mutex
	lines  chan []byte
	closed bool
}

// NewLogWriter makes a LogWriter before w. Format is that of the lines about lost
// lines, as in NewLogger.
func NewLogWriter(w io.Writer, format string) *LogWriter {
	l := &LogWriter{to: w, format: format, lines: make(chan []byte, maxWaitingLines), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for line := range l.lines {
			l.write(line)
		}
	}()
	return l
}

// Write takes a line. It never waits and never fails.
func (l *LogWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return len(line), nil
	}
	select {
	case l.lines <- bytes.Clone(line):
	default:
		l.lost.Add(1)
	}
	return len(line), nil
}

// Close waits until everything is written, for the limit at most, and reports
// whether that was enough. Lines that come later are dropped. A writer that never
// returns keeps one goroutine.
func (l *LogWriter) Close(limit time.Duration) bool {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.lines)
	}
	l.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-l.done:
		return true
	case <-timer.C:
		return false
	}
}

func (l *LogWriter) write(line []byte) {
	lost := l.lost.Swap(0)
	if lost > 0 {
		var gap bytes.Buffer
		NewLogger(&gap, slog.LevelWarn, l.format).Warn("log lines were lost: the log was full or could not be written", "count", lost)
		line = append(gap.Bytes(), line...)
	}
	if _, err := l.to.Write(line); err != nil {
		l.lost.Add(lost + 1)
	}
}
