package bootstrap

import (
	"errors"
	"testing"
)

var sample = Proposal{Cluster: "0123456789abcdef0123456789abcdef", Generation: 1, Members: []Peer{
	{"a-1", "10.0.0.1:7001"}, {"b-1", "10.0.0.2:7001"}, {"c-1", "10.0.0.3:7001"}}}

func TestMessagesSurviveTheRoundTripAndNoTruncation(t *testing.T) {
	q := request{kind: askPledge, to: "b-1", proposal: sample}
	body, err := q.encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeRequest(body); err != nil || got.to != q.to || got.kind != q.kind || !got.proposal.Equal(sample) {
		t.Errorf("decodeRequest(encode) = %+v, %v, want %+v", got, err, q)
	}
	for n := range body {
		if _, err := decodeRequest(body[:n]); !errors.Is(err, ErrMessage) {
			t.Errorf("decodeRequest(first %d bytes) = %v, want ErrMessage", n, err)
		}
	}
	if _, err := decodeRequest(append(body, 0)); !errors.Is(err, ErrMessage) {
		t.Errorf("decodeRequest(one byte more) = %v, want ErrMessage", err)
	}
	a := answer{from: "b-1", verdict: refused, reason: "no"}
	if body, err = a.encode(); err != nil {
		t.Fatal(err)
	}
	if got, err := decodeAnswer(body); err != nil || got != a {
		t.Errorf("decodeAnswer(encode) = %+v, %v, want %+v", got, err, a)
	}
}

func TestRecordSurvivesTheDisk(t *testing.T) {
	r := Record{Proposal: sample, Complete: true}
	raw, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got Record
	if err := got.UnmarshalBinary(raw); err != nil || !got.Complete || !got.holds(sample) {
		t.Errorf("UnmarshalBinary(MarshalBinary) = %+v, %v, want %+v", got, err, r)
	}
	if err := got.UnmarshalBinary(raw[:len(raw)-1]); !errors.Is(err, ErrMessage) || !got.Complete {
		t.Errorf("UnmarshalBinary(truncated) = %v and %+v, want ErrMessage and no change", err, got)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	body, err := request{kind: askHeld, to: "b-1", proposal: sample}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte{1, 1, 0xdb, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{1, 1, 0xa0, 0xa0, 1, 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := decodeRequest(body)
		if err != nil {
			if !errors.Is(err, ErrMessage) {
				t.Fatalf("decodeRequest = %v, want ErrMessage", err)
			}
			return
		}
		again, err := q.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeRequest(again); err != nil || !back.proposal.Equal(q.proposal) || back.to != q.to {
			t.Fatalf("decodeRequest(encode(%+v)) = %+v, %v", q, back, err)
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	body, err := answer{from: "b-1", verdict: held}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := decodeAnswer(body); err != nil && !errors.Is(err, ErrMessage) {
			t.Fatalf("decodeAnswer = %v, want ErrMessage", err)
		}
	})
}
