package corpus

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
)

// decodeEPUB takes the chapters of an e-book in their order, one document each.
func decodeEPUB(ctx context.Context, s *source) error {
	a, err := openArchive(s.data)
	if err != nil {
		return err
	}
	rights, err := a.read("META-INF/encryption.xml")
	if err != nil {
		return err
	}
	locked, err := encryptedParts(rights)
	if err != nil {
		return err
	}
	chapters, err := chaptersOf(a)
	if err != nil {
		return err
	}
	for _, name := range chapters {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case locked[name]:
			s.file.leaveOut(name, "%s", encrypted)
			continue
		}
		data, err := a.read(name)
		if err == nil && data == nil {
			err = errors.New("is missing")
		}
		var text []byte
		if err == nil {
			text, err = decodeText(data)
		}
		if err == nil {
			text, err = htmlText(ctx, text)
		}
		if err != nil {
			s.file.leaveOut(name, "%s", err)
			continue
		}
		if err := s.add(name, text); err != nil {
			return err
		}
	}
	return nil
}

// encryptedParts returns the files that need a key. Fonts that are only made hard to copy are among them, which does no
// harm: they are not chapters.
func encryptedParts(rights []byte) (map[string]bool, error) {
	if rights == nil {
		return nil, nil
	}
	var listed struct {
		Data []struct {
			Reference struct {
				URI string `xml:"URI,attr"`
			} `xml:"CipherData>CipherReference"`
		} `xml:"EncryptedData"`
	}
	if err := newXMLDecoder(bytes.TrimPrefix(rights, utf8Mark)).Decode(&listed); err != nil {
		return nil, errors.New("is damaged: its list of encrypted files cannot be read")
	}
	parts := make(map[string]bool)
	for _, d := range listed.Data {
		parts[entryName("", d.Reference.URI)] = true
	}
	return parts, nil
}

// chaptersOf returns the files of an e-book in reading order.
func chaptersOf(a *unzipper) ([]string, error) {
	var container struct {
		Roots []struct {
			Path string `xml:"full-path,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	if err := unmarshalEntry(a, "META-INF/container.xml", &container); err != nil {
		return nil, err
	}
	if len(container.Roots) == 0 {
		return nil, errors.New("is damaged: it does not name its contents")
	}
	root := entryName("", container.Roots[0].Path)
	var book struct {
		Items []struct {
			ID         string `xml:"id,attr"`
			Href       string `xml:"href,attr"`
			Properties string `xml:"properties,attr"`
		} `xml:"manifest>item"`
		Spine []struct {
			ID string `xml:"idref,attr"`
		} `xml:"spine>itemref"`
	}
	if err := unmarshalEntry(a, root, &book); err != nil {
		return nil, err
	}
	items := make(map[string]string, len(book.Items))
	for _, item := range book.Items {
		if !strings.Contains(" "+item.Properties+" ", " nav ") {
			items[item.ID] = entryName(path.Dir(root), item.Href)
		}
	}
	var chapters []string
	seen := make(map[string]bool)
	for _, entry := range book.Spine {
		if name := items[entry.ID]; name != "" && !seen[name] {
			seen[name] = true
			chapters = append(chapters, name)
		}
	}
	if len(chapters) == 0 {
		return nil, errors.New("is damaged: it lists no chapters")
	}
	return chapters, nil
}

func unmarshalEntry(a *unzipper, name string, into any) error {
	data, err := a.read(name)
	switch {
	case err != nil:
		return err
	case data == nil:
		return errors.New("is damaged: " + name + " is missing")
	}
	text, err := decodeText(data)
	if err != nil {
		return errors.New("is damaged: " + name + " cannot be read")
	}
	if err := newXMLDecoder(text).Decode(into); err != nil {
		return errors.New("is damaged: " + name + " cannot be read")
	}
	return nil
}

// entryName returns the name in the archive that a reference in a file of folder means.
func entryName(folder, reference string) string {
	reference, _, _ = strings.Cut(reference, "#")
	if plain, err := url.PathUnescape(reference); err == nil {
		reference = plain
	}
	return strings.TrimPrefix(path.Join("/", folder, reference), "/")
}
