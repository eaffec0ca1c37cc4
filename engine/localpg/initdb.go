package localpg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// initName begins the names of folders in which initdb is at work.
const initName = "postgres.init-"

// prepare finds the programs and the user for the server, and makes the cluster when there is none.
func (c *cluster) prepare(ctx context.Context) (programs, account, error) {
	who, err := accountFor(c.data)
	if err != nil {
		return programs{}, account{}, err
	}
	major, err := c.dataMajor()
	if err != nil {
		return programs{}, account{}, err
	}
	found, err := c.search(who).find(ctx, major)
	if err != nil {
		return programs{}, account{}, err
	}
	if c.data != "" {
		c.clearInterrupted(filepath.Dir(c.data))
		return found, who, nil
	}
	base := c.dir
	if !who.reaches(ctx, found, base) {
		base, c.relocated = c.refuge(), true
		if err := makeRefuge(base); err != nil {
			return programs{}, account{}, err
		}
		c.cfg.Log.Warn("the user that PostgreSQL runs as cannot reach the folder: its data lie elsewhere",
			"user", who.name, "folder", c.dir, "data", base)
	}
	return found, who, c.initdb(ctx, found, who, base)
}

// initdb makes the cluster in a folder of its own and renames it when it is complete, so that a data folder either is
// whole or does not exist. The folder's name is a new one each time, as a killed process's initdb may still be writing.
func (c *cluster) initdb(ctx context.Context, p programs, who account, base string) error {
	begun := time.Now()
	c.clearInterrupted(base)
	work, err := os.MkdirTemp(base, initName)
	if err != nil {
		return fmt.Errorf("localpg: make a folder for initdb: %w", err)
	}
	if err := who.own(work); err != nil {
		return err
	}
	if err := runInitdb(ctx, p, who, work); err != nil {
		_ = os.RemoveAll(work)
		return err
	}
	c.id = newID()
	if err := c.mark(work, who); err != nil {
		return err
	}
	data := filepath.Join(base, dataName)
	_ = os.Remove(data) // at most an empty folder, see adopt; Windows renames over none
	if err := os.Rename(work, data); err != nil {
		return fmt.Errorf("localpg: put the new cluster in place: %w", err)
	}
	c.data = data
	c.cfg.Log.Info("made a PostgreSQL cluster", "data", data, "took", time.Since(begun).Round(time.Millisecond))
	return nil
}

// clearInterrupted removes what killed processes' initdb left. One that still writes may keep its folder until the next
// start.
func (c *cluster) clearInterrupted(base string) {
	leftovers, _ := filepath.Glob(filepath.Join(base, initName+"*"))
	for _, dir := range leftovers {
		if err := os.RemoveAll(dir); err != nil {
			c.cfg.Log.Warn("cannot remove what an interrupted initdb left", "folder", dir, "error", err)
		}
	}
}

// runInitdb runs the program. Locale C and UTF8 give the same order of texts on every machine; --no-sync spares a
// second, and costs at worst a cluster that held nothing yet.
func runInitdb(ctx context.Context, p programs, who account, dir string) error {
	cmd := exec.CommandContext(ctx, p.initdb, "-D", dir, "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-U", superuser)
	cmd.Dir, cmd.Env = dir, environment()
	who.apply(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("localpg: run %s as %s: %w; it wrote:\n%s", p.initdb, who.name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// mark writes the cluster's name into its configuration, where it holds even when somebody starts the server by hand,
// and the marker, by which the folder is known as ours while no server runs.
func (c *cluster) mark(dir string, who account) error {
	conf, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("localpg: configure the new cluster: %w", err)
	}
	if _, err := fmt.Fprintf(conf, "\ncluster_name = '%s'\n", c.clusterName()); err != nil {
		_ = conf.Close()
		return fmt.Errorf("localpg: configure the new cluster: %w", err)
	}
	if err := conf.Close(); err != nil {
		return fmt.Errorf("localpg: configure the new cluster: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, markerName), []byte(c.id+"\n"), 0o600); err != nil {
		return fmt.Errorf("localpg: mark the new cluster: %w", err)
	}
	return who.own(dir)
}
