package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sessnode/sessnode/internal/nearest"
)

// maxFile is more than any configuration has, and keeps a mistaken path (a log, a device) out of memory.
const maxFile = 64 << 10

// FromFile reads a configuration file and returns it as a source: YAML, one mapping of the names of flags to values, lists
// for the keys that are lists. The empty path names no file, and its source has nothing.
//
// It is strict, and reports all faults at once: an unknown key, a key that comes twice, a value of another type, a second
// document. No fault quotes a value, because the path may be that of a key file by mistake.
func FromFile(path string) (Source, error) {
	if path == "" {
		return func(Key) (string, string, bool) { return "", "", false }, nil
	}
	raw, err := readFile(path)
	if err != nil {
		return nil, err
	}
	f := file{name: filepath.Base(path), path: path, set: map[string]entry{}}
	f.read(raw)
	return f.source, errors.Join(f.faults...)
}

func readFile(path string) ([]byte, error) {
	fault := func(why string) error {
		return &Fault{Key: keyConfig, What: "cannot read the configuration file " + path, Why: why,
			Cure: "name a file that this user can read: --config FILE   (sessnode config example prints one)"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault(cause(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fault(cause(err))
	}
	if len(raw) > maxFile {
		return nil, fault(fmt.Sprintf("it has more than %d bytes: is it a configuration file?", maxFile))
	}
	return raw, nil
}

// cause drops the path, which the line above has.
func cause(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// file is a configuration file that is being read.
type file struct {
	name, path string
	set        map[string]entry
	faults     []error
}

type entry struct {
	text string
	line int
}

func (f *file) source(k Key) (string, string, bool) {
	e, ok := f.set[k.Name]
	return e.text, f.at(e.line), ok
}

func (f *file) at(line int) string { return f.name + ":" + strconv.Itoa(line) }

func (f *file) fault(key, what, why, cure string) {
	f.faults = append(f.faults, &Fault{Key: key, What: what, Why: why, Cure: cure})
}

func (f *file) read(raw []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return // nothing but comments
	case err != nil:
		f.fault(keyConfig, "the configuration file "+f.path+" is no YAML", syntax(err), "lines like   http: 127.0.0.1:7480   (sessnode config example prints a whole file)")
		return
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		f.fault(keyConfig, "more than one document in "+f.at(max(second.Line, doc.Line)), "a configuration file is one list of keys", "take out the line --- and what follows it")
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return
	}
	if root.Kind != yaml.MappingNode {
		f.fault(keyConfig, "no keys in "+f.at(root.Line), "the file holds "+describe(root)+" instead of lines like   http: 127.0.0.1:7480", "sessnode config example prints a whole file")
		return
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		f.pair(root.Content[i], root.Content[i+1])
	}
}

// digitsOfLine finds the place in a message of the YAML library, whose texts may quote the file.
var digitsOfLine = regexp.MustCompile(`line (\d+)`)

func syntax(err error) string {
	if m := digitsOfLine.FindStringSubmatch(err.Error()); m != nil {
		return "line " + m[1] + " cannot be understood, or the one before it: is a quotation mark, a colon or a blank missing?"
	}
	return "it cannot be understood: is it another kind of file?"
}

// pair takes in one key with its value.
func (f *file) pair(name, value *yaml.Node) {
	where := f.at(name.Line)
	if name.Kind != yaml.ScalarNode || !plausible.MatchString(name.Value) {
		f.fault(keyConfig, "unknown key in "+where, "it cannot be the name of a key at all", "sessnode config example shows every key")
		return
	}
	keys := Keys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name.Value && k.InFile() })
	if i < 0 {
		f.unknown(name.Value, where)
		return
	}
	if first, twice := f.set[name.Value]; twice {
		f.fault(name.Value, "the key "+name.Value+" comes twice: "+f.at(first.line)+" and "+where, "which of the two is meant cannot be told", "take out one of the lines")
		return
	}
	text, why := read(keys[i], value)
	if why != "" {
		f.fault(name.Value, "bad value for "+name.Value+" in "+f.at(value.Line), why, name.Value+": "+keys[i].inFile(keys[i].example())+"   ("+keys[i].Help+")")
		text = "" // it is set all the same, so that no other source or default hides the fault
	}
	f.set[name.Value] = entry{text, name.Line}
}

// plausible is what may be quoted as an unknown key: short, and unlike a secret.
var plausible = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}$`)

func (f *file) unknown(name, where string) {
	if name == keyConfig {
		f.fault(keyConfig, "unknown key config in "+where, "a file cannot name the file that is read", "--config FILE or SESSNODE_CONFIG")
		return
	}
	var names []string
	for _, k := range Keys() {
		if k.InFile() && !k.Hidden {
			names = append(names, k.Name)
		}
	}
	cure := "sessnode config example shows every key"
	if near := nearest.Name(strings.ToLower(strings.ReplaceAll(name, "_", "-")), names); near != "" {
		cure = near + ": ...   (" + cure + ")"
	}
	f.fault(name, "unknown key "+name+" in "+where, "no flag has this name either", cure)
}
