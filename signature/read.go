package signature

import "strings"

// Bounds of what is read out of a request that nobody has vouched for yet.
const (
	maxEntries         = 32
	maxHeaderValue     = 8 << 10
	maxTimestampDigits = 12
)

// received is what the headers of a request say.
type received struct {
	claim
	signatures [][]byte
}

func (s Scheme) read(headers map[string][]string) (received, error) {
	value, err := single(headers, s.Header)
	if err != nil {
		return received{}, err
	}
	timestamp, signatures, err := s.entries(value)
	if err != nil {
		return received{}, err
	}
	r := received{claim: claim{timestamp: timestamp}}
	if r.signatures, err = s.decode(signatures); err != nil {
		return received{}, err
	}
	if s.TimestampHeader != "" {
		if r.timestamp, err = s.readTimestamp(headers, timestamp); err != nil {
			return received{}, err
		}
	}
	if s.IDHeader == "" {
		return r, nil
	}
	if r.id, err = single(headers, s.IDHeader); err != nil {
		return received{}, err
	}
	if strings.Contains(r.id, ".") { // else the end of the id could be moved within what is signed
		return received{}, s.malformed(s.IDHeader, "an id has no dots")
	}
	return r, nil
}

func (s Scheme) readTimestamp(headers map[string][]string, beside string) (string, error) {
	timestamp, err := single(headers, s.TimestampHeader)
	if err != nil {
		return "", err
	}
	if !isTimestamp(timestamp) {
		return "", s.malformed(s.TimestampHeader, quote(timestamp)+" is not a time in seconds")
	}
	if s.TimestampPrefix != "" && timestamp != beside {
		return "", s.malformed(s.TimestampHeader, "it differs from the time in "+s.Header)
	}
	return timestamp, nil
}

// entries takes apart the header with the signatures.
func (s Scheme) entries(value string) (string, []string, error) {
	parts := []string{value}
	if s.Separator != "" {
		parts = strings.SplitN(value, s.Separator, maxEntries+1)
	}
	if len(parts) > maxEntries {
		return "", nil, s.malformed(s.Header, "it has too many entries")
	}
	var timestamp string
	var signatures []string
	for _, part := range parts {
		part = strings.TrimSpace(part)
		if text, found := strings.CutPrefix(part, s.TimestampPrefix); found && s.TimestampPrefix != "" {
			if timestamp != "" || !isTimestamp(text) {
				return "", nil, s.malformed(s.Header, "it must have one time in seconds after "+s.TimestampPrefix)
			}
			timestamp = text
		} else if text, found := strings.CutPrefix(part, s.Prefix); found {
			signatures = append(signatures, text)
		}
	}
	if s.TimestampPrefix != "" && timestamp == "" {
		return "", nil, s.malformed(s.Header, "it has no time after "+s.TimestampPrefix)
	}
	return timestamp, signatures, nil
}

// decode reads the signatures. One that can be read is enough: the others may
// be of a later version.
func (s Scheme) decode(texts []string) ([][]byte, error) {
	if len(texts) == 0 {
		return nil, s.malformed(s.Header, "nothing in it begins with "+quote(s.Prefix))
	}
	signatures := make([][]byte, 0, len(texts))
	for _, text := range texts {
		if raw, err := s.Encoding.Decode(text); err == nil && len(raw) > 0 {
			signatures = append(signatures, raw)
		}
	}
	if len(signatures) == 0 {
		return nil, s.malformed(s.Header, "the signature is not "+string(s.Encoding))
	}
	return signatures, nil
}

func (s Scheme) malformed(header, detail string) error {
	return &Error{Problem: MalformedHeader, Header: header, Detail: detail}
}

// single returns the value of a header that must stand exactly once.
func single(headers map[string][]string, name string) (string, error) {
	var values []string
	for key, more := range headers {
		if strings.EqualFold(key, name) {
			values = append(values, more...)
		}
	}
	switch {
	case len(values) == 0:
		return "", &Error{Problem: MissingHeader, Header: name}
	case len(values) > 1:
		return "", &Error{Problem: DoubledHeader, Header: name}
	case values[0] == "":
		return "", &Error{Problem: MalformedHeader, Header: name, Detail: "it is empty"}
	case len(values[0]) > maxHeaderValue:
		return "", &Error{Problem: MalformedHeader, Header: name, Detail: "it is too long"}
	}
	return values[0], nil
}

func isTimestamp(text string) bool {
	return text != "" && len(text) <= maxTimestampDigits && strings.Trim(text, "0123456789") == ""
}
