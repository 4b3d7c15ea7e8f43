package corpus

import "context"

// decodePlain takes plain text and Markdown unchanged.
func decodePlain(_ context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	return s.add("", text)
}
