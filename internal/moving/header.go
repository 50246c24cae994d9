package moving

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Format and Version name what this package reads.
const (
	Format  = "sessnode-sessions"
	Version = 1
)

// ErrHeader means that the input does not begin with the line that says what it is.
var ErrHeader = errors.New("the first line is no header of sessions")

// Header is the first line. Fields that are not known are passed over.
type Header struct {
	App      string    // whom the sessions are for; may be empty
	Source   string    // what they were read from, in words
	Exported time.Time // zero where it was not said
}

func parseHeader(line []byte) (Header, error) {
	var h struct {
		Format, App, Source string
		Version             int
		Exported            time.Time
	}
	if json.Unmarshal(line, &h) != nil || h.Format != Format {
		return Header{}, fmt.Errorf(`%w: it should be {"format": %q, "version": %d, ...}`, ErrHeader, Format, Version)
	}
	if h.Version != Version {
		return Header{}, fmt.Errorf("%w: version %d of the format, this program reads version %d", ErrHeader, h.Version, Version)
	}
	return Header{App: h.App, Source: h.Source, Exported: h.Exported}, nil
}
