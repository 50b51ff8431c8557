package posthorn

import "fmt"

// Validation says what happens to an event whose data doesn't match the JSON Schema
// of its type.
type Validation string

// The kinds of validation.
const (
	// ValidationOff doesn't look at the data.
	ValidationOff Validation = "off"
	// ValidationWarn accepts the event and tells its publisher.
	ValidationWarn Validation = "warn"
	// ValidationReject refuses the event.
	ValidationReject Validation = "reject"
)

// Or returns the validation, or the other one when it is empty.
func (v Validation) Or(other Validation) Validation {
	if v == "" {
		return other
	}
	return v
}

func validateValidation(pointer string, v Validation) *Error {
	switch v {
	case ValidationOff, ValidationWarn, ValidationReject:
		return nil
	default:
		return Invalid(pointer, fmt.Sprintf("%q is not a kind of validation.", clip(string(v))), "Use off, warn or reject.")
	}
}
