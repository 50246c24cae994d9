package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The types of keys, by the names that help shows.
const (
	typeText      = "text"
	typePath      = "path"
	typeAddress   = "host:port"
	typeAddresses = "host:port,..."
	typeNames     = "name,..."
	typeSwitch    = "switch"
	typeCount     = "count"
	typeSize      = "size"
	typeDuration  = "duration"
	typeChoice    = "choice"
	typeURL       = "url"
)

type parser = func(t *told, text string) error

func textTo(field func(*told) *string) parser {
	return func(t *told, text string) error {
		*field(t) = text
		return nil
	}
}

// urlTo looks at the scheme only: client.New knows the rest. No fault quotes the text, because a key may be part of it.
func urlTo(field func(*told) *string) parser {
	return func(t *told, text string) error {
		*field(t) = text
		scheme, rest, _ := strings.Cut(text, "://")
		if !slices.Contains([]string{"http", "https", "sessnode", "sessnodes"}, scheme) || rest == "" {
			return errors.New("it does not begin with http://, https://, sessnode:// or sessnodes://")
		}
		return nil
	}
}

func addressTo(field func(*told) *string) parser {
	return func(t *told, text string) error {
		*field(t) = text
		return checkAddress(text)
	}
}

func addressesTo(field func(*told) *[]string) parser {
	return func(t *told, text string) error {
		var list []string
		for _, part := range splitList(text) {
			if err := checkAddress(part); err != nil {
				return err
			}
			if host, _, _ := net.SplitHostPort(part); isUnspecified(host) {
				return fmt.Errorf("%q names no host that can be dialled", part)
			}
			list = append(list, part)
		}
		*field(t) = list
		return nil
	}
}

func namesTo(field func(*told) *[]string) parser {
	return func(t *told, text string) error {
		var list []string
		for _, name := range splitList(text) {
			if strings.ContainsAny(name, "/@ ") || hasPort(name) {
				return fmt.Errorf("%q is not the name of a host alone", name)
			}
			list = append(list, name)
		}
		*field(t) = list
		return nil
	}
}

// splitList reads what is separated by commas; blanks and empty parts are passed over.
func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// checkAddress accepts host:port with a numeric port. Port 0 is for Validate to judge.
func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not host:port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	return nil
}

func switchTo(field func(*told) *bool) parser {
	return func(t *told, text string) error {
		on, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*field(t) = on
		return nil
	}
}

func countTo(field func(*told) *int, least, most int) parser {
	return func(t *told, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is no whole number from %d to %d", text, least, most)
		}
		*field(t) = n
		return nil
	}
}

func durationTo(field func(*told) *time.Duration) parser {
	return func(t *told, text string) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration such as 500ms or 1h30m", text)
		}
		*field(t) = d
		return nil
	}
}

// spanTo reads a duration that is more than nothing.
func spanTo(field func(*told) *time.Duration) parser {
	return func(t *told, text string) error {
		err := durationTo(field)(t, text)
		if err == nil && *field(t) <= 0 {
			return fmt.Errorf("%q is no time to wait in", text)
		}
		return err
	}
}

func levelTo(field func(*told) *slog.Level) parser {
	return func(t *told, text string) error {
		return field(t).UnmarshalText([]byte(text))
	}
}

func sizeTo(field func(*told) *uint64) parser {
	return func(t *told, text string) (err error) {
		*field(t), err = ParseSize(text)
		return err
	}
}

// ParseSize reads a number of bytes: bare, or with KiB, MiB, GiB or TiB behind it.
func ParseSize(text string) (uint64, error) {
	number, shift := text, 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if head, found := strings.CutSuffix(text, unit); found {
			number, shift = strings.TrimSpace(head), 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size such as 512MiB or 4GiB", text)
	}
	return n << shift, nil
}

// FormatSize writes a number of bytes with the largest unit that keeps it readable.
func FormatSize(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + units[i]
}
