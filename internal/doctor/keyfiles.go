package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/sessnode/sessnode/internal/config"
)

// keyFiles finds key files that cannot be used, and those that others may read.
func (p Patient) keyFiles(context.Context) []Finding {
	const subject = "key files"
	s := p.Config.Security
	var found []Finding
	_, clusterErr := config.ClusterKeys(s.ClusterKeyFile)
	apiKeys, apiErr := config.APIKeys(s.APIKeysFile)
	for _, f := range append(config.Faults(clusterErr), config.Faults(apiErr)...) {
		found = append(found, fail(subject, f.Cure, "%s: %s", f.What, f.Why))
	}
	for _, file := range []string{s.ClusterKeyFile, s.TLS.Key, s.Peer.Key} {
		found = append(found, exposed(subject, file)...)
	}
	if len(p.keys) > 1 {
		found = append(found, ok(subject, "a rotation of the cluster key is under way: it speaks %s and accepts %s", p.keys.Fingerprints()[0], strings.Join(p.keys.Fingerprints()[1:], ", ")))
	}
	if len(found) > 0 {
		return found
	}
	switch {
	case s.ClusterKeyFile == "" && s.APIKeysFile == "":
		return []Finding{ok(subject, "none")}
	case s.ClusterKeyFile == "":
		return []Finding{ok(subject, "%s; no cluster key", count(len(apiKeys), "API key"))}
	case s.APIKeysFile == "":
		return []Finding{ok(subject, "cluster key %s; no API keys", p.keys.Fingerprints()[0])}
	}
	return []Finding{ok(subject, "cluster key %s; %s", p.keys.Fingerprints()[0], count(len(apiKeys), "API key"))}
}

// exposed finds a secret that every user of the host can read or change.
func exposed(subject, path string) []Finding {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil // its own check says so
	}
	mode := info.Mode().Perm()
	cure := fmt.Sprintf("chmod 600 %s   (and chown it to the user that runs sessnode)", path)
	switch {
	case mode&0o022 != 0:
		return []Finding{fail(subject, cure, "others can change %s (mode %04o)", path, mode)}
	case mode&0o004 != 0:
		return []Finding{warn(subject, cure, "every user of this host can read %s (mode %04o)", path, mode)}
	}
	return nil
}
