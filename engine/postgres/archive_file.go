package postgres

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// write makes the file, and reads it back. It returns the sum of what was
// written. A file that is not whole is removed.
func (a *archiver) write(ctx context.Context, name string) (sum string, err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // it may hold personal data
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	hash := sha256.New()
	err = a.export(ctx, io.MultiWriter(file, hash))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if err := syncFolder(filepath.Dir(name)); err != nil {
		return "", err
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	return sum, a.readBack(name, sum)
}

// syncFolder makes the file's name durable.
func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// export writes the range as Export does, with the header's head at its end.
func (a *archiver) export(ctx context.Context, w io.Writer) error {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, a.conn, snapshot, func(tx pgx.Tx) error {
		if err := slow(ctx, tx); err != nil {
			return err
		}
		n := a.out.Last - a.before
		x := &exporter{tx: tx, sql: enginedb.New(tx), out: bufio.NewWriterSize(w, 1<<16), progress: a.progress, total: n}
		h := ExportHeader{Kind: lineHeader, Format: exportFormat, Floor: a.before, Head: a.out.Last, Projections: []string{},
			Lines: map[string]int64{lineEvent: n}}
		var err error
		if h.Log, err = x.sql.ExportLog(ctx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "select now()").Scan(&h.At); err != nil {
			return err
		}
		if err := x.write(h); err != nil {
			return err
		}
		if err := x.events(ctx, a.before, a.out.Last); err != nil {
			return err
		}
		return x.flush()
	})
}

// readBack holds the file against what was to be written.
func (a *archiver) readBack(name, sum string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	in := newLines(io.TeeReader(file, hash))
	if header, ok := in.next(); !ok || header.kind != lineHeader {
		return fmt.Errorf("%s has no header", name)
	}
	last := a.before
	for {
		line, ok := in.nextOf(lineEvent)
		if !ok {
			break
		}
		var event eventLine
		if err := json.Unmarshal(line.text, &event); err != nil || event.Position != last+1 {
			return in.errorf("of %s is not the event at position %d", name, last+1)
		}
		last++
	}
	if in.err != nil || last != a.out.Last || hex.EncodeToString(hash.Sum(nil)) != sum {
		return errors.Join(in.err, fmt.Errorf("%s reads otherwise than it was written", name))
	}
	return nil
}
