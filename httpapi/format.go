package httpapi

import (
	"strings"

	"github.com/sessnode/sessnode"
)

// format is how a body is written.
type format uint8

const (
	formatJSON format = iota
	formatMsgpack
)

const (
	typeJSON    = "application/json"
	typeMsgpack = "application/msgpack"
	typeProblem = "application/problem+json"
	typeEvents  = "text/event-stream"
	typeBackup  = "application/vnd.sessnode.backup"
	typeText    = "text/plain; charset=utf-8"
)

func (f format) contentType() string {
	if f == formatMsgpack {
		return typeMsgpack
	}
	return typeJSON
}

// codec is that of values which stand in a body of the format as they are.
func (f format) codec() sessnode.Codec {
	if f == formatMsgpack {
		return sessnode.Msgpack
	}
	return sessnode.JSON
}

// requestFormat reads Content-Type. What a browser's form can send without asking first is refused.
func requestFormat(contentType string) (format, error) {
	if contentType == typeJSON { // as our clients send it
		return formatJSON, nil
	}
	media, params, _ := strings.Cut(contentType, ";")
	charset := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(params), `"`, ""))
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "":
		return formatJSON, nil
	case typeJSON:
		if charset == "" || charset == "charset=utf-8" {
			return formatJSON, nil
		}
	case typeMsgpack:
		return formatMsgpack, nil
	}
	return 0, sessnode.Errorf(sessnode.CodeInvalid, "", "send the body with Content-Type: %s or %s", typeJSON, typeMsgpack)
}

// answerFormat reads Accept: the format that is named with the highest weight, else the request's own. Asking for something
// that the API does not speak gets the request's own too.
func answerFormat(accept string, own format) format {
	switch accept {
	case "", "*/*":
		return own
	case typeJSON: // as our clients send it
		return formatJSON
	}
	best, bestWeight := own, ""
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(part, ";")
		var f format
		switch strings.ToLower(strings.TrimSpace(media)) {
		case typeJSON:
			f = formatJSON
		case typeMsgpack:
			f = formatMsgpack
		default:
			continue
		}
		// Weights have one digit before the point and at most three behind it, so their texts compare as numbers do.
		weight := "1"
		if q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); found {
			weight = q
		}
		if weight > bestWeight && strings.Trim(weight, "0.") != "" {
			best, bestWeight = f, weight
		}
	}
	return best
}
