package config

import (
	"slices"
	"strings"
)

// Misspelt is a variable that is no setting and looks like one.
type Misspelt struct{ Variable, Meant string }

// FindMisspelt looks through the environment's variables (NAME=VALUE) for names
// that were probably meant as a setting. Others that begin with POSTHORN_ are
// left alone: the command line has some, and so have container platforms.
func FindMisspelt(variables []string) []Misspelt {
	known := []string{"POSTHORN_CONFIG", "POSTHORN_CONFIG_HOME", "POSTHORN_CONTEXT", "POSTHORN_SERVER", "POSTHORN_API_KEY", "POSTHORN_ENVIRONMENT_ID"}
	var settings []string
	for _, setting := range Settings() {
		settings = append(settings, setting.Variable())
		if setting.Secret {
			settings = append(settings, variable(setting.Key+fileSuffix))
		}
	}
	known = append(known, settings...)
	var found []Misspelt
	for _, text := range variables {
		name, _, _ := strings.Cut(text, "=")
		if !strings.HasPrefix(name, "POSTHORN_") || slices.Contains(known, name) {
			continue
		}
		if meant := nearest(name, settings); meant != "" {
			found = append(found, Misspelt{Variable: name, Meant: meant})
		}
	}
	slices.SortFunc(found, func(a, b Misspelt) int { return strings.Compare(a.Variable, b.Variable) })
	return found
}

// nearest returns the name that is at most two letters away, empty for none.
func nearest(name string, names []string) string {
	best, fewest := "", 3
	for _, other := range names {
		if changes := distance(name, other); changes < fewest {
			best, fewest = other, changes
		}
	}
	return best
}

// distance counts the letters to add, remove or replace to get from a to b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
