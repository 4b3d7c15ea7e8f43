package poa

import (
	"encoding/binary"
	"fmt"
)

// A page stores records together: uvarint number of sessions, their ids in order of first use, uvarint number of
// records, then per record uvarint index of its session and the body of the record (see Record.MarshalBinary).

// N, commitment, two token counts, fee, entries, unattributed, acknowledged, model, version, method
const minRecordBody = 42

// PackRecords packs records in order into pages of at most maxBytes. A record that does not fit in a page even alone
// gets a larger page of its own. Records must pass Validate, otherwise UnpackRecords refuses the page.
func PackRecords(records []Record, maxBytes int) [][]byte {
	var pages [][]byte
	p := newPageBuilder()
	for _, r := range records {
		session, body := p.place(r)
		if p.records > 0 && p.size(session, len(body)) > maxBytes {
			pages = append(pages, p.bytes())
			p = newPageBuilder()
			session, body = p.place(r)
		}
		p.add(r.Session, session, body)
	}
	if p.records > 0 {
		pages = append(pages, p.bytes())
	}
	return pages
}

type pageBuilder struct {
	sessions []Hash
	index    map[Hash]int
	records  int
	bodies   []byte
}

func newPageBuilder() *pageBuilder { return &pageBuilder{index: make(map[Hash]int)} }

// place returns the index of the record's session on this page, which may be a new one, and its body.
func (p *pageBuilder) place(r Record) (session int, body []byte) {
	session, ok := p.index[r.Session]
	if !ok {
		session = len(p.sessions)
	}
	body = binary.AppendUvarint(nil, uint64(session))
	return session, r.appendBody(body)
}

// size returns the page's length after one more record.
func (p *pageBuilder) size(session, body int) int {
	sessions := max(len(p.sessions), session+1)
	return uvarintLen(sessions) + len(Hash{})*sessions + uvarintLen(p.records+1) + len(p.bodies) + body
}

func (p *pageBuilder) add(id Hash, session int, body []byte) {
	if session == len(p.sessions) {
		p.sessions = append(p.sessions, id)
		p.index[id] = session
	}
	p.records++
	p.bodies = append(p.bodies, body...)
}

func (p *pageBuilder) bytes() []byte {
	b := binary.AppendUvarint(nil, uint64(len(p.sessions)))
	b = appendHashes(b, p.sessions)
	b = binary.AppendUvarint(b, uint64(p.records))
	return append(b, p.bodies...)
}

func uvarintLen(n int) int {
	var b [binary.MaxVarintLen64]byte
	return binary.PutUvarint(b[:], uint64(n))
}

// UnpackRecords reads a page of PackRecords and nothing else: sessions must be distinct and listed in order of first
// use.
func UnpackRecords(page []byte) ([]Record, error) {
	r := reader{data: page}
	sessions := r.hashes(r.count(r.uvarint(1<<32), 1<<32, len(Hash{})))
	seen := make(map[Hash]struct{}, len(sessions))
	for i, s := range sessions {
		if _, dup := seen[s]; dup {
			r.failf("session %d is listed twice", i)
		}
		seen[s] = struct{}{}
	}
	count := r.count(r.uvarint(1<<32), 1<<32, minRecordBody)
	if r.ok() && count == 0 {
		r.failf("a page has at least one record")
	}
	records := make([]Record, 0, count)
	used := 0
	for i := 0; i < count && r.ok(); i++ {
		session := int(r.uvarint(1 << 32))
		record := readRecordBody(&r)
		if !r.ok() {
			break
		}
		if session > used || session >= len(sessions) {
			r.failf("record %d uses session %d before session %d", i, session, used)
			break
		}
		if session == used {
			used++
		}
		record.Session = sessions[session]
		if err := record.Validate(); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		records = append(records, record)
	}
	if r.ok() && used != len(sessions) {
		r.failf("%d of %d sessions are unused", len(sessions)-used, len(sessions))
	}
	if err := r.finish(ErrRecordEncoding); err != nil {
		return nil, err
	}
	return records, nil
}
