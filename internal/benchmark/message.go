package benchmark

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fromMark stands before the moment, in nanoseconds since 1970, from which an event's
// latency counts.
const fromMark = `"from":`

// message is a text with places for moments and numbers of event types. Its length
// never changes, so that it needs to be made only once.
type message struct {
	text  []byte
	froms []int
	types []int
	count int
}

const (
	noMoment   = "1" // fills the place of a moment that was never set
	fromDigits = 19  // until the year 2286
	typeDigits = 4
)

// newMessage makes the body of a request: one event, or an array of them.
func newMessage(l load) *message {
	var text strings.Builder
	events := max(1, l.Batch)
	for i := range events {
		if l.Batch > 1 {
			text.WriteByte("[,"[min(i, 1)])
		}
		text.WriteString(eventText(l))
	}
	if l.Batch > 1 {
		text.WriteByte(']')
	}
	m := &message{text: []byte(text.String()), count: max(1, l.Types)}
	m.froms = placesBehind(m.text, fromMark)
	m.types = placesBehind(m.text, `"type":"`+l.Family+`.`)
	return m
}

func eventText(l load) string {
	where := ""
	if l.Environment != "" {
		where = fmt.Sprintf(`"environmentId":%q,`, l.Environment)
	}
	return fmt.Sprintf(`{%s"type":%q,"data":%s}`, where, typeName(l.Family, 0), eventData(l.DataSize))
}

// eventData makes data of a size in bytes, with a place for the moment.
func eventData(size int) string {
	head := `{` + fromMark + strings.Repeat(noMoment, fromDigits) + `,"pad":"`
	return head + strings.Repeat("x", max(0, size-len(head)-len(`"}`))) + `"}`
}

func typeName(family string, number int) string {
	return fmt.Sprintf("%s.%0*d", family, typeDigits, number)
}

func placesBehind(text []byte, mark string) []int {
	var places []int
	for at := 0; ; {
		found := bytes.Index(text[at:], []byte(mark))
		if found < 0 {
			return places
		}
		at += found + len(mark)
		places = append(places, at)
	}
}

// set puts the moment and the event types' numbers, counted on from number, into
// their places.
func (m *message) set(from time.Time, number int) {
	moment := from.UnixNano()
	for _, place := range m.froms {
		strconv.AppendInt(m.text[place:place], moment, 10)
	}
	for i, place := range m.types {
		putNumber(m.text[place:place+typeDigits], (number*len(m.types)+i)%m.count)
	}
}

func putNumber(place []byte, n int) {
	for i := len(place) - 1; i >= 0; i-- {
		place[i] = byte('0' + n%10)
		n /= 10
	}
}

// publishedAt finds the moment in a body, wherever the format has put the data; zero
// if there is none, or it was never set.
func publishedAt(body []byte) time.Time {
	at := bytes.Index(body, []byte(fromMark))
	if at < 0 || len(body) < at+len(fromMark)+fromDigits {
		return time.Time{}
	}
	digits := body[at+len(fromMark) : at+len(fromMark)+fromDigits]
	if bytes.Count(digits, []byte(noMoment)) == fromDigits {
		return time.Time{}
	}
	var moment int64
	for _, digit := range digits {
		moment = moment*10 + int64(digit-'0')
	}
	return time.Unix(0, moment)
}

// typeNumber reads the number of the event's type.
func typeNumber(body []byte) int {
	_, rest, _ := bytes.Cut(body, []byte(`"type":"`))
	_, rest, _ = bytes.Cut(rest, []byte("."))
	number := 0
	for _, digit := range rest[:min(typeDigits, len(rest))] {
		number = number*10 + int(digit-'0')
	}
	return number
}
