package corpus

import "context"

// decodePlain takes plain text and Markdown as they are.
func decodePlain(_ context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	return s.document("", text)
}
