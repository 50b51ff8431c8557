package filter

import (
	"fmt"
	"regexp"
	"strings"
)

// rewording says in a sentence what the parser of CEL says in its own terms.
type rewording struct {
	pattern *regexp.Regexp
	say     func(parts []string) string
}

// atEnd is how the parser writes the end of the text.
const atEnd = "<EOF>"

func rewordings() []rewording {
	unexpected := func(text string) string {
		if text == atEnd {
			return "the filter ends where something is still missing"
		}
		return fmt.Sprintf("%q doesn't belong there", text)
	}
	return []rewording{
		{regexp.MustCompile(`^(?:mismatched|extraneous) input '(.*)' expecting `), func(parts []string) string { return unexpected(parts[1]) }},
		{regexp.MustCompile(`^missing '?(.+?)'? at '(.*)'$`), func(parts []string) string {
			if parts[2] == atEnd {
				return fmt.Sprintf("%q is missing at the end", parts[1])
			}
			return fmt.Sprintf("%q is missing before %q", parts[1], parts[2])
		}},
		{regexp.MustCompile(`^token recognition error at: '(.*)'$`), func(parts []string) string { return unreadable(strings.TrimSpace(parts[1])) }},
		{regexp.MustCompile(`^no viable alternative at input '(.*)'$`), func(parts []string) string { return fmt.Sprintf("%q can't be read", parts[1]) }},
		{regexp.MustCompile(`^found no matching overload for '(.*)' applied to '\((.*)\)'$`), func(parts []string) string {
			operator := strings.Trim(strings.Trim(parts[1], "_"), "@")
			return fmt.Sprintf("%q can't be used with %s", operator, strings.ReplaceAll(parts[2], ", ", " and "))
		}},
	}
}

func unreadable(text string) string {
	switch {
	case text == "=" || text == "&" || text == "|":
		return fmt.Sprintf("%q can't be read; write %q", text, text+text)
	case strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'"):
		return fmt.Sprintf("the text that begins with %s has no end", text)
	default:
		return fmt.Sprintf("%q can't be read", text)
	}
}

// plain makes one line of what CEL says is wrong, without the names of its parser.
func plain(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	line = strings.TrimSuffix(strings.TrimPrefix(line, "Syntax error: "), ".")
	for _, one := range rewordings() {
		if parts := one.pattern.FindStringSubmatch(line); parts != nil {
			return one.say(parts)
		}
	}
	return line
}
