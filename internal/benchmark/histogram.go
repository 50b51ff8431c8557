package benchmark

import (
	"maps"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// A histogram's buckets are less than one percent wide, up to 18 minutes.
const (
	bucketBits = 7
	maxBits    = 40
	buckets    = (maxBits-bucketBits)<<bucketBits + 1<<bucketBits
)

// histogram counts durations in little memory, however many there are. It is safe
// for concurrent use.
type histogram struct{ counts [buckets]atomic.Int64 }

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(uint64(max(d, 0)))].Add(1)
}

func bucketOf(nanoseconds uint64) int {
	const linear = 1 << bucketBits
	nanoseconds = min(nanoseconds, 1<<maxBits-1)
	if nanoseconds < linear {
		return int(nanoseconds)
	}
	shift := bits.Len64(nanoseconds) - bucketBits - 1
	return linear + shift<<bucketBits + int(nanoseconds>>shift) - linear
}

// middleOf returns the duration in the middle of a bucket.
func middleOf(bucket int) time.Duration {
	const linear = 1 << bucketBits
	if bucket < linear {
		return time.Duration(bucket)
	}
	shift := (bucket - linear) >> bucketBits
	mantissa := (bucket-linear)&(linear-1) + linear
	return time.Duration(mantissa<<shift + 1<<shift/2)
}

func (h *histogram) distribution() distribution {
	d := distribution{}
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			d[i] = n
		}
	}
	return d
}

// distribution is how many durations fell into each bucket.
type distribution map[int]int64

func (d distribution) count() int64 {
	var sum int64
	for _, n := range d {
		sum += n
	}
	return sum
}

// percentile returns the duration that so many percent don't exceed; 0 when there
// are none.
func (d distribution) percentile(percent float64) time.Duration {
	rank := int64(float64(d.count())*percent/100 + 0.999999)
	for _, bucket := range slices.Sorted(maps.Keys(d)) {
		if rank -= d[bucket]; rank <= 0 {
			return middleOf(bucket)
		}
	}
	return 0
}
