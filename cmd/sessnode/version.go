package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and platform",
		Args:  cobra.NoArgs,
		RunE: verb(func(*cobra.Command, []string) error {
			v, commit := buildVersion()
			_, err := fmt.Fprintf(std.out, "sessnode %s\ncommit   %s\nbuilt    %s %s/%s\n", v, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}),
	}
}

// buildVersion returns the version and the commit that the Go toolchain recorded; "devel" and "unknown" where it did not.
func buildVersion() (version, commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel", "unknown"
	}
	version = info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = " (with changes)"
			}
		}
	}
	return version, cmp.Or(commit, "unknown") + dirty
}
