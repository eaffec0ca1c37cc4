package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// probeCommand asks a running app whether it is ready: for images that have no
// other program to ask with.
func probeCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "probe",
		Short: "Ask the app that listens here whether it is ready",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(*flags, os.LookupEnv, ".env")
			if err != nil {
				return &usageError{err}
			}
			return probe(cmd.Context(), localURL(cfg.addr)+"/readyz")
		},
	}
}

func probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	return nil
}
