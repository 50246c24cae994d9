package torture

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// record is a result and how often there was, as it is kept in a file.
type record struct {
	Verdict string
	Note    string `json:",omitempty"`
	Count   int
}

// Load reads findings that Save has kept; a file that is not there has none.
func Load(path string) (Findings, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Findings{}, nil
	}
	if err != nil {
		return nil, err
	}
	var kept map[string]map[string][]record
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, err
	}
	f := Findings{}
	for app, trials := range kept {
		for trial, records := range trials {
			for _, r := range records {
				for range r.Count {
					f.of(app, trial).Add(Result{verdictOf(r.Verdict), r.Note}, nil)
				}
			}
		}
	}
	return f, nil
}

// verdictOf finds a verdict by its name; what it does not know is inconclusive.
func verdictOf(name string) Verdict {
	for _, v := range []Verdict{Kept, Broken, NotApplicable} {
		if v.String() == name {
			return v
		}
	}
	return Inconclusive
}

// Save keeps findings in a file, so that a page can be made out of several runs.
func (f Findings) Save(path string) error {
	kept := map[string]map[string][]record{}
	for app, trials := range f {
		kept[app] = map[string][]record{}
		for trial, tally := range trials {
			for result, n := range tally.count {
				kept[app][trial] = append(kept[app][trial], record{result.Verdict.String(), result.Note, n})
			}
		}
	}
	data, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
