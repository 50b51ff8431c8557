// Command registry writes the table of special ranges of addresses from the
// files of package egress that repeat the IANA registries.
//
// To update the table: fetch what each file of data names as its source, take
// over block, RFC, dates and "Globally Reachable" (no value where there is no
// plain answer), set the date of reading and the SHA-256, run go generate, and
// see what the tests say.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: registry DATA-DIRECTORY GO-FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

func write(data, target string) error {
	text, err := generate(data)
	if err != nil {
		return err
	}
	if err := os.WriteFile(target, text, 0o644); err != nil { //nolint:gosec // it is source code
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}
