package resulttest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// When the drill of a sample went through its phases, in milliseconds.
const (
	steadyAt, faultAt, leaderAt, servedAt, healedAt, wholeAt, endAt = 3000.0, 12000.0, 13190.0, 13380.0, 22000.0, 24500.0, 36000.0

	slotMS = 100.0
)

// Passed is a leader-kill as it should go.
func Passed() result.Result {
	r := result.Result{
		Schema: result.Schema, Verdict: result.Pass, Scenario: "leader-kill", Seed: 4711, TookMS: 38240,
		Title:   "The leader is killed (SIGKILL), and started again later.",
		Started: time.Date(2026, 11, 25, 9, 14, 3, 0, time.UTC),
		Replay:  "sessnode drill leader-kill --seed 4711",
		Checks:  checks(),
		Gap:     result.Gap{FromMS: faultAt, ToMS: servedAt, DetectMS: 980, ElectMS: 210, RedirectMS: 190},
		Windows: []result.Window{{FromMS: faultAt, ToMS: servedAt, During: "kill n1"}, {FromMS: 23120, ToMS: 23330, During: "recover"}},
		Phases: []result.Phase{{Name: "warm-up", FromMS: 0, ToMS: steadyAt}, {Name: "steady", FromMS: steadyAt, ToMS: faultAt},
			{Name: "fault", FromMS: faultAt, ToMS: healedAt}, {Name: "recover", FromMS: healedAt, ToMS: wholeAt},
			{Name: "steady again", FromMS: wholeAt, ToMS: 33000}, {Name: "verify", FromMS: 33000, ToMS: endAt}},
		Faults:  []result.Fault{{Name: "kill", On: "n1", FromMS: faultAt, ToMS: healedAt, Landed: true, Proof: "process 4021 was reaped: signal: killed"}},
		Tenures: []result.Tenure{{Node: "n1", Term: 2, FromMS: 150, ToMS: faultAt}, {Node: "n3", Term: 3, FromMS: leaderAt, ToMS: endAt}},
		SlotMS:  slotMS,
		Latency: []result.Latency{
			{Phase: "before", Kind: "read", Count: 2210, P50MS: 0.8, P99MS: 3.1, MaxMS: 7.2}, {Phase: "before", Kind: "write", Count: 1904, P50MS: 2.9, P99MS: 6.4, MaxMS: 12},
			{Phase: "during", Kind: "read", Count: 1630, P50MS: 0.9, P99MS: 1312, MaxMS: 1391}, {Phase: "during", Kind: "write", Count: 1411, P50MS: 3.3, P99MS: 1380, MaxMS: 1402},
			{Phase: "after", Kind: "read", Count: 2344, P50MS: 0.8, P99MS: 3.3, MaxMS: 8}, {Phase: "after", Kind: "write", Count: 2105, P50MS: 2.9, P99MS: 6.8, MaxMS: 15.5},
		},
		Counts: result.Counts{Attempted: 11615, Acked: 11604, Refused: 9, Unknown: 2, AckedFault: 3041, Writes: 5420, Sessions: 380, Subjects: 32,
			Revoked: 380, LateTries: 2280, Expired: 24, Partitions: 412, EventsHeard: 1204, SearchedMB: 41},
		People: result.People{Count: 20, Requests: 1630, Waited: 17, LongestMS: 1391},
		Environment: result.Environment{Version: "v1.0.0", Go: "go1.26.0", System: "linux/amd64", CPUs: 2, SyncP50MS: 0.9, SyncP99MS: 3.4, Nodes: 3, Profile: "fast",
			ElectMS: 200, Clients: 16, Args: []string{"sessnode", "drill", "leader-kill", "--seed", "4711"}},
		Limits: []string{"All nodes ran on one machine, with one clock and one disk: what only two machines can do to each other was not tried.",
			"What was not asked within these seconds was not judged; another seed asks other things at other moments."},
		Logs: logs(),
	}
	fill(&r, 1)
	return r
}

func checks() []result.Check {
	none := func(name, title, detail string) result.Check {
		return result.Check{Name: name, Title: title, Verdict: result.Pass, Got: "0", Want: "0", Detail: detail}
	}
	return []result.Check{
		none("lost-writes", "acknowledged writes lost", "of 5,420 acknowledged (2 unknown: 1 found, 1 absent, both allowed)"),
		none("linearizable", "histories that no order explains", "of 412 sessions and subjects"),
		none("ghosts", "dead sessions usable again", "in 2,280 late requests"),
		none("expired-served", "expired sessions served", "of 24 watched to their end"),
		none("expired-early", "sessions ended too early", "of 24 watched"),
		none("events", "events missed or invented", "of 1,204 that were followed"),
		{Name: "replicas-equal", Title: "replicas equal at the end", Verdict: result.Pass, Got: "yes", Want: "yes", Detail: "3 of 3, state hash 9f3c51aa"},
		none("tokens", "tokens in logs or data files", "of 812, in 41 MB"),
		none("signed-out", "people signed out by a fault", "of 20, in 1,630 pages; longest wait 1.39 s"),
		none("people-ghosts", "old cookies let in by the app", ""),
		{Name: "longest-gap", Title: "longest time without a write, as clients saw it", Verdict: result.Pass, Got: "1.38 s", Want: "<= 3.00 s",
			Detail: "detect 0.98 s + elect 0.21 s + redirect 0.19 s"},
		none("failed-requests", "requests that failed at a client that retries", "longest took 1.40 s, 7.0 election time-outs"),
	}
}

// fill draws the slots, points and indexes of a drill in which nothing was served from the fault until servedAt.
func fill(r *result.Result, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	index := 0.0
	for at := 0.0; at < endAt; at += slotMS {
		s := result.Slot{}
		switch n := 20 + rng.IntN(8); {
		case at < 300:
		case at >= faultAt && at < servedAt-slotMS:
			s.Refused = rng.IntN(2)
			s.Unknown = map[bool]int{true: 2}[at == faultAt]
		case at >= servedAt-slotMS && at < servedAt+2*slotMS:
			s.OK, s.Retried = n/3, n/2
		case at >= healedAt && at < wholeAt:
			s.OK, s.Retried = n, rng.IntN(3)
		default:
			s.OK = n
		}
		s.Reads = (s.OK + s.Retried) * 11 / 20
		index += float64(s.OK+s.Retried) / 2
		r.Slots = append(r.Slots, s)
		r.Points = append(r.Points, points(rng, at, s)...)
		if int(at)%500 == 0 {
			apply(r, at, uint64(index))
		}
	}
}

func points(rng *rand.Rand, at float64, s result.Slot) []result.Point {
	var all []result.Point
	add := func(n int, outcome string, took func() float64) {
		for range n {
			all = append(all, result.Point{AtMS: at + rng.Float64()*slotMS, TookMS: took(), Write: rng.IntN(2) == 0, Outcome: outcome})
		}
	}
	add(s.OK/3, "ok", func() float64 { return 2.2 * math.Exp(rng.NormFloat64()*0.6) })
	add(s.Retried, "retried", func() float64 { return 150 + math.Max(0, math.Min(1200, at-faultAt))*rng.Float64() })
	add(s.Refused, "refused", func() float64 { return 5 + 40*rng.Float64() })
	add(s.Unknown, "unknown", func() float64 { return 900 + 100*rng.Float64() })
	return all
}

func apply(r *result.Result, at float64, index uint64) {
	for i := range 3 {
		if len(r.Applied) <= i {
			r.Applied = append(r.Applied, result.Series{Node: fmt.Sprintf("n%d", i+1)})
		}
		if i == 0 && at >= faultAt && at < healedAt+500 {
			continue
		}
		r.Applied[i].At = append(r.Applied[i].At, [2]uint64{uint64(at), index - min(index, uint64(i*3))})
	}
}

func logs() []result.Line {
	return []result.Line{
		{AtMS: 10200, Node: "n2", Text: `level=INFO msg="snapshot taken" index=1042 took=12ms`},
		{AtMS: 12430, Node: "n3", Text: `level=WARN msg="heartbeat timeout reached, starting election" last-leader=n1`},
		{AtMS: 12980, Node: "n2", Text: `level=WARN msg="gossip suspects a node" node=n1`},
		{AtMS: 13185, Node: "n3", Text: `level=INFO msg="election won" term=3 tally=2`},
		{AtMS: 13190, Node: "n3", Text: `level=INFO msg="entering leader state" leader=n3`},
		{AtMS: 13200, Node: "n2", Text: "level=ERROR msg=\"" + Hostile + `" ` + "note=\"a line that is longer than any screen: " + fmt.Sprintf("%0200d", 7) + `"`},
		{AtMS: 22140, Node: "n1", Text: `level=INFO msg="started" version=v1.0.0 addr=127.0.0.1:7071`},
		{AtMS: 22360, Node: "n1", Text: `level=INFO msg="entering follower state" leader=n3`},
		{AtMS: 23890, Node: "n1", Text: `level=INFO msg="ready" applied=2950`},
	}
}
