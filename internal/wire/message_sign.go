package wire

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/posthorn/posthorn"
)

// messageBase writes the signature base of RFC 9421, section 2.5, for the key or
// secret in scope, and returns it with the parameters that end it.
func (d *Dialect) messageBase(scheme *compiledScheme, s *scope) ([]byte, string, error) {
	message := scheme.message
	var base []byte
	target, err := url.Parse(s.in.Webhook.URL)
	if err != nil {
		return nil, "", posthorn.Invalid("", "The webhook's URL can't be read.", "Give it another URL.")
	}
	for i := range message.components {
		one := &message.components[i]
		base = append(append(append(base, '"'), one.name...), `": `...)
		if base, err = d.appendComponent(base, one, target, s); err != nil {
			return nil, "", err
		}
		base = append(base, '\n')
	}
	text, err := message.appendParameters([]byte(message.list), scheme.scheme.Algorithm, s)
	if err != nil {
		return nil, "", err
	}
	base = append(append(base, `"@signature-params": `...), text...)
	return base, string(text), nil
}

func (d *Dialect) appendComponent(dst []byte, one *component, target *url.URL, s *scope) ([]byte, error) {
	if one.isDerived {
		value, _ := derived(one.name, target) // it was looked up when it was compiled
		return append(dst, value...), nil
	}
	switch one.header {
	case contentTypeHeader:
		return append(dst, d.format.ContentType...), nil
	case contentLengthHeader:
		return strconv.AppendInt(dst, int64(len(s.body)), 10), nil
	default:
		return d.headers[one.header].value.appendTo(dst, s)
	}
}

func (m *compiledMessage) appendParameters(dst []byte, algorithm posthorn.SignatureAlgorithm, s *scope) ([]byte, error) {
	for _, name := range m.parameters {
		dst = append(append(append(dst, ';'), name...), '=')
		switch name {
		case "created":
			dst = strconv.AppendInt(dst, s.in.Now.Unix(), 10)
		case "expires":
			dst = strconv.AppendInt(dst, s.in.Now.Add(m.expires).Unix(), 10)
		case "keyid":
			id, err := m.keyID.appendTo(nil, s)
			if err != nil {
				return nil, err
			}
			dst = appendQuoted(dst, id)
		case "alg":
			dst = appendQuoted(dst, []byte(algorithm))
		case "tag":
			dst = appendQuoted(dst, []byte(m.tag))
		default:
			return nil, fmt.Errorf("the parameter %q has no meaning", name)
		}
	}
	return dst, nil
}

// appendQuoted writes a String of RFC 9651, section 3.3.3.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
