package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// ErrNoBinaries is returned when the machine has no usable PostgreSQL and none could be downloaded.
var ErrNoBinaries = errors.New("no usable PostgreSQL server programs were found")

// oldestMajor is the oldest version that is tried: older ones are out of support.
const oldestMajor = 14

// programs are the server programs of one installation.
type programs struct {
	postgres, initdb string
	major            int
}

// search looks for programs that an account can run.
type search struct {
	who      account
	dirs     []string                              // where to look, in this order
	download func(context.Context) (string, error) // fetches programs and returns their folder; nil forbids it
}

// search sets up the look for programs that the configuration asks for.
func (c *cluster) search(who account) search {
	s := search{who: who, dirs: c.cfg.Binaries}
	d := newDownloader(who, c.cfg.Log)
	if len(s.dirs) == 0 {
		s.dirs = append(usualDirs(), d.binaries())
	}
	if !c.cfg.NoDownload {
		s.download = d.fetch
	}
	return s
}

// find returns the first programs that run and, when major is not 0, have this major version: PostgreSQL cannot open
// data of another. Only when there are no programs at all it downloads some.
func (s search) find(ctx context.Context, major int) (programs, error) {
	var tried []error
	var others []string
	for _, dir := range s.dirs {
		p, err := s.check(ctx, dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
			tried = append(tried, fmt.Errorf("%s: not there", dir))
		case err != nil:
			tried = append(tried, err)
		case major != 0 && p.major != major:
			others = append(others, fmt.Sprintf("%d (%s)", p.major, dir))
		default:
			return p, nil
		}
	}
	if len(others) > 0 {
		return programs{}, fmt.Errorf("localpg: the data were made by PostgreSQL %d, but found: %s. "+
			"Install PostgreSQL %d, set DATABASE_URL to another server, or move the data away: %w",
			major, strings.Join(others, ", "), major, ErrNoBinaries)
	}
	if s.download != nil {
		dir, err := s.download(ctx)
		if err == nil {
			return s.check(ctx, dir)
		}
		tried = append(tried, fmt.Errorf("download: %w", err))
	} else {
		tried = append(tried, errors.New("download: not allowed (NoDownload)"))
	}
	return programs{}, noBinaries(tried)
}

// noBinaries is the one error that tells a person what to do.
func noBinaries(tried []error) error {
	return fmt.Errorf("localpg: %w. Do one of these:\n"+
		"  - set DATABASE_URL to a PostgreSQL that runs elsewhere\n"+
		"  - install PostgreSQL, version %d or newer: apt-get install postgresql, or brew install postgresql\n"+
		"  - allow the download of PostgreSQL (once, from Maven Central)\n"+
		"What was tried:\n  - %s", ErrNoBinaries, oldestMajor, strings.ReplaceAll(errors.Join(tried...).Error(), "\n", "\n  - "))
}

// versionPattern matches the output of postgres --version: "postgres (PostgreSQL) 15.18 (Debian …)", "… 17beta2".
var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// check runs postgres --version as the account. initdb must lie beside it, as both must be of one version.
func (s search) check(ctx context.Context, dir string) (programs, error) {
	p := programs{postgres: filepath.Join(dir, "postgres"+exeSuffix()), initdb: filepath.Join(dir, "initdb"+exeSuffix())}
	for _, path := range []string{p.postgres, p.initdb} {
		if _, err := os.Stat(path); err != nil {
			return programs{}, err
		}
	}
	cmd := exec.CommandContext(ctx, p.postgres, "--version")
	cmd.Dir, cmd.Env = filepath.VolumeName(dir)+string(filepath.Separator), environment()
	s.who.apply(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return programs{}, fmt.Errorf("%s --version as %s: %w: %s", p.postgres, s.who.name, err, strings.TrimSpace(string(out)))
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return programs{}, fmt.Errorf("%s --version says %q", p.postgres, out)
	}
	if p.major, err = strconv.Atoi(string(match[1])); err != nil || p.major < oldestMajor {
		return programs{}, fmt.Errorf("%s is of version %s, older than %d", p.postgres, match[1], oldestMajor)
	}
	return p, nil
}

// exeSuffix is what programs' names end with.
func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// usualDirs are the folder of the postgres in PATH, and those where packages for Debian, Red Hat, macOS and Windows
// put theirs, newest version first.
func usualDirs() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// PATH often has links to postgres only; initdb lies beside what they point to.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if path, err = filepath.Abs(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/usr/local/pgsql/bin",
		`C:\Program Files\PostgreSQL\*\bin`,
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortStableFunc(found, func(a, b string) int { return lastNumber(b) - lastNumber(a) })
		dirs = append(dirs, found...)
	}
	return dirs
}

// numberPattern matches the version in a folder's name.
var numberPattern = regexp.MustCompile(`\d+`)

// lastNumber is the number in the part of the path before /bin; 0 (last) for "latest" and the like, which are links
// to one of the numbered.
func lastNumber(dir string) int {
	n, _ := strconv.Atoi(numberPattern.FindString(filepath.Base(filepath.Dir(dir))))
	return n
}
