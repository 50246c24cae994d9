package moving

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line: a session of the largest body in base64, with room around it.
const maxLine = 1 << 20

// lines reads a file line by line, counted from 1.
type lines struct {
	in *bufio.Reader
	at int
}

func linesOf(in io.Reader) *lines { return &lines{in: bufio.NewReaderSize(in, 64<<10)} }

// errTooLong means that a line was longer than maxLine; it was passed over whole.
var errTooLong = faultf("the line has more than %d bytes", maxLine)

// next returns the next line that is not blank, for the caller to keep. It returns io.EOF at the end, errTooLong, or what
// the input returned.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.one()
		if err != nil || len(bytes.TrimSpace(line)) > 0 {
			return line, err
		}
	}
}

func (l *lines) one() (line []byte, err error) {
	l.at++
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errTooLong
		case errors.Is(err, io.EOF) && len(line) > 0: // the last line may lack its end
			return line, nil
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("line %d cannot be read: %w", l.at, err)
		}
		return line, err
	}
}
