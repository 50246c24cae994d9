package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

const composeFile = "docker-compose.cluster.yml"

// readFile returns the compose file as its readers see it, with the anchors put in.
func readFile(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", composeFile))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func services(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for name, s := range readFile(t)["services"].(map[string]any) {
		all[name] = s.(map[string]any)
	}
	if len(all) < 8 {
		t.Fatalf("found %d services: the search itself is broken", len(all))
	}
	return all
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "compose-spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestTheFileIsAsTheComposeSpecificationSays holds it to the schema that Compose v2 has built in; docker-compose 1.29 reads it below.
func TestTheFileIsAsTheComposeSpecificationSays(t *testing.T) {
	schema, file := compileSchema(t), readFile(t)
	if err := schema.Validate(file); err != nil {
		t.Error(err)
	}
	file["services"].(map[string]any)["n1"].(map[string]any)["read_only"] = "perhaps not"
	file["services"].(map[string]any)["n1"].(map[string]any)["portz"] = []any{"1"}
	if err := schema.Validate(file); err == nil || !strings.Contains(err.Error(), "portz") {
		t.Errorf("with a service that has portz = %v, want it refused", err)
	}
}

func TestEveryContainerIsClosed(t *testing.T) {
	for name, s := range services(t) {
		closed := map[string]any{"read_only": s["read_only"], "cap_drop": s["cap_drop"], "security_opt": s["security_opt"]}
		want := map[string]any{"read_only": true, "cap_drop": []any{"ALL"}, "security_opt": []any{"no-new-privileges:true"}}
		if diff := cmp.Diff(want, closed); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if image, _ := s["image"].(string); !strings.HasPrefix(image, "sessnode") {
			t.Errorf("%s is of image %q, which somebody would have to pull", name, image)
		}
		ports, _ := s["ports"].([]any)
		for _, p := range ports {
			if !strings.HasPrefix(p.(string), "127.0.0.1:") {
				t.Errorf("%s publishes %v to other hosts", name, p)
			}
		}
		for _, open := range []string{"privileged", "user", "cap_add", "pid", "devices"} {
			if s[open] != nil {
				t.Errorf("%s has %s: %v", name, open, s[open])
			}
		}
	}
}

// TestTheNodesDifferByNameOnly catches what was changed in one of three copies.
func TestTheNodesDifferByNameOnly(t *testing.T) {
	all := services(t)
	text := func(name string) string {
		raw, err := yaml.Marshal(all[name])
		if err != nil {
			t.Fatal(err)
		}
		out := strings.ReplaceAll(string(raw), "n1:7482,n2:7482,n3:7482", "SEEDS")
		return strings.NewReplacer(name, "NAME", strings.ToUpper(name), "NAME", "7490", "7480", "7500", "7480").Replace(out)
	}
	for _, name := range []string{"n2", "n3"} {
		if diff := cmp.Diff(text("n1"), text(name)); diff != "" {
			t.Errorf("n1 and %s (-n1 +%s)\n%s", name, name, diff)
		}
	}
}

// TestBothDockerfilesMakeTheSameImage compares what they say after the first stage.
func TestBothDockerfilesMakeTheSameImage(t *testing.T) {
	read := func(name string) (lines []string) {
		raw, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		_, last, _ := strings.Cut(string(raw), "FROM scratch\n")
		for line := range strings.Lines(last) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, strings.NewReplacer("--from=build ", "", "/image/", "").Replace(line))
			}
		}
		return lines
	}
	one, other := read("Dockerfile"), read("Dockerfile.multistage")
	if diff := cmp.Diff(one, other); diff != "" || len(one) < 10 {
		t.Errorf("%d lines (-Dockerfile +Dockerfile.multistage)\n%s", len(one), diff)
	}
}
