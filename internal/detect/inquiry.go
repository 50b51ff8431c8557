package detect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

// known is a format that requests may be of.
type known struct {
	name   string
	format posthorn.Format
	scheme signature.Scheme
}

// inquiry is a request that is being looked into.
type inquiry struct {
	*Question
	budget *Budget
	known  []known
	// current are the secrets that may have signed, former those that may not.
	current, former []Secret
	// expected is the format that the request is held against.
	expected known
	// isNearest: no format was asked for and none fits; the expected one is like it.
	isNearest bool
}

func newInquiry(q *Question) (*inquiry, error) {
	i := &inquiry{Question: q, budget: q.Budget}
	for _, secret := range q.Secrets {
		if secret.IsFormer {
			i.former = append(i.former, secret)
		} else {
			i.current = append(i.current, secret)
		}
	}
	for _, format := range q.Known {
		if !i.budget.Take(costOfFormat) && format.Name != q.Format {
			continue
		}
		one, err := knownOf(format)
		if err == nil {
			i.known = append(i.known, one)
		} else if format.Name == q.Format {
			return nil, err
		}
	}
	if q.Format == "" {
		return i, nil
	}
	at := slices.IndexFunc(i.known, func(one known) bool { return one.name == q.Format })
	if at < 0 {
		return nil, posthorn.Invalid("/format", fmt.Sprintf("There is no format %q.", q.Format), "Name a format that exists, or leave it out to try all.")
	}
	i.expected = i.known[at]
	return i, nil
}

// knownOf makes what verifies a format; an error when receivers can't.
func knownOf(format posthorn.Format) (known, error) {
	dialect, err := wire.Compile(format)
	if err != nil {
		return known{}, err
	}
	scheme, err := dialect.Verification()
	return known{format.Name, dialect.Format(), scheme}, err
}

// verify holds a request against a format. The time is checked if isTimed.
func (i *inquiry) verify(one known, secrets []string, r *Request, isTimed bool) (signature.Verified, error) {
	var failure error
	for _, url := range append(r.urls(), "") {
		if !i.budget.Take(costOfVerifying(&one.scheme, len(secrets), r)) {
			return signature.Verified{}, errTooCostly
		}
		options := []signature.Option{signature.WithURL(url)}
		if !isTimed {
			options = append(options, signature.WithAnyTimestamp())
		}
		verified, err := one.scheme.Verify(secrets, r.headers(), r.Body, i.Now, options...)
		if err == nil {
			return verified, nil
		}
		if failure == nil || errors.Is(failure, signature.MissingURL) {
			failure = err
		}
		if errors.Is(err, signature.TooOld) || errors.Is(err, signature.TooNew) || !one.signsURL() {
			return signature.Verified{}, err
		}
	}
	return signature.Verified{}, failure
}

// isSigned reports whether a request fits a format, whatever its time.
func (i *inquiry) isSigned(one known, secrets []string, r *Request) bool {
	if i.isOver() {
		return false
	}
	_, err := i.verify(one, secrets, r, false)
	return err == nil
}

// isOver reports whether no more may be tried.
func (i *inquiry) isOver() bool { return i.budget.isOver() }

func (k *known) signsURL() bool {
	signs := func(s *signature.Scheme) bool { return s.Message != nil || strings.Contains(s.Content, "{url}") }
	return signs(&k.scheme) || slices.ContainsFunc(k.scheme.Alternatives, func(s signature.Scheme) bool { return signs(&s) })
}

// schemes are all schemes of a format.
func (k *known) schemes() []signature.Scheme {
	return append([]signature.Scheme{k.scheme}, k.scheme.Alternatives...)
}

// fit is how well a request has the form of a format: the headers that the format
// has, and the members of its body.
func (k *known) fit(r *Request) int {
	score := 0
	for _, header := range k.format.Headers {
		if r.value(header.Name) != "" {
			score += 2
		} else {
			score--
		}
	}
	body, isJSON := r.json()
	for _, field := range k.format.Body {
		if isJSON && body.member(field.Name) != nil {
			score++
		} else {
			score--
		}
	}
	if strings.EqualFold(r.value("Content-Type"), k.format.ContentType) {
		score++
	}
	return score
}

// best returns the known format that the request fits best, of those wanted.
func (i *inquiry) best(isWanted func(known) bool) (known, bool) {
	var best known
	found, score := false, 0
	for _, one := range i.known {
		if !i.budget.Take(one.costOfFit(&i.Request)) {
			continue
		}
		fit := one.fit(&i.Request)
		if (!found || fit > score) && isWanted(one) {
			best, found, score = one, true, fit
		}
	}
	return best, found
}

func (i *inquiry) valid(one known, verified signature.Verified) Diagnosis {
	d := Diagnosis{IsValid: true, Format: one.name, SignedAt: verified.Timestamp, EventID: verified.ID, Offset: -1}
	d.Detail = "Valid: signed as " + one.name
	if !d.SignedAt.IsZero() {
		d.Detail += " at " + d.SignedAt.UTC().Format(time.RFC3339)
	}
	if d.EventID != "" {
		d.Detail += ", for the event " + d.EventID
	}
	d.Detail += "."
	return d
}

func (i *inquiry) invalid(cause Cause, hint, detail string, arguments ...any) Diagnosis {
	return Diagnosis{Format: i.expected.name, Cause: cause, Detail: fmt.Sprintf(detail, arguments...), Hint: hint, Offset: -1}
}
