package signature

import (
	"fmt"
	"strings"
)

// Bounds of what is read out of a request that nobody has vouched for yet.
const (
	maxEntries         = 32
	maxHeaderValue     = 8 << 10
	maxTimestampDigits = 15
)

// received is what the headers of a request say.
type received struct {
	claim
	signatures [][]byte
}

func (s *Scheme) read(r *request) (received, error) {
	values, err := s.lines(r.headers)
	if err != nil {
		return received{}, err
	}
	var read received
	var texts []string
	for _, value := range values {
		timestamp, signatures, err := s.entries(value)
		if err != nil {
			return received{}, err
		}
		if read.timestamp != "" && timestamp != read.timestamp {
			return received{}, malformed(s.Header, "its lines have different times")
		}
		read.timestamp = timestamp
		texts = append(texts, signatures...)
	}
	if read.signatures, err = s.decode(texts); err != nil {
		return received{}, err
	}
	if s.TimestampHeader != "" {
		if read.timestamp, err = s.readTimestamp(r.headers, read.timestamp); err != nil {
			return received{}, err
		}
	}
	return read, s.readClaim(r, &read.claim)
}

// lines returns the values of the header with the signatures.
func (s *Scheme) lines(headers map[string][]string) ([]string, error) {
	if !s.SeveralLines {
		value, err := single(headers, s.Header)
		return []string{value}, err
	}
	values := valuesOf(headers, s.Header)
	if len(values) > maxEntries {
		return nil, malformed(s.Header, "it stands too often")
	}
	for _, value := range values {
		if err := checkValue(s.Header, value); err != nil {
			return nil, err
		}
	}
	if len(values) == 0 {
		return nil, &Error{Problem: MissingHeader, Header: s.Header}
	}
	return values, nil
}

// readClaim reads what else the content names.
func (s *Scheme) readClaim(r *request, c *claim) error {
	c.url = r.url
	names, _ := placeholdersOf(s.Content)
	for _, name := range names {
		if name == "url" && r.url == "" {
			return &Error{Problem: MissingURL}
		}
		header, isHeader := strings.CutPrefix(name, headerPrefix)
		if !isHeader {
			continue
		}
		value, err := single(r.headers, header)
		if err != nil {
			return err
		}
		if c.headers == nil {
			c.headers = map[string]string{}
		}
		c.headers[name] = value
	}
	if s.IDHeader == "" {
		return nil
	}
	var err error
	if c.id, err = single(r.headers, s.IDHeader); err != nil {
		return err
	}
	if strings.Contains(c.id, ".") { // else the end of the id could be moved within what is signed
		return malformed(s.IDHeader, "an id has no dots")
	}
	return nil
}

func (s *Scheme) readTimestamp(headers map[string][]string, beside string) (string, error) {
	timestamp, err := single(headers, s.TimestampHeader)
	if err != nil {
		return "", err
	}
	if !isTimestamp(timestamp) {
		return "", malformed(s.TimestampHeader, quote(timestamp)+" is not a time in "+s.unit())
	}
	if s.TimestampPrefix != "" && timestamp != beside {
		return "", malformed(s.TimestampHeader, "it differs from the time in "+s.Header)
	}
	return timestamp, nil
}

// entries takes apart the header with the signatures.
func (s *Scheme) entries(value string) (string, []string, error) {
	parts := []string{value}
	if s.Separator != "" {
		parts = strings.SplitN(value, s.Separator, maxEntries+1)
	}
	if len(parts) > maxEntries {
		return "", nil, malformed(s.Header, "it has too many entries")
	}
	var timestamp string
	var signatures []string
	for _, part := range parts {
		part = strings.TrimSpace(part)
		if text, found := strings.CutPrefix(part, s.TimestampPrefix); found && s.TimestampPrefix != "" {
			if timestamp != "" || !isTimestamp(text) {
				return "", nil, malformed(s.Header, "it must have one time in "+s.unit()+" after "+s.TimestampPrefix)
			}
			timestamp = text
		} else if text, found := strings.CutPrefix(part, s.Prefix); found {
			signatures = append(signatures, text)
		}
	}
	if s.TimestampPrefix != "" && timestamp == "" {
		return "", nil, malformed(s.Header, "it has no time after "+s.TimestampPrefix)
	}
	return timestamp, signatures, nil
}

// decode reads the signatures. One that can be read is enough: the others may
// be of a later version.
func (s *Scheme) decode(texts []string) ([][]byte, error) {
	if len(texts) == 0 {
		return nil, malformed(s.Header, "nothing in it begins with "+quote(s.Prefix))
	}
	detail, wanted := "the signature is not "+string(s.Encoding), s.signatureBytes()
	signatures := make([][]byte, 0, len(texts))
	for _, text := range texts {
		raw, err := s.Encoding.Decode(text)
		switch {
		case err != nil || len(raw) == 0:
		case wanted > 0 && len(raw) != wanted:
			detail = fmt.Sprintf("the signature has %d bytes, one of %s has %d", len(raw), s.Algorithm, wanted)
		default:
			signatures = append(signatures, raw)
		}
	}
	if len(signatures) == 0 {
		return nil, malformed(s.Header, detail)
	}
	return signatures, nil
}

func malformed(header, detail string) error {
	return &Error{Problem: MalformedHeader, Header: header, Detail: detail}
}

// unit is what a timestamp counts, in words.
func (s *Scheme) unit() string {
	if s.TimestampUnit == Milliseconds {
		return "milliseconds"
	}
	return "seconds"
}

// single returns the value of a header that must stand exactly once.
func single(headers map[string][]string, name string) (string, error) {
	values := valuesOf(headers, name)
	switch {
	case len(values) == 0:
		return "", &Error{Problem: MissingHeader, Header: name}
	case len(values) > 1:
		return "", &Error{Problem: DoubledHeader, Header: name}
	}
	return values[0], checkValue(name, values[0])
}

func valuesOf(headers map[string][]string, name string) []string {
	var values []string
	for key, more := range headers {
		if strings.EqualFold(key, name) {
			values = append(values, more...)
		}
	}
	return values
}

func checkValue(name, value string) error {
	switch {
	case value == "":
		return malformed(name, "it is empty")
	case len(value) > maxHeaderValue:
		return malformed(name, "it is too long")
	}
	return nil
}

func isTimestamp(text string) bool {
	return text != "" && len(text) <= maxTimestampDigits && strings.Trim(text, "0123456789") == ""
}
