//go:build !linux

package power

import (
	"context"
	"errors"
)

// Disk is where one node keeps its data. Here none can be made.
type Disk struct{}

var errLinux = errors.New("losing power needs Linux")

// New returns an error: only Linux has what it takes.
func New(context.Context, string, string, string) (*Disk, error) { return nil, errLinux }

// Dir returns nothing.
func (*Disk) Dir() string { return "" }

// Cut returns an error.
func (*Disk) Cut(context.Context) error { return errLinux }

// Close does nothing.
func (*Disk) Close(context.Context) error { return nil }
