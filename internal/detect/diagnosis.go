package detect

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
)

// Cause is the one word for why a request isn't valid.
type Cause string

// The causes.
const (
	// CauseReencoded: the body was decoded and written in another way.
	CauseReencoded Cause = "body_reencoded"
	// CauseBody: the body is another one than was sent.
	CauseBody Cause = "body_changed"
	// CauseLength: the body is not as long as Content-Length says.
	CauseLength Cause = "body_length"
	// CauseReading: the secret is right, and is read in another way.
	CauseReading Cause = "secret_misread"
	// CauseFormerSecret: a secret signed that is no longer valid.
	CauseFormerSecret Cause = "former_secret"
	// CauseFormat: the request is of another format.
	CauseFormat Cause = "other_format"
	// CauseUnknownFormat: the secret signed, in a way that no known format has.
	CauseUnknownFormat Cause = "unknown_format"
	// CauseClock: the time of signing is outside the tolerance.
	CauseClock Cause = "clock"
	// CauseUnit: the timestamp counts milliseconds where seconds are expected, or
	// the other way round.
	CauseUnit Cause = "timestamp_unit"
	// CauseMissingHeader, CauseDoubledHeader and CauseMalformedHeader are about a
	// header that the format needs.
	CauseMissingHeader   Cause = "header_missing"
	CauseDoubledHeader   Cause = "header_doubled"
	CauseMalformedHeader Cause = "header_malformed"
	// CauseURL: the signature is for another URL.
	CauseURL Cause = "other_url"
	// CauseID: the signature is for another id.
	CauseID Cause = "other_id"
	// CauseSecret: nothing that was tried makes the signature.
	CauseSecret Cause = "no_match"
	// CauseStopped: the search was stopped before all was tried.
	CauseStopped Cause = "search_stopped"
)

// Secret is a secret that may have signed a request.
type Secret struct {
	Value string
	// IsFormer: it is given to find out whether it signed; it isn't valid.
	IsFormer bool
	// EndedAt is when a former secret stopped being valid; zero if that isn't known.
	EndedAt time.Time
}

// Sent is what was sent, by the sender's own account.
type Sent struct {
	URL     string
	EventID string
	Body    []byte
}

// Question asks whether a request is valid.
type Question struct {
	Request Request
	// Secrets are those that may have signed, or public keys.
	Secrets []Secret
	// Known are the formats that the request may be of, and Format the name of the
	// one that it should be of; empty if any will do.
	Known  []posthorn.Format
	Format string
	// Sent is nil if it isn't known.
	Sent *Sent
	// Now is when the request came.
	Now time.Time
	// IsPartial: not all formats that there are could be put into Known.
	IsPartial bool
	// Budget bounds the search; one of SmallBudget when nil.
	Budget *Budget
}

// Diagnosis is whether a request is valid, and else why not.
type Diagnosis struct {
	IsValid bool
	// Format is the name of the format that the request is of, or should be of; empty
	// when none was asked for and none fits. Nearest is then the one that it is most
	// like.
	Format, Nearest string
	// SignedAt and EventID are what was signed; empty if nothing says them.
	SignedAt time.Time
	EventID  string
	// Cause is empty for a valid request.
	Cause Cause
	// Detail says it in a sentence, and Hint what to do.
	Detail string
	Hint   string
	// Offset is where the body differs from the one that was signed, with
	// CauseReencoded and CauseBody; else -1.
	Offset int
	// IsStopped: the search was stopped before all was tried; Hint says what to leave
	// out.
	IsStopped bool
}

// Diagnose says whether a request is valid, and else why not. It returns an
// *posthorn.Error when there are no secrets, or the format isn't known; ctx ends
// the search for causes.
func Diagnose(ctx context.Context, question Question) (Diagnosis, error) {
	if err := checkSecrets(valuesOf(question.Secrets)); err != nil {
		return Diagnosis{}, err
	}
	if question.Budget == nil {
		question.Budget = NewBudget(ctx, SmallBudget)
	}
	c, err := newInquiry(&question)
	if err != nil {
		return Diagnosis{}, err
	}
	diagnosis := c.diagnose()
	c.sayWhatIsLeft(&diagnosis)
	hidden := hider(valuesOf(question.Secrets))
	diagnosis.Detail, diagnosis.Hint, diagnosis.EventID = hidden(diagnosis.Detail), hidden(diagnosis.Hint), hidden(diagnosis.EventID)
	return diagnosis, nil
}

func valuesOf(secrets []Secret) []string {
	values := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		values = append(values, secret.Value)
	}
	return values
}
