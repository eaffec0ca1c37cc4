// Package callout posts JSON to services outside.
//
// It owns what such calls have in common: a bounded time and answer, the
// idempotency key, and errors that say what went wrong without the address,
// which may be a secret, and without what was sent or answered. It knows no
// service; packages slack and expander use it. It repeats nothing: the engine
// retries the reaction.
package callout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	timeout    = 30 * time.Second // of one call, its answer included
	mostAnswer = 1 << 20          // bytes
)

// Call is one request.
type Call struct {
	Client *http.Client // nil: http.DefaultClient
	URL    string       // never shown in errors
	Key    string       // sent as Idempotency-Key
	Bearer string       // sent as Authorization; empty: none
	Body   any          // encoded as JSON
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	Status int
	After  time.Duration // that the service asks to be left alone for; 0: it does not say
}

// Error names the status.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the service answered %d %s", e.Status, http.StatusText(e.Status))
	if e.After > 0 {
		text += ", retry after " + e.After.String()
	}
	return text
}

// RetryAfter lets whoever tries again wait that long (engine.Patient).
func (e *StatusError) RetryAfter() time.Duration { return e.After }

// Post makes the call and returns the answer's body. An answer other than 2xx is
// a *StatusError.
func (c Call) Post(ctx context.Context) ([]byte, error) {
	body, err := json.Marshal(c.Body)
	if err != nil {
		return nil, fmt.Errorf("encode the call: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the service's address is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", c.Key)
	if c.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.Bearer)
	}
	response, err := c.client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("the service was not reached: %w", withoutURL(err))
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	switch {
	case response.StatusCode/100 != 2:
		return nil, &StatusError{Status: response.StatusCode, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	case err != nil:
		return nil, fmt.Errorf("the service's answer broke off: %w", withoutURL(err))
	case len(answer) > mostAnswer:
		return nil, fmt.Errorf("the service's answer is longer than %d bytes", mostAnswer)
	}
	return answer, nil
}

// client follows no redirects: what was sent is meant for the address that was
// configured, and the page that a redirect leads to is not its answer.
func (c Call) client() *http.Client {
	own := http.Client{}
	if c.Client != nil {
		own = *c.Client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// retryAfter reads the header (RFC 9110, 10.2.3): seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now).Round(time.Second), 0)
	}
	return 0
}

// withoutURL drops the address that net/http puts in front of its errors.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
