package api

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
)

// maxLine of an event stream, in bytes. All lines of an event together have no more.
const maxLine = 4 << 20

// Done is the data of the event that ends a stream.
const Done = "[DONE]"

// ReadEvents calls take with the data of each server-sent event, until it says that it has enough or the stream ends.
// Comments and other fields are passed over, and data on several lines is joined. An event of more than 4 MiB fails
// with bufio.ErrTooLong: whoever sends the stream may be a stranger.
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
	_, err := take(strings.Join(data, "\n")) // without the blank line that ends it
	return err
}

// Pausing returns a reader that calls before each time it has to read on: whoever handles events by it has then had all
// that is there. What comes at once can be passed on at once, and nothing waits.
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

// complete says that a line of data is an event by itself: some servers put no blank line between two. Data on several
// lines ends with a blank line: to look at all of it again at each line would take time that grows with its square.
func complete(data []string) bool {
	return len(data) == 1 && (strings.TrimSpace(data[0]) == Done || json.Valid([]byte(data[0])))
}
