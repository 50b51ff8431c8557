package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// memberNames lists the names of all members that a request's type has, at any
// depth.
func memberNames(t reflect.Type) []string {
	var names []string
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return memberNames(t.Elem())
	case reflect.Struct:
		if wrapper, isWrapper := reflect.New(t).Interface().(interface{ wraps() reflect.Type }); isWrapper {
			return memberNames(wrapper.wraps())
		}
		for i := range t.NumField() {
			field := t.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				names = append(names, name)
			}
			names = append(names, memberNames(field.Type)...)
		}
	default:
	}
	return names
}

// didYouMean names the known name that is closest to a given one, if one is
// close, else all of them.
func didYouMean(given string, known []string) string {
	const mostTolerated = 2
	tolerated := min(mostTolerated, len(given)/2)
	best, distance := "", tolerated+1
	for _, name := range known {
		if d := editDistance(strings.ToLower(given), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("Did you mean %q?", best)
	}
	if len(known) == 0 {
		return "This takes none; leave it out."
	}
	slices.Sort(known)
	return "Known here: " + strings.Join(slices.Compact(known), ", ") + "."
}

// editDistance counts the bytes to insert, delete or replace between two short
// texts; texts too long to be a slip of the pen are far apart.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	previous := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			current[j+1] = min(previous[j]+cost, previous[j+1]+1, current[j]+1)
		}
		previous, current = current, previous
	}
	return previous[len(b)]
}
