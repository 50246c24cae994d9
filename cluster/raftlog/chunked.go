package raftlog

// chunkEntries is how many entries one transaction deletes: at 256 KiB each, 64 MiB of pages to free.
const chunkEntries = 256

// chunked deletes a long range in several transactions, so that an append never waits for all of it.
//
// A crash between two of them must not leave a hole behind the newest snapshot, where Raft takes everything to be there. So what
// reaches the log's end (a conflict with the leader) goes from its end, and anything else (a prefix that a snapshot covers) from
// its start.
type chunked struct{ Backend }

// DeleteRange deletes the entries from first to last, both included. Those that do not exist are passed over.
func (c *chunked) DeleteRange(first, last uint64) error {
	start, err := c.FirstIndex()
	if err != nil {
		return err
	}
	end, err := c.LastIndex()
	if err != nil {
		return err
	}
	suffix := last >= end
	first, last = max(first, start), min(last, end)
	for end != 0 && first <= last {
		from, to := first, min(last, first+chunkEntries-1)
		if suffix {
			from, to = max(first, last-min(last, chunkEntries-1)), last
		}
		if err := c.Backend.DeleteRange(from, to); err != nil {
			return err
		}
		if suffix {
			last = from - 1
		} else {
			first = to + 1
		}
	}
	return nil
}
