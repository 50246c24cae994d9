package doctor

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/nearest"
)

// configuration finds what serve itself would refuse.
func (p Patient) configuration(context.Context) []Finding {
	const subject = "configuration"
	faults := config.Faults(p.Faults)
	if p.Faults == nil { // else what could not be read counts as not set, and would be blamed for that
		faults = config.Faults(p.Config.Validate())
	}
	var found []Finding
	for _, f := range faults {
		found = append(found, fail(subject, f.Cure, "%s: %s", f.What, f.Why))
	}
	if p.Faults != nil && len(config.Faults(p.Faults)) == 0 {
		found = append(found, fail(subject, "sessnode config example shows every key", "%v", p.Faults))
	}
	if len(found) > 0 {
		return found
	}
	if p.Config.Security.Insecure && p.Config.Reachable() {
		return []Finding{warn(subject, "add --cluster-key-file and --api-keys-file, and drop --insecure   (sessnode secrets make)",
			"--insecure: whoever reaches the ports reads and ends every session")}
	}
	what := "its defaults"
	if p.Config.File != "" {
		what = p.Config.File
	}
	return []Finding{ok(subject, "node %s, from %s, flags and variables", p.Config.Name, what)}
}

const prefix = "SESSNODE_"

// injected are the variables that Kubernetes makes for a service that is called sessnode, or sessnode-something.
var injected = regexp.MustCompile(`(^|_)(PORT|SERVICE_HOST|SERVICE_PORT)(_|$)`)

// variables finds SESSNODE_ variables that nobody reads and that look like one that somebody does. Only those: others may be there for a
// reason.
func (p Patient) variables(context.Context) []Finding {
	const subject = "variables"
	var known []string
	for _, k := range config.Keys() {
		known = append(known, strings.TrimPrefix(k.Env(), prefix))
	}
	var found []Finding
	set := 0
	for _, v := range p.Env {
		name, _, _ := strings.Cut(v, "=")
		name, ours := strings.CutPrefix(name, prefix)
		if !ours {
			continue
		}
		if slices.Contains(known, name) {
			set++
			continue
		}
		if near := nearest.Name(name, known); near != "" && !injected.MatchString(name) {
			found = append(found, warn(subject, fmt.Sprintf("rename it to %s%s, or unset it", prefix, near), "%s%s is set, and nothing reads it", prefix, name))
		}
	}
	if len(found) > 0 {
		return found
	}
	if set == 0 {
		return []Finding{ok(subject, "none of sessnode is set")}
	}
	return []Finding{ok(subject, "%s of sessnode, none misspelt", count(set, "variable"))}
}
