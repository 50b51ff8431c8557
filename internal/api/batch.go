package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

// maxBatch is the most events of one batch.
const maxBatch = 1000

// batchLine tells what became of one event of a batch.
type batchLine struct {
	Index      int            `json:"index"`
	Success    bool           `json:"success"`
	ID         string         `json:"id,omitempty"`
	Type       string         `json:"type,omitempty"`
	Timestamp  string         `json:"timestamp,omitempty" format:"date-time"`
	Deliveries *int           `json:"deliveries,omitempty"`
	Duplicate  bool           `json:"duplicate,omitzero,omitempty"`
	Status     int            `json:"status,omitzero,omitempty" doc:"The status that the event alone would have been answered with, if it was refused."`
	Code       string         `json:"code,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Hint       string         `json:"hint,omitempty"`
	Pointer    string         `json:"pointer,omitempty"`
	Warnings   []problemPlace `json:"warnings,omitempty"`
}

func (s *Server) batchRoute() route {
	return route{
		method: http.MethodPost, path: "/v1/events/batch", status: http.StatusAccepted, tag: "Events",
		summary: "Publish up to 1000 events, as a JSON array or one JSON object a line", handle: publishBatch, publishes: true,
		input: reflect.TypeFor[eventInput](), inputList: true, output: reflect.TypeFor[batchLine](), outputList: true,
	}.asks(environmentParameter())
}

// batch is what was read of a batch: for each line an item or a mistake.
type batch struct {
	mistakes []error
	items    []intake.Item
}

func publishBatch(ctx context.Context, c *call) (reply, error) {
	named, err := c.environmentID()
	if err != nil {
		return reply{}, err
	}
	environment, err := c.Manager.EnvironmentID(ctx, c.principal, named)
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBatch(ctx, environment)
	if err != nil {
		return reply{}, err
	}
	publication := intake.Publication{EnvironmentID: environment, Items: b.items}
	if err := c.makeIdempotent(&publication, b.answer); err != nil {
		return reply{}, err
	}
	var receipt intake.Receipt
	if len(b.items) > 0 {
		receipt, err = c.Publisher.Publish(ctx, publication)
	}
	if err != nil {
		return reply{}, err
	}
	if receipt.Replayed != nil {
		return c.replay(*receipt.Replayed)
	}
	status, body := b.answer(receipt.Results)
	return reply{status: status, body: body}, nil
}

// batchLines takes a batch apart into the texts of its events.
func (c *call) batchLines() ([][]byte, error) {
	var lines [][]byte
	if c.isLines() {
		for line := range bytes.SplitSeq(c.body, []byte{'\n'}) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				lines = append(lines, line)
			}
			if len(lines) > maxBatch {
				break
			}
		}
	} else {
		var values []stretch
		if err := decode(c.body, &values); err != nil {
			return nil, err
		}
		for _, value := range values {
			lines = append(lines, value.of(c.body))
		}
	}
	if len(lines) == 0 {
		return nil, posthorn.Invalid("", "The batch is empty.", "Send at least one event.")
	}
	if len(lines) > maxBatch {
		return nil, posthorn.Invalid("", fmt.Sprintf("The batch has more than %d events.", maxBatch), "Send several smaller ones.")
	}
	return lines, nil
}

// readBatch reads the events of a batch, in turn with others that read much.
func (c *call) readBatch(ctx context.Context, environment posthorn.EnvironmentID) (batch, error) {
	const much = 64 << 10
	if len(c.body) > much {
		end, err := c.Admission.Read(ctx, c.principal.WorkspaceID)
		if err != nil {
			return batch{}, err
		}
		defer end()
		if err := c.Publisher.Welcome(c.workspace); err != nil {
			return batch{}, err // it has become too much while this waited
		}
	}
	lines, err := c.batchLines()
	if err != nil {
		return batch{}, err
	}
	if err := c.countEvents(ctx, environment, len(lines)); err != nil {
		return batch{}, err
	}
	return readLines(lines, environment), nil
}

func readLines(lines [][]byte, environment posthorn.EnvironmentID) batch {
	b := batch{mistakes: make([]error, len(lines)), items: make([]intake.Item, 0, len(lines))}
	for i, line := range lines {
		item, err := readLine(line, environment)
		if err != nil {
			b.mistakes[i] = err
			continue
		}
		b.items = append(b.items, item)
	}
	return b
}

func readLine(line []byte, environment posthorn.EnvironmentID) (intake.Item, error) {
	var in eventInput
	if err := decode(line, &in); err != nil {
		return intake.Item{}, err
	}
	if in.EnvironmentID.Given && !in.EnvironmentID.Null && in.EnvironmentID.Value != environment {
		return intake.Item{}, posthorn.Invalid("/environmentId", "All events of a batch go to one environment.", "Name it in the URL: ?environmentId=env_…")
	}
	return in.item(bytes.Clone(in.Data.of(line))) // else each event would keep the whole batch in memory
}

// answer puts the results of the items between the mistakes of the lines that
// were none.
func (b batch) answer(results []intake.Result) (int, []byte) {
	const usualLine = 160
	body := append(make([]byte, 0, usualLine*(1+len(b.mistakes))), `{"success":true,"data":[`...)
	next, accepted := 0, 0
	for i, mistake := range b.mistakes {
		result := &intake.Result{Err: mistake}
		if mistake == nil {
			result = &results[next]
			next++
		}
		if result.Err == nil {
			accepted++
		}
		if i > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = appendLine(body, i, result); err != nil {
			return http.StatusInternalServerError, []byte(`{"success":false,"status":500}`)
		}
	}
	body = strconv.AppendInt(append(body, `],"accepted":`...), int64(accepted), 10)
	body = strconv.AppendInt(append(body, `,"rejected":`...), int64(len(b.mistakes)-accepted), 10)
	return http.StatusAccepted, append(body, '}')
}

// appendLine writes a line as marshal does; by hand that of an event that was kept and
// matches its schema.
func appendLine(body []byte, index int, r *intake.Result) ([]byte, error) {
	if r.Err != nil || len(r.Warnings) > 0 {
		text, err := marshal(lineOf(index, r))
		return append(body, text...), err
	}
	body = strconv.AppendInt(append(body, `{"index":`...), int64(index), 10)
	body = appendEvent(append(body, `,"success":true,`...), &r.Event)
	if r.Duplicate {
		body = append(body, `,"duplicate":true`...)
	}
	return append(body, '}'), nil
}

func lineOf(index int, r *intake.Result) batchLine {
	if r.Err == nil {
		deliveries := r.Event.Deliveries
		return batchLine{
			Index: index, Success: true, ID: r.Event.PublicID(), Type: r.Event.Type,
			Timestamp: showTime(r.Event.Timestamp), Deliveries: &deliveries, Duplicate: r.Duplicate,
			Warnings: showWarnings(r.Warnings),
		}
	}
	p, _ := problemOf(r.Err)
	line := batchLine{Index: index, Status: p.Status, Code: p.Code, Detail: p.Detail, Hint: p.Hint}
	var known *posthorn.Error
	if errors.As(r.Err, &known) {
		line.Pointer = known.Pointer
	}
	return line
}
