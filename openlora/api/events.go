package api

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
)

// maxLine is the most bytes of a line of an event stream, and of all lines of an event together.
const maxLine = 4 << 20

// Done is the data of the event that ends a stream.
const Done = "[DONE]"

// ReadEvents calls take with the data of each server-sent event, until take returns enough or the stream ends. It skips
// comments and other fields, and joins data that is on several lines. An event of more than 4 MiB fails with
// bufio.ErrTooLong: the sender of the stream may be a stranger.
func ReadEvents(stream io.Reader, take func(data string) (enough bool, err error)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxLine)
	var data []string
	size := 0
	for lines.Scan() {
		line := lines.Text()
		rest, isData := strings.CutPrefix(line, "data:")
		if len(data) > 0 && (line == "" || isData && complete(data)) {
			enough, err := take(strings.Join(data, "\n"))
			if err != nil || enough {
				return err
			}
			data, size = nil, 0
		}
		if isData {
			if size += len(line) + 1; size > maxLine {
				return bufio.ErrTooLong
			}
			data = append(data, strings.TrimPrefix(rest, " "))
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(data) == 0 {
		return nil
	}
	_, err := take(strings.Join(data, "\n")) // the blank line at its end is missing
	return err
}

// Pausing returns a reader that calls before each time it reads from the stream. By then, who handles its events has
// handled everything that has arrived, and can pass it on at once.
func Pausing(stream io.Reader, before func() error) io.Reader { return &pausing{stream, before} }

type pausing struct {
	stream io.Reader
	before func() error
}

// Read implements io.Reader.
func (p *pausing) Read(into []byte) (int, error) {
	if err := p.before(); err != nil {
		return 0, err
	}
	return p.stream.Read(into)
}

// complete reports whether the data is one line that is an event by itself: some servers put no blank line between two
// events. Data on several lines ends with a blank line; to look at all of it at each line would take quadratic time.
func complete(data []string) bool {
	return len(data) == 1 && (strings.TrimSpace(data[0]) == Done || json.Valid([]byte(data[0])))
}
