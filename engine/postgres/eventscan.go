package postgres

import (
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/backstory-go/backstory/engine"
)

// eventScan reads rows of whole events, one after the other, of as many queries as
// one likes. It makes nothing for a row but what its event holds: its data is the
// connection's, until the next row.
type eventScan struct {
	meta          engine.Meta
	name, typ, by interned
	schema        int32
	data, state   borrowed // state: of the snapshot at the event, where the query has one
	decoder       *engine.Decoder
	places        []any // for Scan
	rows          pgx.Rows
	binary        bool              // these rows' values are as quick reads them
	texts         map[string]string // known types and people; nil: only those of the row before
}

func newEventScan() *eventScan {
	return &eventScan{meta: engine.Meta{Attempt: 1}, decoder: engine.LogDecoder()}
}

// eventColumns are the types of an event's columns, and of its snapshot's state.
// Texts are read alike in both formats of the protocol.
var eventColumns = [...]struct {
	oid  uint32
	text bool
}{{pgtype.Int8OID, false}, {pgtype.TextOID, true}, {pgtype.Int8OID, false}, {pgtype.UUIDOID, false}, {pgtype.TextOID, true}, {pgtype.Int4OID, false},
	{pgtype.TimestamptzOID, false}, {pgtype.TextOID, true}, {pgtype.UUIDOID, false}, {pgtype.UUIDOID, false}, {pgtype.JSONOID, true}, {pgtype.ByteaOID, false}}

// read reads the row that rows has come to.
func (r *eventScan) read(rows pgx.Rows) error {
	if r.rows != rows {
		fields := rows.FieldDescriptions()
		r.rows, r.binary, r.state, r.places = rows, binaryEvents(fields), nil, nil
	}
	if !r.binary || !r.quick(rows.RawValues()) {
		if r.places == nil {
			r.places = r.into(len(rows.RawValues()))
		}
		if err := rows.Scan(r.places...); err != nil {
			return err
		}
	}
	r.meta.At, r.meta.By = r.meta.At.UTC(), string(r.by)
	return r.parseStream()
}

// event decodes the row. Of its data nothing is kept.
func (r *eventScan) event(system *engine.System) (engine.Recorded, error) {
	event, err := system.DecodeBy(r.decoder, string(r.typ), int(r.schema), r.data)
	return engine.Recorded{Meta: r.meta, Type: string(r.typ), SchemaVersion: int(r.schema), Event: event}, err
}

func (r *eventScan) parseStream() (err error) {
	s := &r.meta.Stream
	if n := len(s.Type); len(r.name) == n+1+len(s.ID) && n > 0 && string(r.name[:n]) == s.Type && string(r.name[n+1:]) == s.ID {
		return nil
	}
	*s, err = engine.ParseStream(string(r.name))
	return err
}

// into are the places for the columns of a row.
func (r *eventScan) into(columns int) []any {
	m := &r.meta
	all := []any{&m.Position, &r.name, &m.Version, (*[16]byte)(&m.ID), &r.typ, &r.schema, &m.At, &r.by,
		(*[16]byte)(&m.Correlation), (*[16]byte)(&m.Causation), &r.data, &r.state}
	return all[:min(columns, len(all))]
}

func binaryEvents(fields []pgconn.FieldDescription) bool {
	if len(fields) < len(eventColumns)-1 || len(fields) > len(eventColumns) {
		return false
	}
	for i, f := range fields {
		if c := eventColumns[i]; f.DataTypeOID != c.oid || f.Format != pgtype.BinaryFormatCode && !c.text {
			return false
		}
	}
	return true
}

// epoch2000 is where PostgreSQL counts the microseconds of its times from.
var epoch2000 = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// quick reads a row as Scan does, if it is as it should be.
func (r *eventScan) quick(v [][]byte) bool {
	for i, size := range [...]int{0: 8, 2: 8, 3: 16, 5: 4, 6: 8, 8: 16, 9: 16} {
		if size > 0 && len(v[i]) != size {
			return false
		}
	}
	at := int64(binary.BigEndian.Uint64(v[6]))
	if v[1] == nil || v[4] == nil || v[7] == nil || at < -1<<62 || at > 1<<62 { // NULL, or an infinity
		return false
	}
	m := &r.meta
	m.Position, m.Version = int64(binary.BigEndian.Uint64(v[0])), int64(binary.BigEndian.Uint64(v[2]))
	r.schema, m.At = int32(binary.BigEndian.Uint32(v[5])), time.UnixMicro(at+epoch2000)
	m.ID, m.Correlation, m.Causation = [16]byte(v[3]), [16]byte(v[8]), [16]byte(v[9])
	r.name.set(v[1], nil)
	r.typ.set(v[4], r.texts)
	r.by.set(v[7], r.texts)
	r.data, r.state = v[10], nil
	if len(v) > 11 {
		r.state = v[11]
	}
	return true
}

// interned is a text that is mostly the same as in the row before.
type interned string

// ScanBytes implements pgtype.BytesScanner.
func (t *interned) ScanBytes(v []byte) error {
	t.set(v, nil)
	return nil
}

// mostTexts is how many texts are remembered.
const mostTexts = 256

// set takes a text, one that is known where it can.
func (t *interned) set(v []byte, known map[string]string) {
	if string(*t) == string(v) {
		return
	}
	if text, ok := known[string(v)]; ok {
		*t = interned(text)
		return
	}
	*t = interned(v)
	if known != nil && len(known) < mostTexts {
		known[string(*t)] = string(*t)
	}
}

// borrowed is a value that is not copied; nil: NULL.
type borrowed []byte

// ScanBytes implements pgtype.BytesScanner.
func (b *borrowed) ScanBytes(v []byte) error {
	*b = v
	return nil
}
