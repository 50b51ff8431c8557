package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// Warnings tell what a format lets others do with requests that they have seen. An old
// dialect may have to be as it is, so that none of it makes the format invalid. The
// pointers are those of the format's document.
func (d *Dialect) Warnings() []*posthorn.Error {
	var warnings []*posthorn.Error
	for i := range d.schemes {
		c := compiler{Dialect: d}
		pointer := c.schemePointer(i)
		if warning := d.warnOfNeighbours(pointer, &d.schemes[i]); warning != nil {
			warnings = append(warnings, warning)
		}
		if warning := d.warnOfTime(pointer, i); warning != nil {
			warnings = append(warnings, warning)
		}
	}
	if warning := d.warnOfMixture(); warning != nil {
		warnings = append(warnings, warning)
	}
	return warnings
}

// warnOfNeighbours: where two values stand side by side and neither has a fixed length,
// the end of the one may be passed off as the beginning of the other.
func (d *Dialect) warnOfNeighbours(pointer string, scheme *compiledScheme) *posthorn.Error {
	for i := 1; i < len(scheme.content); i++ {
		one, other := scheme.content[i-1], scheme.content[i]
		if one.isFixed() || other.isFixed() {
			continue
		}
		return posthorn.Invalid(pointer+"/content",
			fmt.Sprintf("Nothing stands between {%s} and {%s}: the same signature fits when the end of the first is moved to the second, or the other way round.", one.title(), other.title()),
			"Put a character between them that the first can't have, unless the receivers expect it like this.")
	}
	return nil
}

// warnOfTime: a time that is signed and not looked at keeps nobody from sending a
// request again.
func (d *Dialect) warnOfTime(pointer string, index int) *posthorn.Error {
	scheme := &d.schemes[index]
	if !scheme.signsTime() {
		return nil
	}
	r := receiver{dialect: d, index: index, compiled: scheme}
	isKnown := r.derive() == nil
	const effect = "a receiver that uses the libraries accepts a request that was kept for ever."
	switch {
	case isKnown && boundsTime(r.scheme):
		return nil
	case d.format.Tolerance == 0:
		return posthorn.Invalid("/verify/tolerance", "A time is signed, and nothing says how old it may be: "+effect, "For example: verify: {tolerance: 5m}")
	case isKnown:
		return posthorn.Invalid(pointer, "The time that is signed is none that receivers look at: "+effect,
			"Sign {timestamp} or {timestampMs} and send it in a header of its own, or as a number in the token.")
	}
	return nil
}

// warnOfMixture: see signature.Scheme.Alternatives.
func (d *Dialect) warnOfMixture() *posthorn.Error {
	var timed []string
	untimed := -1
	for i := range d.schemes {
		if d.schemes[i].signsTime() {
			timed = append(timed, d.schemes[i].scheme.Name)
		} else if untimed < 0 {
			untimed = i
		}
	}
	if len(timed) == 0 || untimed < 0 {
		return nil
	}
	c := compiler{Dialect: d}
	return posthorn.Invalid(c.schemePointer(untimed),
		fmt.Sprintf("The scheme %s signs no time, and %s does: whoever keeps a request and takes the latter signature away has one that is good for ever.", d.schemes[untimed].scheme.Name, strings.Join(timed, ", ")),
		"Sign a time in each, unless receivers of an old dialect need the one without; the libraries verify those with a time alone.")
}

// signsTime reports whether the moment of signing is part of what is signed.
func (s *compiledScheme) signsTime() bool {
	if s.message != nil {
		return slices.Contains(s.message.parameters, "created")
	}
	isTime := func(p part) bool {
		return p.value == timestampValue || p.value == timestampMsValue || p.value == timeValue
	}
	return slices.ContainsFunc(s.content, isTime) || slices.ContainsFunc(s.claims, isTime)
}

// isFixed reports whether the part is always of one length, or known to the receiver
// before the request comes.
func (p part) isFixed() bool {
	switch p.value {
	case literalValue, digestSHA256Value, digestSHA512Value, secretValue, webhookURLValue, timeValue, eventTimestampValue,
		deliveryIDValue, webhookIDValue, workspaceIDValue, projectIDValue, environmentIDValue, keyIDValue:
		return true
	default:
		return false
	}
}

// title is the name of the part's value in a template.
func (p part) title() string {
	if p.value == metadataValue {
		return metadataPrefix + p.name
	}
	for _, named := range namedValues() {
		if named.value == p.value {
			return named.name
		}
	}
	return ""
}
