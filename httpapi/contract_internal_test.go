package httpapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sessnode/sessnode"
)

// TestRoutesAndContractAreTheSame compares the route table with openapi.yaml in both directions.
func TestRoutesAndContractAreTheSame(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi)
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]*openapi3.Operation{}
	parameters := map[string]openapi3.Parameters{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described[method+" "+path] = op
			parameters[method+" "+path] = append(slices.Clone(item.Parameters), op.Parameters...)
		}
	}
	table := routes()
	for i := range table {
		name := table[i].label()
		op := described[name]
		if op == nil {
			t.Errorf("the contract lacks %s", name)
			continue
		}
		delete(described, name)
		if got := op.Extensions["x-role"]; got != table[i].role.String() {
			t.Errorf("%s: the contract says x-role: %v, the table %v", name, got, table[i].role)
		}
		compareParameters(t, &table[i], parameters[name])
		compareBodies(t, &table[i], op)
	}
	for name := range described {
		t.Errorf("the contract describes %s, which does not exist", name)
	}
}

func compareParameters(t *testing.T, r *route, described openapi3.Parameters) {
	t.Helper()
	var query, path []string
	for _, p := range described {
		switch p.Value.In {
		case "query":
			query = append(query, p.Value.Name)
		case "path":
			path = append(path, "{"+p.Value.Name+"}")
		}
	}
	slices.Sort(query)
	if !slices.Equal(query, slices.Sorted(slices.Values(r.query))) {
		t.Errorf("%s: the contract has the query parameters %v, the table %v", r.label(), query, r.query)
	}
	for _, name := range path {
		if !strings.Contains(r.pattern, name) {
			t.Errorf("%s: the contract has %s in the path", r.label(), name)
		}
	}
	if strings.Count(r.pattern, "{") != len(path) {
		t.Errorf("%s: the contract has the path parameters %v", r.label(), path)
	}
}

// compareBodies holds that both formats have one schema.
func compareBodies(t *testing.T, r *route, op *openapi3.Operation) {
	t.Helper()
	same := func(where string, content openapi3.Content) {
		inJSON, inMsgpack := content[typeJSON], content[typeMsgpack]
		if inMsgpack == nil && (inJSON == nil || r.role == rolePublic) {
			return
		}
		if inJSON == nil || inMsgpack == nil || inJSON.Schema.Ref != inMsgpack.Schema.Ref {
			t.Errorf("%s: the %s differs between JSON and msgpack", r.label(), where)
		}
	}
	if op.RequestBody != nil {
		same("request", op.RequestBody.Value.Content)
	}
	for status, res := range op.Responses.Map() {
		same("answer "+status, res.Value.Content)
	}
}

// TestRequestSchemasNameTheFieldsThatAreRead holds the fields of each request's schema against those that the decoder names
// when it meets an unknown one.
func TestRequestSchemasNameTheFieldsThatAreRead(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi)
	if err != nil {
		t.Fatal(err)
	}
	var e edit
	for schema, read := range map[string][]field{
		"PatchRequest":   fieldsOf(editMembers),
		"PolicyRequest":  policyFields(&sessnode.Policy{}),
		"TouchRequest":   timeoutChanges(&e.Timeouts),
		"RawValue":       {{name: "codec"}, {name: "data"}},
		"Device":         {{name: "ip"}, {name: "user_agent"}, {name: "label"}},
		"ReplaceRequest": append([]field{{name: "attrs"}, {name: "raw"}}, timeoutChanges(&e.Timeouts)...),
	} {
		var want, got []string
		for name := range doc.Components.Schemas[schema].Value.Properties {
			want = append(want, name)
		}
		for _, f := range read {
			got = append(got, f.name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the API reads %v, the contract has %v", schema, got, want)
		}
	}
}
