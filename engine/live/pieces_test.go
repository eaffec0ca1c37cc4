package live

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func event(text string) *rendered {
	return &rendered{wire: []byte(text), wireSum: sha256.Sum256([]byte(text))}
}

// TestPiecesFitEveryStream sends shared events to streams that began at different
// times and got different comments in between.
func TestPiecesFitEveryStream(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const streams = 5
	var wire, plain [streams]bytes.Buffer
	var all [streams]*pieces
	for i := range all {
		all[i] = &pieces{w: &wire[i]}
	}
	for round := range 60 {
		size := []int{10, 500, 16_000, window - 2, window, 70_000}[random.IntN(6)]
		e := event(fmt.Sprintf("data: %d %s\n\n", round, strings.Repeat("<li>something</li>", size/18)))
		for i, p := range all {
			if round < 10*i {
				continue // not open yet
			}
			for range random.IntN(3) * random.IntN(2) * 40 {
				plain[i].WriteString(":\n\n")
				if _, err := p.Write([]byte(":\n\n")); err != nil {
					t.Fatal(err)
				}
			}
			if random.IntN(4) == 0 {
				continue // missed it
			}
			plain[i].Write(e.wire)
			if err := p.event(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, p := range all {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(&wire[i])
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r) // the end's checksum is right, too
		if err != nil || !bytes.Equal(got, plain[i].Bytes()) {
			t.Errorf("stream %d: %d bytes, want %d; %v", i, len(got), plain[i].Len(), err)
		}
	}
}

func TestPiecesAreCompressedOnceAndAgainstTheLastEvent(t *testing.T) {
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = fmt.Sprintf("<li id=%x>row %d</li>", sha256.Sum256([]byte{byte(i)}), i)
	}
	first := event(strings.Join(rows, ""))
	rows[50] = "<li>changed</li>"
	second := event(strings.Join(rows, ""))
	for range 50 {
		p := &pieces{w: io.Discard}
		for _, e := range []*rendered{first, second} {
			if err := p.event(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(first.pieces) != 1 || len(second.pieces) != 1 {
		t.Fatalf("compressed %d and %d times for 50 streams", len(first.pieces), len(second.pieces))
	}
	whole, change := len(first.pieces[place{}]), len(second.pieces[place{after: first.wireSum}])
	if change == 0 || change > whole/10 {
		t.Errorf("the change takes %d bytes, the whole %d", change, whole)
	}
}
