package login

import (
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// device is one place where a person is signed in, as the page shows it.
type device struct {
	ID     string // the session's public name; it may stand in a form
	Name   string
	IP     string
	Since  moment
	Active moment
	Here   bool
}

// devicesOf lists sessions, the present one first.
func devicesOf(sessions []sessnode.Session, here sessnode.ID) []device {
	var first, rest []device
	for _, s := range sessions {
		d := device{
			ID: s.ID.String(), Name: browserName(s.Device.UserAgent), IP: s.Device.IP,
			Since: momentOf(s.Authenticated), Active: momentOf(s.Touched), Here: s.ID == here,
		}
		if d.Here {
			first = append(first, d)
		} else {
			rest = append(rest, d)
		}
	}
	return append(first, rest...)
}

// browserName makes a name that a person recognises out of a User-Agent. It decides nothing: whoever lies in the header fools
// themselves.
func browserName(agent string) string {
	browser := pick(agent, "", "Edg", "Edge", "OPR/", "Opera", "Firefox", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome", "Chrome", "Chrome",
		"Safari", "Safari", "curl", "curl", "Go-http-client", "Go program", "python", "Python program")
	system := pick(agent, "", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "CrOS", "ChromeOS", "Mac OS", "macOS",
		"Linux", "Linux")
	switch {
	case browser == "" && system == "":
		return "Unknown device"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " on " + system
}

// pick returns the name behind the first mark that the text holds.
func pick(text, otherwise string, marksAndNames ...string) string {
	for i := 0; i+1 < len(marksAndNames); i += 2 {
		if strings.Contains(text, marksAndNames[i]) {
			return marksAndNames[i+1]
		}
	}
	return otherwise
}

// moment is a time as people say it and as machines read it.
type moment struct {
	Ago, Exact, Machine string
}

func momentOf(t time.Time) moment {
	return moment{Ago: ago(time.Since(t)), Exact: t.UTC().Format("2 January 2006, 15:04 UTC"), Machine: t.UTC().Format(time.RFC3339)}
}

// ago says how long something is past; what a clock puts into the future is now.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(uint64(d/time.Minute), "minute") + " ago"
	case d < sessnode.Day:
		return count(uint64(d/time.Hour), "hour") + " ago"
	}
	return fmt.Sprintf("%s ago", count(uint64(d/sessnode.Day), "day"))
}
