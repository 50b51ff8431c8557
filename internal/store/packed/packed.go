// Package packed turns an attempt into few bytes and back: an engine writes it in a third
// of the time that a column for each part takes.
package packed

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
)

// layout is the first byte, so that another layout can follow. Behind it come the id, then
// numbers as varints (times and durations in microseconds) and texts behind their
// lengths; the response's body is the rest.
const layout = 1

const (
	bodyTruncated = 1 << iota
	connectionReused
)

// Append packs an attempt behind what is in a buffer, but for its DeliveryID and Number, which are
// the key that it is kept under. What times and durations have beyond microseconds is dropped.
func Append(packed []byte, a *posthorn.Attempt) []byte {
	o := &a.Outcome
	const fixed = 64 // about what all but the texts and the body take
	packed = slices.Grow(packed, fixed+len(a.URL)+len(o.Reason)+len(o.Detail)+len(o.ResponseBody))
	packed = append(append(packed, layout), a.ID[:]...)
	var flags int64
	if o.BodyTruncated {
		flags |= bodyTruncated
	}
	if o.ConnectionReused {
		flags |= connectionReused
	}
	for _, number := range [...]int64{
		a.StartedAt.UnixMicro(), o.Timings.Total.Microseconds(), int64(o.StatusCode), flags, o.RetryAfter.Microseconds(),
		o.Timings.DNS.Microseconds(), o.Timings.Connect.Microseconds(), o.Timings.TLS.Microseconds(), o.Timings.FirstByte.Microseconds(),
	} {
		packed = binary.AppendVarint(packed, number)
	}
	for _, text := range [...]string{string(o.Reason), a.URL, o.Detail} {
		packed = append(binary.AppendUvarint(packed, uint64(len(text))), text...)
	}
	return append(packed, o.ResponseBody...)
}

var errNotPacked = errors.New("what is kept as an attempt is none")

// unpacking reads what is packed from the front; isShort once it ended too soon.
type unpacking struct {
	rest    []byte
	isShort bool
}

func (u *unpacking) number() int64 {
	number, width := binary.Varint(u.rest)
	u.pass(width)
	return number
}

func (u *unpacking) duration() time.Duration { return time.Duration(u.number()) * time.Microsecond }

func (u *unpacking) text() string {
	length, width := binary.Uvarint(u.rest)
	u.pass(width)
	if length > uint64(len(u.rest)) {
		u.isShort = true
		return ""
	}
	text := string(u.rest[:length])
	u.rest = u.rest[length:]
	return text
}

func (u *unpacking) pass(width int) {
	if width <= 0 {
		u.isShort = true
		return
	}
	u.rest = u.rest[width:]
}

// Unpack reads a packed attempt into one whose DeliveryID and Number are known. It returns
// an error if the bytes are none.
func Unpack(packed []byte, a *posthorn.Attempt) error {
	if len(packed) <= len(a.ID) || packed[0] != layout {
		return errNotPacked
	}
	u := unpacking{rest: packed[1+copy(a.ID[:], packed[1:]):]}
	o := &a.Outcome
	a.StartedAt, o.Timings.Total, o.StatusCode = time.UnixMicro(u.number()).UTC(), u.duration(), int(u.number())
	flags := u.number()
	o.BodyTruncated, o.ConnectionReused = flags&bodyTruncated != 0, flags&connectionReused != 0
	o.RetryAfter = u.duration()
	o.Timings.DNS, o.Timings.Connect, o.Timings.TLS, o.Timings.FirstByte = u.duration(), u.duration(), u.duration(), u.duration()
	o.Reason, a.URL, o.Detail = posthorn.Reason(u.text()), u.text(), u.text()
	if u.isShort {
		return errNotPacked
	}
	o.ResponseBody = slices.Clone(u.rest)
	return nil
}
