package main

import (
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn/e2e/crash/disk"
)

// listener understands what strace tells.
type listener struct {
	disk  *disk.Disk
	place string // where the disk's root lies, for the server
	// begun are the calls that have not ended, by their thread.
	begun   map[string]*call
	written map[string]int64 // how far a file was written without an offset
	failure error
}

// call is a system call.
type call struct {
	name      string
	arguments []string
	mark      int // of a sync: what had changed when it began
}

func newListener(d *disk.Disk, place string) *listener {
	return &listener{disk: d, place: place, begun: map[string]*call{}, written: map[string]int64{}}
}

// killed is the result of a call that nobody knows, for its process was killed
// meanwhile: it stays begun.
const killed = "?"

// hear takes a line: a call begins, ends, or both. What a call does is done when it
// has ended well; a sync keeps what was done before it began.
func (l *listener) hear(line string) error {
	thread, said, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	said = strings.TrimLeft(said, " ")
	if resumed, is := strings.CutPrefix(said, "<... "); is {
		name, rest, _ := strings.Cut(resumed, " resumed>")
		_, result, hasEnded := cutResult(rest)
		if !hasEnded || result == killed {
			return nil
		}
		c := l.begun[thread]
		delete(l.begun, thread)
		if c == nil || c.name != name {
			return fmt.Errorf("strace: a call ends that did not begin: %.200s", line)
		}
		return l.ended(c, result)
	}
	name, rest, isCall := strings.Cut(said, "(")
	if !isCall || strings.Contains(name, " ") {
		return nil // the end of a thread
	}
	arguments, result, hasEnded := cutResult(rest)
	if !hasEnded {
		var isWhole bool
		if arguments, isWhole = strings.CutSuffix(rest, " <unfinished ...>"); !isWhole {
			return nil
		}
	}
	c := &call{name: name, arguments: strings.Split(arguments, ", ")}
	if node := l.node(c.arguments[0]); node != nil {
		c.mark = node.Mark()
	}
	if !hasEnded || result == killed {
		l.begun[thread] = c
		return nil
	}
	return l.ended(c, result)
}

// cutResult cuts what follows a call's name into its arguments and its result, and
// reports whether it has one. Lines are long, and many: a regular expression would hold
// up the server, which waits until it is heard.
func cutResult(text string) (string, string, bool) {
	for at := 0; ; at++ {
		next := strings.IndexByte(text[at:], ')')
		if next < 0 {
			return "", "", false
		}
		at += next
		after := strings.TrimLeft(text[at+1:], " ")
		if result, is := strings.CutPrefix(after, "= "); is && after != text[at+1:] {
			end := strings.IndexFunc(result, func(r rune) bool { return r != '-' && r != '?' && (r < '0' || r > '9') })
			if end >= 0 {
				result = result[:end]
			}
			return text[:at], result, true
		}
	}
}

// ended does to the disk what a call did.
func (l *listener) ended(c *call, result string) error {
	if strings.HasPrefix(result, "-") {
		return nil
	}
	switch c.name {
	case "open", "openat", "creat":
		return l.opened(c)
	case "mkdir", "mkdirat":
		if parent, name := l.parent(last(c.arguments, 2)); parent != nil {
			parent.Make(name)
		}
	case "unlink", "rmdir":
		if parent, name := l.parent(c.arguments[0]); parent != nil {
			parent.Remove(name)
		}
	case "unlinkat":
		if parent, name := l.parent(c.arguments[1]); parent != nil {
			parent.Remove(name)
		}
	case "rename":
		return l.renamed(c.arguments[0], c.arguments[1])
	case "renameat":
		return l.renamed(c.arguments[1], c.arguments[3])
	case "fsync", "fdatasync":
		if node := l.node(c.arguments[0]); node != nil {
			node.SyncTo(c.mark)
		}
	case "ftruncate":
		return l.resized(c)
	case "write", "pwrite64":
		return l.wrote(c, result)
	default:
		if strings.Contains(strings.Join(c.arguments, " "), encoded(l.place)) {
			return fmt.Errorf("strace: %s is not understood", c.name)
		}
	}
	return nil
}

// opened makes a file that is not there yet, and empties one that is to be.
func (l *listener) opened(c *call) error {
	at := 0
	if c.name == "openat" {
		at = 1
	}
	flags := c.arguments[at+1]
	parent, name := l.parent(c.arguments[at])
	if parent == nil {
		return nil
	}
	if strings.Contains(flags, "O_APPEND") || c.name == "creat" {
		return fmt.Errorf("strace: opening with %s is not understood", flags)
	}
	file, there := parent.Look(name).(*disk.File)
	switch {
	case !there && strings.Contains(flags, "O_CREAT"):
		parent.Create(name)
	case there && strings.Contains(flags, "O_TRUNC"):
		file.Resize(0)
	}
	if !strings.Contains(flags, "O_RDONLY") {
		full, _ := decoded(c.arguments[at])
		delete(l.written, path.Clean(full))
	}
	return nil
}

func (l *listener) renamed(from, to string) error {
	parent, name := l.parent(from)
	other, target := l.parent(to)
	if parent != other {
		return fmt.Errorf("strace: a file moves from one directory to another, which is not understood")
	}
	if parent != nil {
		parent.Rename(name, target)
	}
	return nil
}

func (l *listener) resized(c *call) error {
	file, is := l.node(c.arguments[0]).(*disk.File)
	if !is {
		return nil
	}
	length, err := strconv.ParseInt(c.arguments[1], 10, 64)
	if err != nil {
		return fmt.Errorf("strace: reading a length: %w", err)
	}
	file.Resize(length)
	return nil
}

func (l *listener) wrote(c *call, result string) error {
	full, ours := l.pathOf(c.arguments[0])
	if !ours || strings.HasSuffix(c.arguments[0], "(deleted)") {
		return nil
	}
	file, is := l.disk.Find(strings.TrimPrefix(full, l.place)).(*disk.File)
	if !is {
		return fmt.Errorf("strace: %s is written to and was never made", full)
	}
	data, whole := decoded(c.arguments[1])
	length, err := strconv.Atoi(result)
	if err != nil || !whole || length > len(data) {
		return fmt.Errorf("strace: a write of %s bytes is told in part", result)
	}
	offset := l.written[full]
	if c.name == "pwrite64" {
		if offset, err = strconv.ParseInt(c.arguments[3], 10, 64); err != nil {
			return fmt.Errorf("strace: reading an offset: %w", err)
		}
	} else {
		l.written[full] += int64(length)
	}
	file.WriteAt([]byte(data[:length]), offset)
	return nil
}

// node returns what an open file is on the disk; nil for what is not there.
func (l *listener) node(argument string) disk.Node {
	full, ours := l.pathOf(argument)
	if !ours {
		return nil
	}
	return l.disk.Find(strings.TrimPrefix(full, l.place))
}

// parent returns the directory in which a path lies on the disk, or nil, and the
// path's last name.
func (l *listener) parent(argument string) (*disk.Directory, string) {
	full, whole := decoded(argument)
	inside, is := strings.CutPrefix(path.Clean(full), l.place+"/")
	if !whole || !is {
		return nil, ""
	}
	directory, _ := l.disk.Find(path.Dir(inside)).(*disk.Directory)
	return directory, path.Base(inside)
}

// pathOf returns the path that strace puts behind the number of an open file, and
// whether it lies on the disk.
func (l *listener) pathOf(argument string) (string, bool) {
	_, name, _ := strings.Cut(argument, "<")
	full, whole := decoded(`"` + strings.TrimSuffix(strings.TrimSuffix(name, "(deleted)"), ">") + `"`)
	return full, whole && (full == l.place || strings.HasPrefix(full, l.place+"/"))
}

// decoded returns the bytes of a text that strace has written in hexadecimal, and
// whether it is a whole one.
func decoded(argument string) (string, bool) {
	inner, quoted := strings.CutPrefix(argument, `"`)
	inner, ended := strings.CutSuffix(inner, `"`)
	text, err := hex.DecodeString(strings.ReplaceAll(inner, `\x`, ""))
	return string(text), quoted && ended && err == nil
}

func encoded(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&out, `\x%02x`, b)
	}
	return out.String()
}

// last returns the n-th argument from the end.
func last(arguments []string, n int) string { return arguments[max(0, len(arguments)-n)] }
