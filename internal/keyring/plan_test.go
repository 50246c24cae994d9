package keyring

import (
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

// told makes members out of what they tell: "n1:a,b" has both keys, "!n1:a" is down, "~n1:a" cannot use its file.
func told(list ...string) (members []sessnode.Member) {
	for _, text := range list {
		m := sessnode.Member{Alive: !strings.HasPrefix(text, "!"), KeyFileBad: strings.HasPrefix(text, "~")}
		name, keys, _ := strings.Cut(strings.TrimLeft(text, "!~"), ":")
		m.Name = name
		if keys != "" {
			m.Keys = strings.Split(keys, ",")
		}
		members = append(members, m)
	}
	return members
}

func TestAStepWaitsForEveryMember(t *testing.T) {
	for _, c := range []struct {
		name    string
		members []sessnode.Member
		use     string // what MayUse(b) says
		remove  string // what MayRemove(a, b) says
	}{
		{"before", told("n1:a", "n2:a"), "n1 does not accept b yet; n2 does not accept b yet", "n1 still speaks a; n2 still speaks a"},
		{"half added", told("n1:a,b", "n2:a"), "n2 does not accept b yet", "n1 still speaks a; n2 still speaks a"},
		{"added", told("n1:a,b", "n2:a,b"), "", "n1 still speaks a; n2 still speaks a"},
		{"half used", told("n1:b,a", "n2:a,b"), "", "n2 still speaks a"},
		{"used", told("n1:b,a", "n2:b,a"), "", ""},
		{"one is down", told("n1:b,a", "!n2:b,a"), "n2 is down", "n2 is down"},
		{"one does not say", told("n1:b,a", "n2"), "n2 tells no keys", "n2 tells no keys"},
		{"a third key", told("n1:b,a", "n2:c,a"), "n2 does not accept b yet", "n2 does not accept b"},
		{"nobody", nil, "no member", "no member"},
	} {
		for what, got := range map[string][2]string{
			"MayUse":    {strings.Join(MayUse(c.members, "b"), "; "), c.use},
			"MayRemove": {strings.Join(MayRemove(c.members, "a", "b"), "; "), c.remove},
		} {
			if !strings.HasPrefix(got[0], got[1]) || got[1] == "" && got[0] != "" {
				t.Errorf("%s: %s = %q, want %q", c.name, what, got[0], got[1])
			}
		}
	}
}

func TestTheSummarySaysHowFarItIs(t *testing.T) {
	for _, c := range []struct {
		members    []sessnode.Member
		settled    bool
		text, next string
	}{
		{told("n1:a", "n2:a"), true, "all 2 members speak a", ""},
		{told("n1:a,b", "n2:a,b"), true, "all 2 members speak a and accept b", "sessnode key use b"},
		{told("n1:a,b", "n2:a"), false, "n1 speaks a and accepts b; n2 speaks a", "same file"},
		{told("n1:a", "~n2:a"), false, "n2 cannot use its key file", "log of that node"},
		{told("n1:a", "!n2:a"), false, "n2 is down", "start the nodes"},
		{told("n1:a", "n2"), false, "n2 tells no keys", ""},
	} {
		got := Summary(c.members, nil)
		if got.Settled != c.settled || !strings.Contains(got.Text, c.text) || !strings.Contains(got.Next, c.next) || c.settled && c.next == "" && got.Next != "" {
			t.Errorf("Summary(%v) = %+v, want %v, %q, %q", c.members, got, c.settled, c.text, c.next)
		}
	}
}

func TestMembersAreComparedWithTheFile(t *testing.T) {
	members := told("n1:a,b", "n2:a,b")
	if got := Summary(members, []string{"a", "b"}); !got.Settled {
		t.Errorf("Summary(the same keys as the file) = %+v, want it settled", got)
	}
	for _, file := range [][]string{{"b", "a"}, {"a"}, {"a", "b", "c"}} {
		if got := Summary(members, file); got.Settled || !strings.Contains(got.Text, "the file has "+strings.Join(file, ", ")) {
			t.Errorf("Summary(file with %v) = %+v, want it not settled", file, got)
		}
	}
}
