package config

import "time"

// keyConfig is the one key that names the file, and so cannot stand in it.
const keyConfig = "config"

func connectionKeys() []Key {
	g, in := GroupConnection, ForClient
	return []Key{
		{Name: "url", Type: typeURL, Default: "http://127.0.0.1:7480", Group: g, Scope: in,
			Help:  "the cluster: http://HOST:7480,http://HOST:7480 or sessnode://KEY@HOST,HOST/APP; sessnodes:// and https:// speak TLS",
			parse: urlTo(func(t *told) *string { return &t.client.URL })},
		{Name: "app", Short: "a", Type: typeText, Group: g, Scope: in, Help: "the app; wins over that of the URL",
			parse: textTo(func(t *told) *string { return &t.client.App })},
		{Name: "api-key-file", Type: typePath, Group: g, Scope: in, Help: "file with the API key, alone on its line; wins over that of the URL",
			parse: textTo(func(t *told) *string { return &t.client.APIKeyFile })},
		{Name: "ca-file", Type: typePath, Group: g, Scope: in, Help: "PEM file with the authorities that vouch for the nodes, where they speak TLS (unset: the system's)",
			parse: textTo(func(t *told) *string { return &t.client.CAFile })},
		{Name: "timeout", Type: typeDuration, Default: "5s", Group: g, Scope: in, Help: "how long a call may take in all, over all nodes that are tried",
			parse: spanTo(func(t *told) *time.Duration { return &t.client.Timeout })},
	}
}

func outputKeys() []Key {
	g, in := GroupOutput, ForClient
	return []Key{
		{Name: "output", Short: "o", Type: typeChoice, Default: "table", Choices: []string{"table", "wide", "json", "jsonl"}, Group: g, Scope: in,
			Help:  "how results are written; a table in a pipe has tabs between its columns",
			parse: textTo(func(t *told) *string { return &t.client.Output })},
		{Name: "color", Type: typeChoice, Default: "auto", Choices: []string{"auto", "always", "never"}, Group: g, Scope: in,
			Help:  "colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb",
			parse: textTo(func(t *told) *string { return &t.client.Color })},
		{Name: "quiet", Short: "q", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "results and errors only, no narration",
			parse: switchTo(func(t *told) *bool { return &t.client.Quiet })},
		{Name: "verbose", Short: "v", Type: typeSwitch, Default: "false", Group: g, Scope: in, Help: "print each request as a curl command on standard error",
			parse: switchTo(func(t *told) *bool { return &t.client.Verbose })},
	}
}

func fileKeys() []Key {
	return []Key{
		{Name: keyConfig, Type: typePath, Group: GroupFile, Scope: ForAll, Help: "YAML file with any of these keys; none is read unless it is named",
			parse: func(t *told, text string) error { t.node.File, t.client.File = text, text; return nil }},
	}
}
