package datafile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A write-ahead log of SQLite is a header and frames, each with a page
// (https://sqlite.org/fileformat2.html#walformat).
const (
	logHeader   = 32
	frameHeader = 24
	// byteOrder is the bit of the magic number that says how checksums read words.
	logMagic, byteOrder = 0x377f0682, 1
	// longestTailSearch bounds what is read of a log; a start must not take long.
	longestTailSearch = 256 << 20
	// reuses is how often a log may have been begun anew since a frame was written
	// that still lies in it.
	reuses = 1 << 16
)

// TornTail returns how many bytes at the end of the log at path are not valid and
// will be left out: the process or the machine ended while they were written, or
// they were damaged. What an earlier use of the log has left there doesn't count.
// It is 0 when there is no log.
func TornTail(path string) (int64, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = file.Close() }() // it is only read
	info, err := file.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading the log: %w", err)
	}
	if info.Size() > longestTailSearch {
		return 0, nil
	}
	tail, err := tornTail(bufio.NewReaderSize(file, 1<<16), info.Size())
	if err != nil {
		return 0, fmt.Errorf("reading the log: %w", err)
	}
	return tail, nil
}

func tornTail(log io.Reader, size int64) (int64, error) {
	header := make([]byte, logHeader)
	if n, err := io.ReadFull(log, header); err != nil {
		return int64(n), unlessEnd(err)
	}
	magic, pageSize := binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[8:])
	sum := checksum{order: binary.LittleEndian}
	if magic&byteOrder != 0 {
		sum.order = binary.BigEndian
	}
	sum.add(header[:24])
	const largestPage = 1 << 16
	if magic&^byteOrder != logMagic || !sum.is(header[24:]) || pageSize > largestPage {
		return size, nil
	}
	frame := make([]byte, frameHeader+pageSize)
	committed, at := int64(logHeader), int64(logHeader)
	for {
		if n, err := io.ReadFull(log, frame); err != nil {
			return at + int64(n) - committed, unlessEnd(err)
		}
		if age := binary.BigEndian.Uint32(header[16:]) - binary.BigEndian.Uint32(frame[8:]); age > 0 && age < reuses {
			return at - committed, nil
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		if [8]byte(frame[8:16]) != [8]byte(header[16:24]) || !sum.is(frame[16:]) {
			return size - committed, nil
		}
		at += int64(len(frame))
		if isCommit := binary.BigEndian.Uint32(frame[4:]) != 0; isCommit {
			committed = at
		}
	}
}

// unlessEnd is the error of reading, unless that is only the log's end.
func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum is that of the log's header and frames, which goes on from one to the
// next.
type checksum struct {
	order binary.ByteOrder
	a, b  uint32
}

func (c *checksum) add(text []byte) {
	for ; len(text) >= 8; text = text[8:] {
		c.a += c.order.Uint32(text) + c.b
		c.b += c.order.Uint32(text[4:]) + c.a
	}
}

func (c *checksum) is(text []byte) bool {
	return binary.BigEndian.Uint32(text) == c.a && binary.BigEndian.Uint32(text[4:]) == c.b
}
