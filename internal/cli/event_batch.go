package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/posthorn/posthorn/client"
)

// maxBatchBytes keeps a request below the smallest usual limit of a body, 1 MiB;
// a longer line goes alone.
const maxBatchBytes = 900 << 10

// lot is the lines of one request, with their numbers in the file.
type lot struct {
	text    []byte
	numbers []int
}

func (s *session) sendBatch(ctx context.Context, flags sendFlags) error {
	source, name := s.stdin, "stdin"
	if flags.batch != "-" {
		file, err := os.Open(flags.batch)
		if err != nil {
			return usage(fmt.Sprintf("can't open the file: %v", err), "")
		}
		defer file.Close() //nolint:errcheck // nothing was written
		source, name = file, flags.batch
	}
	c, environmentID, err := s.connectIn(flags.environment)
	if err != nil {
		return err
	}
	progress := &batchProgress{session: s}
	err = eachLot(source, name, func(lines lot) error {
		batch, err := c.PublishLines(ctx, environmentID, lines.text)
		if err != nil {
			return &linesError{first: lines.numbers[0], last: lines.numbers[len(lines.numbers)-1], err: err}
		}
		return progress.show(lines, batch)
	})
	if err == nil && progress.shown == 0 {
		return usage(name+" has no events", "event send --help")
	}
	if err == nil {
		err = progress.finish()
	}
	if err != nil && progress.accepted > 0 {
		s.say("%d events were accepted before that.", progress.accepted)
	}
	if err != nil {
		return err
	}
	return progress.outcome()
}

// linesError says which lines of the file a request held that failed.
type linesError struct {
	first, last int
	err         error
}

func (l *linesError) place() string {
	if l.first == l.last {
		return fmt.Sprintf("line %d", l.first)
	}
	return fmt.Sprintf("lines %d to %d", l.first, l.last)
}

// Error returns the lines and what went wrong.
func (l *linesError) Error() string { return l.place() + ": " + l.err.Error() }

// Unwrap returns what went wrong.
func (l *linesError) Unwrap() error { return l.err }

// eachLot reads lines and hands them over in lots that fit into one request.
func eachLot(source io.Reader, name string, send func(lot) error) error {
	reader := bufio.NewScanner(source)
	reader.Buffer(make([]byte, 64<<10), maxInput)
	var lines lot
	number := 1
	for ; reader.Scan(); number++ {
		line := reader.Bytes()
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 {
			continue
		}
		if len(lines.numbers) == 0 && trimmed[0] == '[' {
			return usage(fmt.Sprintf("%s, line %d begins a JSON array; a batch has one event a line, each a JSON object", name, number), "")
		}
		if len(lines.numbers) == client.MaxBatch || len(lines.numbers) > 0 && len(lines.text)+len(line) > maxBatchBytes {
			if err := send(lines); err != nil {
				return err
			}
			lines = lot{}
		}
		lines.text = append(append(lines.text, line...), '\n')
		lines.numbers = append(lines.numbers, number)
	}
	if errors.Is(reader.Err(), bufio.ErrTooLong) {
		return usage(fmt.Sprintf("%s, line %d is longer than %d bytes; no server takes that", name, number, maxInput), "")
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if len(lines.numbers) == 0 {
		return nil
	}
	return send(lines)
}

// batchProgress shows the results of one lot after another as one list.
type batchProgress struct {
	session            *session
	accepted, rejected int
	shown              int
}

func (p *batchProgress) show(lines lot, batch client.Batch) error {
	rows := [][]string{{"LINE", "EVENT", "TYPE", "DELIVERIES", "PROBLEM"}}
	if p.shown > 0 {
		rows = nil
	}
	for _, result := range batch.Results {
		number := ""
		if result.Index >= 0 && result.Index < len(lines.numbers) {
			number = strconv.Itoa(lines.numbers[result.Index])
		}
		switch {
		case result.Success:
			rows = append(rows, []string{number, result.ID, result.Type, strconv.Itoa(result.Deliveries), ""})
		default:
			rows = append(rows, []string{number, "", "", "", result.Code + ": " + result.Detail})
		}
		if p.session.output != asTable {
			if err := p.writeJSON(result, number); err != nil {
				return err
			}
		}
		p.shown++
	}
	p.accepted += batch.Accepted
	p.rejected += batch.Rejected
	if p.session.output != asTable {
		return nil
	}
	return p.session.writeRows(rows)
}

// writeJSON writes a result with the number of its line; its index counts the
// events of the whole file.
func (p *batchProgress) writeJSON(result client.BatchResult, number string) error {
	text := result.JSON()
	if result.Index != p.shown {
		const member = `"index":`
		text = bytes.Replace(text, []byte(member+strconv.Itoa(result.Index)), []byte(member+strconv.Itoa(p.shown)), 1)
	}
	if members, isObject := bytes.CutPrefix(bytes.TrimSpace(text), []byte("{")); isObject && number != "" {
		text = append([]byte(`{"line":`+number+","), members...)
	}
	before, after := "", "\n"
	if p.session.output == asJSON {
		before, after = ",\n", ""
		if p.shown == 0 {
			before = "["
		}
	}
	return p.session.write([]byte(before + string(p.session.jsonText(text)) + after))
}

func (p *batchProgress) finish() error {
	if p.session.output != asJSON {
		return nil
	}
	return p.session.write([]byte("]\n"))
}

func (p *batchProgress) outcome() error {
	p.session.say("%d accepted, %d rejected.", p.accepted, p.rejected)
	if p.rejected > 0 {
		return &failure{code: exitFailed}
	}
	return nil
}
