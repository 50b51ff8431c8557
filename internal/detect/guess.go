package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// guess is what the values of a request are taken for.
type guess struct {
	request *Request
	// kind and id are the event's, empty if nothing says them, and where they stand.
	kind, id           string
	kindPlace, idPlace string
	// signed is the moment of signing as it is written; occurred the event's.
	signed   string
	signedAt moment
	occurred moment
	// isSigned: the moment of signing is among what is signed.
	isSigned bool
	data     []byte
	body     []posthorn.BodyField
	isForm   bool
	// digests replaces the body's digests; nil until they are needed.
	digests *strings.Replacer
	// constants are taken to be the same in every request, by their place.
	constants []string
	// notes say what is to be known of the format, differences where it doesn't do
	// what the request does.
	notes, differences []string
	// input is gathered to make the request again.
	input wire.Input
}

// newGuess finds the type, the id and the times. The content, if there is one, is
// what was signed.
func newGuess(r *Request, content []piece) *guess {
	g := &guess{request: r}
	for _, p := range content {
		if p.part == timePart {
			g.signed, g.isSigned = string(p.text), true
		}
	}
	if g.signed == "" {
		if times := timesOf(r); len(times) > 0 {
			g.signed = times[0]
		}
	}
	g.signedAt, _ = readMoment(g.signed)
	body := envelopeOf(r)
	g.findKind(body)
	g.findID(body, content)
	g.occurred = g.signedAt
	for _, name := range timeNames() {
		if at, found := momentIn(body, name); found {
			g.occurred = at
			break
		}
	}
	for _, header := range r.Headers {
		at, isMoment := readMoment(header.Value)
		if isMoment && !isPlumbing(header.Name) && header.Value != g.signed && !at.at.Equal(g.signedAt.at) {
			g.occurred = at
		}
	}
	return g
}

// envelopeOf is what may speak of the event in the body: the members of its JSON
// object, those of objects within that aren't called data, or the fields of its
// form.
func envelopeOf(r *Request) *value {
	envelope := &value{kind: objectKind}
	if r.isForm() {
		for _, field := range readForm(r.Body) {
			envelope.members = append(envelope.members, member{field[0], &value{kind: textKind, text: field[1]}})
		}
		return envelope
	}
	body, isJSON := r.json()
	if !isJSON {
		return envelope
	}
	envelope.add(body.members)
	for _, m := range body.members {
		if m.value.kind == objectKind && !isSureData(m.name) {
			envelope.add(m.value.members)
		}
	}
	return envelope
}

// maxEnvelope is how many members an envelope has at most; what has more is data.
const maxEnvelope = 256

// add takes further members as far as an envelope has room for them.
func (v *value) add(members []member) {
	v.members = append(v.members, members[:min(len(members), maxEnvelope-len(v.members))]...)
}

func (g *guess) findKind(body *value) {
	for _, header := range g.request.Headers {
		if !isPlumbing(header.Name) && isTypeHeader(header.Name) && isTypeText(header.Value) {
			g.kind, g.kindPlace = header.Value, "the header "+header.Name
			return
		}
	}
	for _, name := range typeNames() {
		for _, m := range body.members {
			if plainName(m.name) == name && m.value.kind == textKind && isTypeText(m.value.text) {
				g.kind, g.kindPlace = m.value.text, fmt.Sprintf("the body's member %q", m.name)
				return
			}
		}
	}
}

func (g *guess) findID(body *value, content []piece) {
	isSigned := func(text string) bool {
		return slices.ContainsFunc(content, func(p piece) bool { return p.part == namePart && string(p.text) == text })
	}
	type found struct {
		text, place string
		rank        int
	}
	var all []found
	const signedIsSurer, inBoth, own = 16, 8, 3
	inBody := map[string]bool{}
	for at, name := range idNames() {
		for _, m := range body.members {
			if plainName(m.name) == name && m.value.kind == textKind && m.value.text != "" && m.value.text != g.kind {
				inBody[m.value.text] = true
				all = append(all, found{m.value.text, fmt.Sprintf("the body's member %q", m.name), max(own-at, 1)})
			}
		}
	}
	for _, header := range g.request.Headers {
		rank := 2 * idRank(header.Name) // so that the body's own id is between two of them
		if rank == 0 || isPlumbing(header.Name) || header.Value == "" || header.Value == g.kind {
			continue
		}
		if isSigned(header.Value) {
			rank += signedIsSurer
		}
		if inBody[header.Value] {
			rank += inBoth
		}
		all = append(all, found{header.Value, "the header " + header.Name, rank})
	}
	if len(all) == 0 {
		return
	}
	best := slices.MaxFunc(all, func(one, other found) int { return cmp.Compare(one.rank, other.rank) })
	g.id, g.idPlace = best.text, best.place
}

// momentIn returns the moment that a member of that name holds, whatever its
// spelling.
func momentIn(body *value, name string) (moment, bool) {
	for _, m := range body.members {
		if plainName(m.name) != name {
			continue
		}
		text := m.value.text
		if m.value.kind == constantKind {
			text = string(m.value.raw)
		}
		if at, isMoment := readMoment(text); isMoment {
			return at, true
		}
	}
	return moment{}, false
}

// timeTemplate is how a format writes a moment: that of signing, if it is to be,
// or the event's.
func timeTemplate(form form, isAttempt bool) string {
	switch {
	case form == secondsForm && isAttempt:
		return "{timestamp}"
	case form == millisecondsForm && isAttempt:
		return "{timestampMs}"
	case form == textForm && isAttempt:
		return "{time}"
	case form == secondsForm:
		return "{event.timestampSeconds}"
	case form == millisecondsForm:
		return "{event.timestampMs}"
	default:
		return "{event.timestamp}"
	}
}

// template says how a format writes a text, and whether it is more than itself.
func (g *guess) template(text string, isAttempt bool) (string, bool) {
	at, isMoment := readMoment(text)
	switch {
	case text == "":
		return "", false
	case text == g.kind:
		return "{event.type}", true
	case text == g.id:
		return "{event.id}", true
	case isMoment:
		if !at.isExact {
			g.differ("The time %q is written in whole seconds of UTC, as 2006-01-02T15:04:05Z.", text)
		}
		return timeTemplate(at.form, isAttempt), true
	}
	return g.ownIDs(text)
}

func (g *guess) differ(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	if !slices.Contains(g.differences, text) {
		g.differences = append(g.differences, text)
	}
}

func (g *guess) note(format string, arguments ...any) {
	g.notes = append(g.notes, fmt.Sprintf(format, arguments...))
}

// ownIDs puts placeholders in the place of ids that have the form of Posthorn's
// own.
func (g *guess) ownIDs(text string) (string, bool) {
	const digits = 26
	webhook := &g.input.Webhook
	kinds := []struct {
		prefix, placeholder string
		read                func(text []byte) error
	}{
		{"whc_", "{webhook.id}", webhook.ID.UnmarshalText},
		{"ws_", "{workspace.id}", webhook.WorkspaceID.UnmarshalText},
		{"prj_", "{project.id}", webhook.ProjectID.UnmarshalText},
		{"env_", "{environment.id}", webhook.EnvironmentID.UnmarshalText},
		{"dlv_", "{delivery.id}", g.input.DeliveryID.UnmarshalText},
	}
	escaped := escapeBraces(text)
	for _, kind := range kinds {
		at := strings.Index(escaped, kind.prefix)
		if at < 0 || at+len(kind.prefix)+digits > len(escaped) {
			continue
		}
		id := escaped[at : at+len(kind.prefix)+digits]
		if kind.read([]byte(id)) == nil {
			escaped = strings.ReplaceAll(escaped, id, kind.placeholder)
		}
	}
	return escaped, escaped != escapeBraces(text)
}

// now is the moment at which the request is made again.
func (g *guess) now() time.Time {
	if g.signedAt.form != noForm {
		return g.signedAt.at
	}
	return g.occurred.at
}
