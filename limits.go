package sessnode

import "time"

// Fixed limits that no policy changes. Where a policy has a limit of its own, these are its ceilings.
const (
	// MaxTokenLength is the most characters a token may have.
	MaxTokenLength = 256

	// LeastTokenLength is the least that Policy.MinTokenLength may be: what is shorter can be guessed.
	LeastTokenLength = 8

	// MaxAppLength is the most bytes an app's name may have. Names match [a-z0-9][a-z0-9._-]*.
	MaxAppLength = 64

	// MaxSubjectBytes is the most bytes a subject may have: any UTF-8 without control characters.
	MaxSubjectBytes = 256

	// MaxDeviceBytes is the most bytes each field of a Device may have; longer ones are cut at a character.
	MaxDeviceBytes = 512

	// MaxSessionBytes is the ceiling of Policy.MaxBytes. A change must fit into one log entry of 512 KiB, above which
	// hashicorp/raft warns of leadership instability (raft.SuggestedMaxDataSize).
	MaxSessionBytes = 256 << 10

	// MaxBodyBytes is the most bytes of a request body that are read: a session of MaxSessionBytes in its longest encoding.
	MaxBodyBytes = 512 << 10

	// MaxDepth is how deeply a JSON or msgpack value may be nested.
	MaxDepth = 64

	// MinTombstoneTime keeps an ended session remembered longer than any late write can be under way.
	MinTombstoneTime = 5 * time.Minute

	// OpWindow is how long of cluster time an operation id is remembered.
	OpWindow = 5 * time.Minute

	// ExpirySlack is added to the touch resolution before an idle session is ended: it pays for touches under way.
	ExpirySlack = 5 * time.Second

	// MaxPolicyTime is the longest timeout a policy may allow.
	MaxPolicyTime = 3650 * Day

	// PageSize is how many sessions one page of a list holds.
	PageSize = 500
)

// ValidApp reports whether s can name an app.
func ValidApp(s string) bool {
	if s == "" || len(s) > MaxAppLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}
