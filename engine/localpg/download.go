package localpg

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
	"github.com/gofrs/flock"
)

// downloadVersion is the release that is fetched; its data outlive an update of the library, so it changes only with a
// new major version.
const downloadVersion = embedded.V18

// downloader fetches the server programs that the embedded-postgres project publishes on Maven Central.
type downloader struct {
	who        account
	log        *slog.Logger
	dir        string // where the unpacked programs lie, for all checkouts of this user
	repository string // another Maven repository; "" is Maven Central
}

// newDownloader keeps the programs in the user's cache, or for root, whose cache the server's user cannot reach, in
// /var/tmp.
func newDownloader(who account, log *slog.Logger) downloader {
	name := "postgresql-" + string(downloadVersion)
	if cache, err := os.UserCacheDir(); err == nil && !mayRelocate() {
		return downloader{who: who, log: log, dir: filepath.Join(cache, "backstory", name)}
	}
	return downloader{who: who, log: log, dir: filepath.Join("/var/tmp", "backstory-"+name, name)}
}

// binaries is the folder that holds postgres and initdb after a download.
func (d downloader) binaries() string { return filepath.Join(d.dir, "bin") }

// fetch downloads and unpacks the programs and returns their folder. It gives up waiting when ctx ends; the library's
// request cannot be cancelled and then ends with the process.
func (d downloader) fetch(ctx context.Context) (string, error) {
	done := make(chan error, 1)
	go func() { done <- d.unpack(ctx) }()
	select {
	case err := <-done:
		return d.binaries(), err
	case <-ctx.Done():
		return "", fmt.Errorf("wait for the download: %w", ctx.Err())
	}
}

// unpack fills a folder beside the final one and renames it when it is complete.
func (d downloader) unpack(ctx context.Context) error {
	parent := filepath.Dir(d.dir)
	if mayRelocate() {
		if err := makeRefuge(parent); err != nil {
			return err
		}
	} else if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	lock := flock.New(filepath.Join(parent, "download.lock"))
	if _, err := lock.TryLockContext(ctx, 4*pollEvery); err != nil {
		return fmt.Errorf("wait for another process's download: %w", err)
	}
	defer lock.Unlock()
	if _, err := os.Stat(d.dir); err == nil {
		return nil // another process was faster
	}
	work := d.dir + ".new"
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("remove an interrupted download: %w", err)
	}
	defer os.RemoveAll(work)
	begun := time.Now()
	d.log.Info("no PostgreSQL found: downloading it, once", "version", downloadVersion, "to", d.dir)
	if err := d.library(work); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(work, "programs"), d.dir); err != nil {
		return fmt.Errorf("put the programs in place: %w", err)
	}
	d.log.Info("downloaded PostgreSQL", "took", time.Since(begun).Round(time.Millisecond))
	return nil
}

// library has the library download and unpack. It can do this only as the first part of starting a server of its own,
// which we do not want: as root it would fail, and it knows neither members nor recovery. So its data folder holds
// nothing but a version, pg_ctl refuses to start on it, and this refusal, which comes only after everything was
// unpacked, is the sign of success.
func (d downloader) library(work string) error {
	data := filepath.Join(work, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	major, _, _ := strings.Cut(string(downloadVersion), ".")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return fmt.Errorf("prepare the download: %w", err)
	}
	port, err := freePort(0)
	if err != nil {
		return err
	}
	cfg := embedded.DefaultConfig().Version(downloadVersion).Port(uint32(port)).Logger(io.Discard).
		DataPath(data).RuntimePath(filepath.Join(work, "run")).CachePath(filepath.Join(work, "cache")).
		BinariesPath(filepath.Join(work, "programs"))
	if d.repository != "" {
		cfg = cfg.BinaryRepositoryURL(d.repository)
	}
	err = embedded.NewDatabase(cfg).Start()
	if err == nil {
		return fmt.Errorf("fetch PostgreSQL %s: pg_ctl started a server on an empty folder", downloadVersion)
	}
	if strings.HasPrefix(err.Error(), "could not start postgres") {
		return nil
	}
	return fmt.Errorf("fetch PostgreSQL %s: %w", downloadVersion, err)
}
