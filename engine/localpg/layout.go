package localpg

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	superuser  = "postgres"
	loopback   = "127.0.0.1"
	dataName   = "postgres"
	recordName = "postgres.json"
	// markerName lies in the data folder and holds the cluster's id, which is also part of its cluster_name.
	markerName = "backstory.marker"
)

// record is postgres.json: where the server of this folder was last seen to run. It is a hint; postmaster.pid and the
// server's own answers decide.
type record struct {
	Host          string `json:"host"`
	Port          int    `json:"port"`
	DataDirectory string `json:"data_directory"`
	PID           int    `json:"pid"`
	Version       string `json:"version"`
	// Guard is the name of the pipe that the members keep open; empty without a guard.
	Guard string `json:"guard,omitempty"`

	durable bool
}

// readRecord returns the zero record when there is none or it was damaged, as nothing depends on it.
func (c *cluster) readRecord() record {
	var r record
	text, err := os.ReadFile(filepath.Join(c.dir, recordName))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return record{}
	}
	return r
}

// writeRecord replaces postgres.json in one step, so that a reader never sees half of it.
func (c *cluster) writeRecord(r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("localpg: encode %s: %w", recordName, err)
	}
	path := filepath.Join(c.dir, recordName)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("localpg: write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("localpg: write %s: %w", path, err)
	}
	return nil
}

// removeRecord takes postgres.json away once the server is gone.
func (c *cluster) removeRecord() error {
	err := os.Remove(filepath.Join(c.dir, recordName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("localpg: remove %s: %w", recordName, err)
	}
	return nil
}

// locate finds the data that exist already, in Dir or where they were relocated to; "" means none do.
func (c *cluster) locate() error {
	if found, err := c.adopt(c.dir); err != nil || found || !mayRelocate() {
		return err
	}
	if _, err := os.Lstat(c.refuge()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := checkRefuge(c.refuge()); err != nil {
		return err
	}
	var err error
	c.relocated, err = c.adopt(c.refuge())
	return err
}

// adopt takes the data below a folder for the cluster's when they carry the marker, and refuses any that do not.
func (c *cluster) adopt(base string) (bool, error) {
	data, err := filepath.EvalSymlinks(filepath.Join(base, dataName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("localpg: look at the data: %w", err)
	}
	// An empty folder is what a container's volume or a careful user prepared; initdb may have it.
	if entries, err := os.ReadDir(data); err == nil && len(entries) == 0 {
		return false, nil
	}
	id, err := os.ReadFile(filepath.Join(data, markerName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("localpg: %s was not made by Backstory (it has no %s): move it away", data, markerName)
	}
	if err != nil {
		return false, fmt.Errorf("localpg: look at %s, which another user may own: %w", data, err)
	}
	c.data, c.id = data, strings.TrimSpace(string(id))
	return true, nil
}

// refuge is the folder for data whose server cannot reach Dir.
func (c *cluster) refuge() string {
	sum := sha256.Sum256([]byte(c.dir))
	return filepath.Join("/var/tmp", "backstory-"+hex.EncodeToString(sum[:6]))
}

// clusterName is what the server of this cluster answers to SHOW cluster_name, and shows in its process titles.
func (c *cluster) clusterName() string { return "backstory-" + c.id }

// logPath is the file that the server's output goes to.
func (c *cluster) logPath() string { return filepath.Join(filepath.Dir(c.data), "postgres.log") }

// dataMajor is the major version that made the data; 0 when there are none.
func (c *cluster) dataMajor() (int, error) {
	if c.data == "" {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("localpg: read the version of %s: %w", c.data, err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("localpg: read the version of %s: %w", c.data, err)
	}
	return major, nil
}

// pidFile is the part of postmaster.pid that matters here.
type pidFile struct{ pid, port int }

// readPIDFile reads postmaster.pid; ok is false when there is none or it is still being written.
func (c *cluster) readPIDFile() (pidFile, bool) {
	text, err := os.ReadFile(filepath.Join(c.data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, false
	}
	// Lines: pid, data folder, start time, port, … (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, false
	}
	file := pidFile{pid: pid}
	if len(lines) > 3 {
		file.port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
	}
	return file, true
}

// newID returns twelve random hexadecimal digits.
func newID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, as documented
	return hex.EncodeToString(b[:])
}
