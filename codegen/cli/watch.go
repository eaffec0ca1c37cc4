package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/backstory-go/backstory/codegen/dialect"
	"github.com/backstory-go/backstory/codegen/plan"
)

// pause is how often a watch looks, and how long the files must have been left
// alone before it generates. Looking at a few hundred files takes a millisecond.
const pause = 150 * time.Millisecond

// watch generates now and after every change of an input, until ctx ends. Faults
// are printed, and do not end it.
func (a *app) watch(ctx context.Context) error {
	a.say("watching; Ctrl-C ends it")
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	done, last := "", ""
	for {
		project, err := a.open()
		if err != nil && done == "" {
			return err // it cannot begin
		}
		now, err2 := inputs(project)
		if err = errors.Join(err, err2); err == nil && now != done && now == last {
			done = now
			a.report(a.write(ctx))
		}
		last = now
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// write generates once.
func (a *app) write(ctx context.Context) error {
	p, err := a.plan(ctx)
	if err != nil {
		return err
	}
	if err := p.Write(); err != nil {
		return err
	}
	a.summary(p)
	return nil
}

// inputs is equal exactly while nobody changed what people write: schemas, SQL,
// configuration. What is generated among them does not count.
func inputs(project plan.Project) (string, error) {
	sum := fnv.New64a()
	for _, name := range []string{project.Schemas, project.Queries, "sqlc.yaml", "sqlc.yml", "sqlc.json", plan.ConfigFile} {
		err := filepath.WalkDir(project.Path(name), func(file string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // it was deleted meanwhile: the next look shows that
			case err != nil:
				return err
			case entry.IsDir() && file == project.Path(project.Schemas+"/"+dialect.Folder):
				return fs.SkipDir
			case entry.IsDir() || strings.HasSuffix(file, "_gen.sql"):
				return nil
			}
			info, err := os.Stat(file)
			if err == nil {
				_, _ = fmt.Fprintln(sum, file, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprint(sum.Sum64()), nil
}
