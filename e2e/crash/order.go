package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/posthorn/posthorn/internal/failpoint"
)

var errNoStrace = errors.New("strace is not installed")

// orderMode shows that for each 202 written to a publisher the write-ahead log was
// synced after its last write: what a power failure may lose was not yet
// acknowledged. It also shows that a server that doesn't sync is noticed.
func orderMode(ctx context.Context, s settings, out io.Writer) error {
	program, err := build(ctx, s.directory, "failpoint")
	if err != nil {
		return err
	}
	for _, mutant := range []failpoint.Mutant{"none", failpoint.SynchronousOff} {
		found, err := s.traced(ctx, program, mutant)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%-28s %d answers of 202, %d writes to the log, %d syncs of it, %d answers before their sync\n",
			mutant, found.answers, found.writes, found.syncs, found.early)
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if mutant == "none" && (found.early > 0 || found.answers == 0) {
			return errBroken
		}
		if mutant != "none" && found.early == 0 {
			return errMissed
		}
	}
	return nil
}

// traced publishes events one after the other under strace. Nobody wants them at
// the time, so that every write to the log belongs to the next answer.
func (s settings) traced(ctx context.Context, program string, mutant failpoint.Mutant) (order, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return order{}, errNoStrace
	}
	directory := filepath.Join(s.directory, "order-"+string(mutant))
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return order{}, fmt.Errorf("making a directory: %w", err)
	}
	server, err := newServer(program, directory)
	if err != nil {
		return order{}, err
	}
	defer server.close()
	trace := filepath.Join(directory, "trace")
	server.before = []string{strace, "-f", "-y", "-e", "trace=pwrite64,fdatasync,fsync,write", "-e", "signal=none", "-o", trace}
	if _, err := server.start(ctx, []string{"MUTANT=" + string(mutant)}); err != nil {
		return order{}, err
	}
	defer server.kill()
	for n := range s.cycles {
		body := fmt.Sprintf(`{"type":"order.paid","data":{"n":%d}}`, n)
		if status, text, err := server.call(ctx, http.MethodPost, "/v1/events", body, fmt.Sprint("key-", n)); err != nil || status != http.StatusAccepted {
			return order{}, errors.Join(err, fmt.Errorf("publishing: status %d: %s", status, text))
		}
	}
	server.kill()
	return readTrace(trace)
}

// order counts what a trace shows.
type order struct {
	answers, writes, syncs, early int
	// unsynced are writes to the log since its last sync; fresh tells that there
	// were any since the last answer.
	unsynced int
	fresh    bool
	// syncing are the threads within a sync of the log, and how much was unsynced
	// when it began.
	syncing map[string]int
}

func readTrace(path string) (order, error) {
	file, err := os.Open(path)
	if err != nil {
		return order{}, fmt.Errorf("reading the trace: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	found := order{syncing: map[string]int{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		found.read(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return order{}, fmt.Errorf("reading the trace: %w", err)
	}
	return found, nil
}

var (
	logWritten = regexp.MustCompile(`^\d+ +pwrite64\(\d+<[^>]*-wal>`)
	logSynced  = regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*-wal>`)
	syncEnded  = regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>`)
)

// read takes one line of the trace: a call begins, ends, or both.
func (o *order) read(line string) {
	switch {
	case logWritten.MatchString(line):
		o.writes++
		o.unsynced++
		o.fresh = true
	case logSynced.MatchString(line):
		thread := logSynced.FindStringSubmatch(line)[1]
		o.syncing[thread] = o.unsynced
		if !strings.Contains(line, "unfinished") {
			o.synced(thread, line)
		}
	case syncEnded.MatchString(line):
		o.synced(syncEnded.FindStringSubmatch(line)[1], line)
	case strings.Contains(line, `<socket:`) && strings.Contains(line, `"HTTP/1.1 202`):
		o.answers++
		if o.unsynced > 0 || !o.fresh {
			o.early++
		}
		o.fresh = false
	}
}

// synced ends a sync of the log; what was written while it was under way may not
// be part of it.
func (o *order) synced(thread, line string) {
	covered, known := o.syncing[thread]
	delete(o.syncing, thread)
	if known && strings.HasSuffix(line, "= 0") {
		o.syncs++
		o.unsynced -= covered
	}
}
