package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine/measure"
)

// together lets processes append at the same time and adds up what they did.
func together(ctx context.Context, all []Process) (float64, error) {
	rates, errs := make([]float64, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	for i, p := range all {
		group.Go(func() { rates[i], errs[i] = p.Rate(ctx) })
	}
	group.Wait()
	sum := 0.0
	for i := range all {
		if errs[i] != nil {
			return 0, errs[i]
		}
		sum += rates[i]
	}
	return sum, nil
}

// child is a Process that runs Serve.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	slice time.Duration
}

// Start runs a command line of this program that calls Serve.
func Start(slice time.Duration, args ...string) (Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...) //nolint:noctx // it ends with its standard input
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &child{cmd, in, bufio.NewReader(out), slice}, cmd.Start()
}

// Rate asks for one slice.
func (c *child) Rate(context.Context) (rate float64, err error) {
	if _, err := fmt.Fprintln(c.in, c.slice.Milliseconds()); err != nil {
		return 0, err
	}
	_, err = fmt.Fscanln(c.out, &rate)
	return rate, err
}

// Close ends the process.
func (c *child) Close() error {
	err := c.in.Close()
	if waited := c.cmd.Wait(); err == nil {
		err = waited
	}
	return err
}

// Serve appends for as many milliseconds as each line of in says, and answers how
// many appends a second that were.
func Serve(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	eng, err := openLog(ctx, url)
	if err != nil {
		return err
	}
	defer eng.Close()
	for {
		var milliseconds int
		if _, err := fmt.Fscanln(in, &milliseconds); err != nil {
			return nil // nobody asks any more
		}
		rate, err := measure.Rate(ctx, manyCallers, time.Duration(milliseconds)*time.Millisecond, Appender(eng, 1))
		if err == nil {
			_, err = fmt.Fprintln(out, rate)
		}
		if err != nil {
			return err
		}
	}
}
