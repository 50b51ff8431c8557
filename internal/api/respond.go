package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// marshal writes JSON as this API does: lists are never null, members of maps
// are in order, values that came as JSON keep their strings as they were.
func marshal(value any) ([]byte, error) {
	return json.Marshal(value, json.Deterministic(true),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))
}

// success makes the answer {"success":true,"data":…}.
func success(status int, data any) (reply, error) {
	text, err := marshal(data)
	if err != nil {
		return reply{}, fmt.Errorf("encoding the answer: %w", err)
	}
	body := make([]byte, 0, len(text)+32)
	body = append(body, `{"success":true,"data":`...)
	body = append(body, text...)
	body = append(body, '}')
	return reply{status: status, body: body}, nil
}

// page is a part of a list. Next is the cursor of the part after it, empty when
// there is none.
type page[Item any] struct {
	items []Item
	limit int
	next  string
}

// pagination tells how to go on in a list.
type pagination struct {
	Limit      int     `json:"limit"`
	HasMore    bool    `json:"hasMore"`
	NextCursor *string `json:"nextCursor"`
}

type listBody[Item any] struct {
	Success    bool       `json:"success"`
	Data       []Item     `json:"data"`
	Pagination pagination `json:"pagination"`
}

func successPage[Item any](p page[Item]) (reply, error) {
	body := listBody[Item]{Success: true, Data: p.items, Pagination: pagination{Limit: p.limit}}
	if p.next != "" {
		body.Pagination.HasMore = true
		body.Pagination.NextCursor = &p.next
	}
	text, err := marshal(body)
	if err != nil {
		return reply{}, fmt.Errorf("encoding the answer: %w", err)
	}
	return reply{status: http.StatusOK, body: text}, nil
}

// showTime shows a time in UTC with milliseconds: 2006-01-02T15:04:05.000Z.
func showTime(t time.Time) string {
	const length = 24
	return string(appendTime(make([]byte, 0, length), t))
}

// appendTime appends what showTime returns. Package time has a short way for RFC 3339
// without a fraction, which takes half as long as a layout with one.
func appendTime(text []byte, t time.Time) []byte {
	text = t.UTC().AppendFormat(text, time.RFC3339)
	thousandths := t.Nanosecond() / int(time.Millisecond)
	digit := func(n int) byte { return byte('0' + n%10) }
	return append(text[:len(text)-1], '.', digit(thousandths/100), digit(thousandths/10), digit(thousandths), 'Z')
}

// showTimeOrNull shows no time as null.
func showTimeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := showTime(t)
	return &text
}
