package engine

import (
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is NFC and Unicode case folding: texts that a person takes for the same
// name become equal.
func Fold(text string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(text)))
}

// ParseUUID reads the 36-character form of RFC 9562; the error is a *FaultsError.
func ParseUUID(text string) (uuid.UUID, error) {
	if len(text) == 36 {
		if id, err := uuid.Parse(text); err == nil {
			return id, nil
		}
	}
	return uuid.UUID{}, faultOf(FaultFormat, "must be "+formatName("uuid"))
}

// CheckID is CheckText for the identity of a stream, which is never empty.
func CheckID(text string, rules Text) error {
	if text == "" {
		return faultOf(FaultTooShort, "must not be empty")
	}
	return CheckText(text, rules)
}

// UnexpectedMessage is what generated type switches panic with when the engine
// hands them a message of another component.
func UnexpectedMessage(value any) error { return fmt.Errorf("unexpected message %T", value) }
