package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	neturl "net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/app/bench"
	"github.com/backstory-go/backstory/app/web"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// benchDatabase is made for a run and dropped after it.
const benchDatabase = "backstory_bench"

// benchSlice is how long each side of a comparison is measured, in each round.
const benchSlice = 700 * time.Millisecond

func benchCommand(flags *flags) *cobra.Command {
	var asJSON, quick bool
	var only string
	cfg := bench.Config{Slice: benchSlice}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: each figure beside the raw limit of the same run",
		Long: "Measure the engine and the app on this machine, in a database " + benchDatabase + " that is made for it on the\n" +
			"server of DATABASE_URL, or else on the private one, and dropped afterwards. It takes some minutes.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Rounds < 1 || cfg.Events < 1 || cfg.Tabs < 1 {
				return &usageError{errors.New("--rounds, --events and --tabs: want 1 or more")}
			}
			if quick {
				cfg = cfg.Quick()
			}
			var err error
			if cfg.Only, err = rowsOf(only); err != nil {
				return &usageError{fmt.Errorf("--only: %w", err)}
			}
			cfg.Progress = cmd.ErrOrStderr()
			return runBench(cmd, *flags, cfg, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&quick, "quick", false, "try everything, measure nothing firmly")
	cmd.Flags().StringVar(&only, "only", "", "measure the rows whose work matches a regular expression")
	cmd.Flags().IntVar(&cfg.Rounds, "rounds", 5, "rounds of each comparison")
	cmd.Flags().IntVar(&cfg.Events, "events", 1_000_000, "events stored for the rows about long logs")
	cmd.Flags().IntVar(&cfg.Tabs, "tabs", 5_000, "tabs open at the same time, as far as this process may open files")
	cmd.AddCommand(benchProcessCommand())
	return cmd
}

// rowsOf reads which rows are to be measured; nil: all.
func rowsOf(only string) (*regexp.Regexp, error) {
	if only == "" {
		return nil, nil
	}
	rows, err := regexp.Compile(only)
	if err == nil && !slices.ContainsFunc(bench.Works(), rows.MatchString) {
		err = fmt.Errorf("no row matches %q: there are\n  %s", only, strings.Join(bench.Works(), "\n  "))
	}
	return rows, err
}

// benchProcessCommand is one of several processes that append at the same time.
func benchProcessCommand() *cobra.Command {
	return &cobra.Command{
		Use: "process <database url>", Hidden: true, Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return bench.Serve(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

func runBench(cmd *cobra.Command, flags flags, cfg bench.Config, asJSON bool) (err error) {
	settings, err := loadConfig(flags, os.LookupEnv, ".env")
	if err != nil {
		return &usageError{err}
	}
	ctx := cmd.Context()
	database, err := openDatabase(ctx, settings, settings.logger(cmd.ErrOrStderr(), slog.LevelWarn))
	if err != nil {
		return &codeError{exitUnreachable, err}
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	url, drop, err := freshDatabase(ctx, database.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	cfg.URL, cfg.System = url, func() *engine.System { return newSystem(config{}) } // calls nobody
	cfg.Handler = func(eng *postgres.Engine, tracer engine.Tracer) (http.Handler, error) {
		return web.New(web.Config{Client: eng, Tracer: tracer, System: newSystem(config{}), Secret: []byte(benchDatabase + " signs nothing else"),
			Log: slog.New(slog.DiscardHandler), Limits: web.Limits{Commands: 1e6, Burst: 1e6, Streams: 1e6}})
	}
	cfg.Process = func(_ context.Context, url string) (bench.Process, error) {
		return bench.Start(cfg.Slice, "bench", "process", url)
	}
	report, err := bench.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if asJSON {
		return session{out: cmd.OutOrStdout()}.printJSON(report)
	}
	return report.Print(cmd.OutOrStdout())
}

// freshDatabase makes the bench's database beside the one at url.
func freshDatabase(ctx context.Context, url string) (fresh string, drop func() error, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", nil, &codeError{exitUnreachable, err}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + benchDatabase + " WITH (FORCE)", "CREATE DATABASE " + benchDatabase} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", nil, fmt.Errorf("make a database for the bench: %w", err)
		}
	}
	if fresh, err = otherDatabase(url, benchDatabase); err != nil {
		return "", nil, err
	}
	return fresh, func() error {
		conn, err := pgx.Connect(context.WithoutCancel(ctx), url)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		_, err = conn.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+benchDatabase+" WITH (FORCE)")
		return err
	}, nil
}

// otherDatabase is the address of another database of the same server.
func otherDatabase(url, name string) (string, error) {
	u, err := neturl.Parse(url)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("DATABASE_URL: want postgres://…, to make %s beside it", name)
	}
	u.Path = "/" + name
	return u.String(), nil
}
