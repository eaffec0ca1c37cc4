package live

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// An encoder that remembers what it sent costs hundreds of kilobytes a tab, and
// its work is done again for every tab. Deflate needs neither: a block that was
// flushed ends on a byte and refers to nothing but the 32 KiB before it (RFC
// 1951, 3.2). A piece that was compressed once, against the event before it,
// therefore fits into the stream of every tab whose last bytes are that event.

// window is how far back deflate refers.
const window = 32 << 10

// mostBetween bounds the bytes between two events that a piece may refer over.
// What comes in between are comments: three bytes each.
const mostBetween = 300

// gzipHeader begins a gzip stream without a name or a time (RFC 1952, 2.3).
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// pieces is a gzip stream that is put together from shared pieces.
type pieces struct {
	w       io.Writer
	begun   bool
	last    *rendered // the newest event sent; nil: the next piece refers to nothing
	between []byte    // what was sent after it
	sum     uint32    // of everything, for the end
	size    uint32
}

// event sends an event, compressed once for all streams that stand where this
// one does.
func (p *pieces) event(e *rendered) error {
	piece, err := e.piece(p.last, p.between)
	if err != nil {
		return err
	}
	p.count(e.wire)
	p.last, p.between = e, nil
	return p.put(piece)
}

// Write sends other bytes, as they are: they are few.
func (p *pieces) Write(data []byte) (int, error) {
	p.count(data)
	p.between = append(p.between, data...)
	if len(p.between) > mostBetween {
		p.last, p.between = nil, nil
	}
	const most = 1<<16 - 1
	for rest := data; len(rest) > 0; {
		block := rest[:min(len(rest), most)]
		rest = rest[len(block):]
		head := []byte{0} // a stored block (RFC 1951, 3.2.4)
		head = binary.LittleEndian.AppendUint16(head, uint16(len(block)))
		head = binary.LittleEndian.AppendUint16(head, ^uint16(len(block)))
		if err := p.put(append(head, block...)); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// Flush implements encoder: nothing is held back.
func (p *pieces) Flush() error { return nil }

// Close ends the stream with an empty last block, the checksum and the size.
func (p *pieces) Close() error {
	end := []byte{1, 0, 0, 0xff, 0xff}
	end = binary.LittleEndian.AppendUint32(end, p.sum)
	return p.put(binary.LittleEndian.AppendUint32(end, p.size))
}

func (p *pieces) count(data []byte) {
	p.sum = crc32.Update(p.sum, crc32.IEEETable, data)
	p.size += uint32(len(data)) //nolint:gosec // modulo 2³², as the format wants it
}

func (p *pieces) put(piece []byte) error {
	if !p.begun {
		p.begun = true
		if _, err := p.w.Write(gzipHeader); err != nil {
			return err
		}
	}
	_, err := p.w.Write(piece)
	return err
}

// place is where a stream stands: after which event, and what came since.
type place struct {
	after   [32]byte // the sum of the event; zero: anywhere
	between string
}

// piece is the event for streams that stand after another one.
func (e *rendered) piece(last *rendered, between []byte) ([]byte, error) {
	var at place
	var known []byte
	if last != nil && len(last.wire)+len(between) < window { // longer ones lie out of reach where they are alike
		at = place{last.wireSum, string(between)}
		known = append(bytes.Clone(last.wire), between...)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if piece, ok := e.pieces[at]; ok {
		return piece, nil
	}
	piece, err := deflated(e.wire, known)
	if err != nil {
		return nil, err
	}
	if e.pieces == nil {
		e.pieces = map[place][]byte{}
	}
	e.pieces[at] = piece
	return piece, nil
}

// deflated compresses data for a reader who has just read what is known.
func deflated(data, known []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriterDict(&out, flate.DefaultCompression, known)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil { // not closed: more follows
		return nil, err
	}
	return out.Bytes(), nil
}
