package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strconv"
)

// block is one row of a registry.
type block struct {
	prefix netip.Prefix
	rfc    string
}

// readFile returns a file's blocks and when its source was read.
func readFile(path string) ([]block, string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // go generate names the file
	if err != nil {
		return nil, "", err
	}
	read := regexp.MustCompile(`(?m)^# Read: (\d{4}-\d{2}-\d{2}.*)$`).FindSubmatch(text)
	if read == nil || !bytes.Contains(text, []byte("\n# Source: ")) {
		return nil, "", errors.New("the file doesn't say what its source is and when it was read")
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comment = '#'
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, "", fmt.Errorf("parsing the rows: %w", err)
	}
	if len(rows) < 2 {
		return nil, "", errors.New("the file has no rows")
	}
	var list []block
	for _, row := range rows[1:] {
		b, err := parseBlock(row)
		if err != nil {
			return nil, "", fmt.Errorf("%q: %w", row, err)
		}
		list = append(list, b)
	}
	return list, string(read[1]), nil
}

func parseBlock(row []string) (block, error) {
	prefix, err := netip.ParsePrefix(row[0])
	if err != nil {
		return block{}, err
	}
	if prefix != prefix.Masked() {
		return block{}, errors.New("the address has bits beyond its prefix")
	}
	if _, err := strconv.Atoi(row[1]); err != nil {
		return block{}, fmt.Errorf("the RFC is not a number: %w", err)
	}
	return block{prefix, row[1]}, nil
}
