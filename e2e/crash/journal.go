package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// outcome is what a publisher knows of an event.
type outcome string

const (
	acknowledged outcome = "ACK"
	rejected     outcome = "REJ"
	unknown      outcome = "UNK"
)

// intent is an event that a publisher means to publish, and what came of it.
type intent struct {
	Nonce   string    `json:"nonce"`
	Type    string    `json:"type"`
	GivenID string    `json:"givenId,omitempty"`
	Key     string    `json:"key,omitempty"`
	Data    string    `json:"data"`
	Outcome outcome   `json:"outcome,omitempty"`
	Tries   int       `json:"tries"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended,omitzero"`
	// PublicID is the id that the server answered with.
	PublicID string `json:"publicId,omitempty"`
}

// receipt is a request that a receiver got, and what it did with it.
type receipt struct {
	Hook   string    `json:"hook"`
	Nonce  string    `json:"nonce"`
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	// RetryAfter is what the answer asked for.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// Reset reports that the connection was broken off instead of an answer.
	Reset bool `json:"reset,omitempty"`
	// Written reports that the whole answer was handed to the network.
	Written bool `json:"written"`
	// Problem says what is wrong with the request itself; empty if nothing is.
	Problem string `json:"problem,omitempty"`
}

// journal is a file of lines that outlives the server, and this process too.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a journal: %w", err)
	}
	return &journal{file: file}, nil
}

// write appends a line; a durable one is on disk when write returns.
func (j *journal) write(entry any, durable bool) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("writing a journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing a journal: %w", err)
	}
	if !durable {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing a journal: %w", err)
	}
	return nil
}

func (j *journal) close() { _ = j.file.Close() } // durable lines are on disk
