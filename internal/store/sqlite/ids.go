package sqlite

import (
	"bytes"
	"time"

	"github.com/posthorn/posthorn"
)

// ids is a stretch of ids: from included, until not.
type ids struct{ from, until [16]byte }

// momentLength is how many bytes of an id are its moment.
const momentLength = 8

// idsOf are all ids that can be made for one moment; the zero value for moments that
// ids can't hold.
func idsOf(at time.Time) ids {
	const first, last = 1970, 2261 // a count of nanoseconds ends in 2262
	if year := at.UTC().Year(); year < first || year > last {
		return ids{}
	}
	moment := posthorn.NewID[[16]byte](at, func() uint64 { return 0 })
	return idsBeside(moment)
}

// idsBeside are all ids of the moment of an id.
func idsBeside(id [16]byte) ids {
	var beside ids
	copy(beside.from[:], id[:momentLength])
	beside.until = beside.from
	for i := momentLength; i < len(beside.until); i++ {
		beside.until[i] = 0xff // no id ends so: its variant forbids it
	}
	return beside
}

// meet is what the stretch has in common with another.
func (i ids) meet(other ids) ids {
	if bytes.Compare(other.from[:], i.from[:]) > 0 {
		i.from = other.from
	}
	if other.until != [16]byte{} && (i.until == [16]byte{} || bytes.Compare(other.until[:], i.until[:]) < 0) {
		i.until = other.until
	}
	return i
}
