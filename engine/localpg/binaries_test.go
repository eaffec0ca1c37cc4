package localpg

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestConfigValidate(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"complete", Config{Dir: "x", Binaries: []string{t.TempDir()}}, nil},
		{"empty", Config{}, []string{"Dir is required"}},
		{"all wrong", Config{Timeout: -time.Second, Binaries: []string{"bin"}}, []string{"Dir", "Timeout", "Binaries"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.config.Validate()
			equal(t, "faulty", err != nil, test.want != nil)
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
	if _, err := Start(t.Context(), Config{}); err == nil {
		t.Error("Start took a faulty configuration")
	}
}

func TestNoBinaries_TellsTheChoices(t *testing.T) {
	dir, empty := newDir(t), t.TempDir()
	_, err := Start(t.Context(), Config{Dir: dir, Binaries: []string{empty}, NoDownload: true})
	if !errors.Is(err, ErrNoBinaries) {
		t.Fatalf("got %v, want ErrNoBinaries", err)
	}
	for _, want := range []string{
		"DATABASE_URL", "apt-get install postgresql", "brew install postgresql", "download", empty + ": not there", "NoDownload",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestBinariesOfAnotherVersion(t *testing.T) {
	dir := warmDir(t)
	s := start(t, Config{Dir: dir})
	must(t, s.Close())
	real, err := s.cluster.search(account{}).find(t.Context(), 0)
	must(t, err)
	older := strconv.Itoa(real.major - 1)
	must(t, os.WriteFile(filepath.Join(s.DataDir(), "PG_VERSION"), []byte(older+"\n"), 0o600))
	bin := filepath.Dir(real.postgres)
	_, err = Start(t.Context(), Config{Dir: dir, Binaries: []string{bin}})
	if !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), "made by PostgreSQL "+older) || !strings.Contains(err.Error(), bin) {
		t.Fatalf("got %v, want an error that names both versions", err)
	}
}

func TestNewestVersionFirst(t *testing.T) {
	dirs := []string{"/usr/lib/postgresql/9.6/bin", "/opt/homebrew/opt/postgresql/bin", "/usr/pgsql-17/bin", "/V/16/bin"}
	slices.SortFunc(dirs, func(a, b string) int { return lastNumber(b) - lastNumber(a) })
	want := []string{"/usr/pgsql-17/bin", "/V/16/bin", "/usr/lib/postgresql/9.6/bin", "/opt/homebrew/opt/postgresql/bin"}
	if !slices.Equal(dirs, want) {
		t.Errorf("got %v, want %v", dirs, want)
	}
}

// archive is a tar.xz with bin/postgres and bin/initdb, which print a version, and bin/pg_ctl, which fails.
const archive = `
/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4Cf/ALBdADEaShsJm5rsOLhmgD4g+GJazq6waC8DkWe3+8TWxR2KN47/Ei1PwG1OLY3Q
FyBVM1Ojv9wFPEALzLU6Wmvx2jzVtvOUEyNC/oKTX0lBhvK03BcoPBGOAp7ywJyjQih+DEpSvESv5uO6NO+cnVRCM6MdAC1YnueK
Yj2493jqZrIeih3Appe+a70RuqgBeTJ67qn4NV8uDlw0Oz1X8yKS0RuPmwDRKi4fE/fHkw3Z/6MAAI2hu4gAAcgBgFAAAD/5a4I+
MA2LAgAAAAABWVo=`

// repository serves the archive in a jar as Maven Central does; with no archive it knows nothing.
func repository(t *testing.T, known bool) string {
	txz, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(archive, "\n", ""))
	must(t, err)
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	f, err := w.Create("postgres.txz")
	must(t, err)
	_, err = f.Write(txz)
	must(t, err)
	must(t, w.Close())
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !known || !strings.HasSuffix(r.URL.Path, ".jar") {
			http.NotFound(rw, r)
			return
		}
		_, _ = rw.Write(jar.Bytes())
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDownload(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the archive holds shell scripts")
	}
	c, err := newCluster(Config{Dir: newDir(t), Binaries: []string{t.TempDir()}}, true)
	must(t, err)
	who, err := accountFor("")
	must(t, err)
	look := c.search(who)
	d := newDownloader(who, c.cfg.Log)
	d.dir = filepath.Join(c.dir, "cache", "programs")
	look.download = d.fetch

	d.repository = repository(t, false)
	look.download = d.fetch
	_, err = look.find(t.Context(), 0)
	if !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), "download: fetch PostgreSQL") {
		t.Fatalf("got %v, want ErrNoBinaries with what failed", err)
	}
	d.repository = repository(t, true)
	look.download = d.fetch
	found, err := look.find(t.Context(), 0)
	must(t, err)
	equal(t, "major version", found.major, 18)
	equal(t, "folder", filepath.Dir(found.postgres), d.binaries())

	d.repository = repository(t, false)
	if _, err := d.fetch(t.Context()); err != nil {
		t.Errorf("downloaded a second time: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(d.dir))
	must(t, err)
	for _, entry := range left {
		if entry.Name() != "programs" && entry.Name() != "download.lock" {
			t.Errorf("the download left %s", entry.Name())
		}
	}
}
