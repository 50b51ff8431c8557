package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store/packed"
)

// micros is how a time is kept: microseconds since 1970 UTC. The zero time is the
// year 1, like any other.
func micros(t time.Time) int64 { return t.UnixMicro() }

type scanFunc func(value any) error

// Scan implements sql.Scanner.
func (f scanFunc) Scan(value any) error { return f(value) }

func intoTime(target *time.Time) sql.Scanner {
	return scanFunc(func(value any) error {
		number, ok := value.(int64)
		if !ok {
			return fmt.Errorf("a time is kept as %T", value)
		}
		*target = time.UnixMicro(number).UTC()
		return nil
	})
}

func intoDuration(target *time.Duration) sql.Scanner {
	return scanFunc(func(value any) error {
		number, ok := value.(int64)
		if !ok {
			return fmt.Errorf("a duration is kept as %T", value)
		}
		*target = time.Duration(number) * time.Microsecond
		return nil
	})
}

// intoID reads 16 bytes; NULL is the zero id.
func intoID[T ~[16]byte](target *T) sql.Scanner {
	return scanFunc(func(value any) error {
		bytes, ok := value.([]byte)
		if value == nil {
			*target = T{}
			return nil
		}
		if !ok || len(bytes) != len(*target) {
			return fmt.Errorf("an id is kept as %T", value)
		}
		*target = T(bytes)
		return nil
	})
}

// intoText reads a text; NULL is empty.
func intoText(target *string) sql.Scanner {
	return scanFunc(func(value any) error {
		text, ok := value.(string)
		if value != nil && !ok {
			return fmt.Errorf("a text is kept as %T", value)
		}
		*target = text
		return nil
	})
}

// intoAttempt reads a packed attempt.
func intoAttempt(target *posthorn.Attempt) sql.Scanner {
	return scanFunc(func(value any) error {
		bytes, _ := value.([]byte) // nothing is no attempt either
		return packed.Unpack(bytes, target)
	})
}

// orNull keeps an empty text as NULL.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// notNull keeps no bytes as an empty value.
func notNull(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}

// intoFlag reads a yes or no; the driver gives a number for it within a transaction.
func intoFlag(target *bool) sql.Scanner {
	return scanFunc(func(value any) error {
		number, ok := value.(int64)
		if !ok {
			return fmt.Errorf("a flag is kept as %T", value)
		}
		*target = number != 0
		return nil
	})
}

// intoCount reads a number that may be NULL.
func intoCount(target **int) sql.Scanner {
	return scanFunc(func(value any) error {
		*target = nil
		if value == nil {
			return nil
		}
		number, ok := value.(int64)
		if !ok {
			return fmt.Errorf("a number is kept as %T", value)
		}
		count := int(number)
		*target = &count
		return nil
	})
}

// list keeps a list or a map as JSON.
func list(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("writing a list: %w", err)
	}
	return string(text), nil
}

func intoList[T any](target *T) sql.Scanner {
	return scanFunc(func(value any) error {
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("a list is kept as %T", value)
		}
		if err := json.Unmarshal([]byte(text), target); err != nil {
			return fmt.Errorf("reading a list: %w", err)
		}
		return nil
	})
}

// The numbers of the statuses are their places here.
func statusNumber(status posthorn.DeliveryStatus) (int, error) {
	number := slices.Index(posthorn.DeliveryStatuses(), status)
	if number < 0 {
		return 0, fmt.Errorf("%q is not a status of a delivery", status)
	}
	return number, nil
}

func intoStatus(target *posthorn.DeliveryStatus) sql.Scanner {
	return scanFunc(func(value any) error {
		number, ok := value.(int64)
		statuses := posthorn.DeliveryStatuses()
		if !ok || number < 0 || number >= int64(len(statuses)) {
			return fmt.Errorf("a status is kept as %v", value)
		}
		*target = statuses[number]
		return nil
	})
}
