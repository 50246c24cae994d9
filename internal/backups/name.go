package backups

// Suffix is how the names of backups end, and TimeForm how the time in them is written, so that they sort by it.
const (
	Suffix   = ".ssnb"
	TimeForm = "20060102T150405Z"
)
