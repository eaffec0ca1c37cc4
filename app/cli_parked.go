package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

// parkedChunk is how many keys are listed or changed in one go.
const parkedChunk = 500

// parkedFlags are those of every `app parked` command.
type parkedFlags struct {
	consumer, key string
	json          bool
}

func parkedCommand(flags *flags) *cobra.Command {
	var f parkedFlags
	cmd := group(&cobra.Command{Use: "parked", Short: "Messages whose handling failed: list, show, retry in order, discard"})
	cmd.PersistentFlags().StringVar(&f.consumer, "consumer", "", "only of this consumer (default: of all)")
	cmd.PersistentFlags().StringVar(&f.key, "key", "", "only of this key (default: of all)")
	add := func(use, short string, open sessionOpener, run func(ctx context.Context, s session, f parkedFlags) error) {
		sub := &cobra.Command{Use: use, Short: short, Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return open(cmd, *flags, func(ctx context.Context, s session) error {
					named, err := f.named(ctx, s)
					if err != nil {
						return err
					}
					return run(ctx, s, named)
				})
			}}
		jsonFlag(sub, &f.json)
		cmd.AddCommand(sub)
	}
	add("list", "List the keys whose messages wait behind one that failed", withReading, listParked)
	add("show", "Show the messages that wait, the one that failed first", withReading, showParked)
	add("retry", "Try parked messages again, each key in its order", withSession, func(ctx context.Context, s session, f parkedFlags) error {
		return s.changeParked(ctx, f, "tried again", s.eng.RetryParked)
	})
	add("discard", "Drop the message that failed, of every key; what waits behind it is tried next", withSession, func(ctx context.Context, s session, f parkedFlags) error {
		if f.consumer == "" {
			return &usageError{errors.New("--consumer is missing: discarding for all consumers at once is hardly meant")}
		}
		return s.changeParked(ctx, f, "discarded", s.eng.DiscardParked)
	})
	return cmd
}

// named gives a consumer its full name.
func (f parkedFlags) named(ctx context.Context, s session) (parkedFlags, error) {
	if f.consumer == "" || f.consumer == engine.ConsumerCommands {
		return f, nil
	}
	status, err := s.eng.Status(ctx)
	if err != nil {
		return f, err
	}
	names := []string{engine.ConsumerCommands}
	for _, c := range status.Consumers {
		names = append(names, c.Name)
	}
	if f.consumer, err = lookup("consumer", f.consumer, names); err != nil {
		return f, &usageError{fmt.Errorf("--consumer: %w", err)}
	}
	return f, nil
}

func (f parkedFlags) filter() engine.ParkedFilter {
	return engine.ParkedFilter{Consumer: f.consumer, Key: f.key}
}

// allParked lists every key that is chosen.
func (s session) allParked(ctx context.Context, f parkedFlags) ([]engine.ParkedKey, error) {
	list := []engine.ParkedKey{}
	for after := (engine.ParkedKey{}); ; after = list[len(list)-1] {
		page, err := s.eng.Parked(ctx, f.filter(), after, parkedChunk)
		list = append(list, page...)
		if err != nil || len(page) < parkedChunk {
			return list, err
		}
	}
}

func listParked(ctx context.Context, s session, f parkedFlags) error {
	list, err := s.allParked(ctx, f)
	if err != nil {
		return err
	}
	if f.json {
		return s.printJSON(list)
	}
	t := s.table()
	for _, p := range list {
		first, _, _ := strings.Cut(p.Error, "\n")
		t.line("%s\t%s\tat %d\t%d tries\tparked %s\t%s", p.Consumer, p.Key, p.Position, p.Attempts, p.ParkedAt.Format(stamp), first)
	}
	return t.end()
}

// parkedShown is one parked key with what waits behind it.
type parkedShown struct {
	engine.ParkedKey
	Messages []engine.WaitingMessage `json:"messages"` // the first that wait
}

func showParked(ctx context.Context, s session, f parkedFlags) error {
	keys, err := s.eng.Parked(ctx, f.filter(), engine.ParkedKey{}, parkedChunk)
	if err != nil {
		return err
	}
	shown := make([]parkedShown, len(keys))
	for i, key := range keys {
		messages, err := s.eng.ParkedMessages(ctx, key.Consumer, key.Key, 20)
		if err != nil && !errors.Is(err, engine.ErrNotFound) { // retried meanwhile
			return err
		}
		shown[i] = parkedShown{key, messages}
	}
	if f.json {
		return s.printJSON(shown)
	}
	for _, k := range shown {
		if err := s.printParked(k); err != nil {
			return err
		}
	}
	return nil
}

func (s session) printParked(k parkedShown) error {
	_, err := fmt.Fprintf(s.out, "%s %s: parked after %d tries, since %s\n%s\n", k.Consumer, k.Key, k.Attempts,
		k.FirstAt.Format(stamp), indented(k.Error))
	for _, m := range k.Messages {
		if err == nil {
			_, err = fmt.Fprintf(s.out, "  %d  %s  %s  %s\n", m.Position, m.Type, m.Stream, m.Data)
		}
	}
	return err
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// changeParked changes parked keys in chunks until none is left. A running app
// does the work.
func (s session) changeParked(ctx context.Context, f parkedFlags, done string, change func(context.Context, engine.ParkedFilter, int) (int, error)) error {
	list, err := s.allParked(ctx, f)
	if err != nil {
		return err
	}
	filter := f.filter()
	for _, key := range list {
		if key.ParkedAt.After(filter.Before) {
			filter.Before = key.ParkedAt
		}
	}
	total := 0
	for n := parkedChunk; n >= parkedChunk && len(list) > 0; {
		if n, err = change(ctx, filter, parkedChunk); err != nil {
			return err
		}
		total += n
	}
	if f.json {
		return s.printJSON(map[string]int{"keys": total})
	}
	_, err = fmt.Fprintf(s.out, "%d keys: %s\n", total, done)
	return err
}
