package archtest

// rule says what the files of one package, tests left out, may import.
type rule struct {
	// why is the reason for the rule, for whoever runs into it.
	why string
	// may lists packages of this module by their folders; the root is "".
	may []string
	// modules lists the third-party modules that it may import.
	modules []string
	// never lists packages of the standard library.
	never []string
}

// anything in a rule's may allows every package of the module.
const anything = "*"

// importRules has a rule for each package of the module. Adding a package here is the
// moment to think about what it is for.
func importRules() map[string]rule {
	pure := []string{"net", "net/http", "database/sql", "os", "log", "os/exec"}
	noHTTPnoSQL := []string{"net", "net/http", "database/sql", "os", "os/exec"}
	return map[string]rule{
		"": {
			why:   "the vocabulary: whoever speaks of an event must not thereby get a network or a database",
			never: pure,
		},
		"signature": {
			why:   "receivers import it: it must cost them nothing but the standard library",
			never: pure,
		},
		"client": {
			why:   "publishers import it: the standard library and nothing of the server",
			never: []string{"database/sql", "os", "os/exec", "log"},
		},
		"internal/schedule": {
			why:   "pure: the same history gives the same answer, so that days of retries can be tested in a moment",
			may:   []string{""},
			never: pure,
		},
		"internal/pace": {
			why:   "pure: who is served when must be decided by what was told and the time, so that hours of trouble can be tested in a moment",
			may:   []string{""},
			never: append([]string{"sync", "context"}, pure...),
		},
		"internal/apidoc": {
			why:     "pure: a document comes from a tenant, so nothing that it names may be fetched or read",
			may:     []string{""},
			modules: []string{"go.yaml.in/yaml/v3"},
			never:   pure,
		},
		"internal/eventdata": {
			why:   "pure: what all see who look into data must not depend on who looks first",
			never: pure,
		},
		"internal/schema": {
			why:     "pure: schemas come from tenants, so nothing may be fetched for one and nothing read",
			may:     []string{"", "internal/eventdata"},
			modules: []string{"github.com/santhosh-tekuri/jsonschema/v6"},
			never:   pure,
		},
		"internal/filter": {
			why:     "pure: which webhooks want an event must not depend on anything but the two",
			may:     []string{"", "internal/eventdata"},
			modules: []string{"cel.dev/cel-go"},
			never:   pure,
		},
		"internal/wire": {
			why:     "pure: a format is data, and rendering it must give the same bytes everywhere",
			may:     []string{"", "signature"},
			modules: []string{"go.yaml.in/yaml/v3"},
			never:   pure,
		},
		"internal/dialects": {
			why:     "what delivering and managing both look up; where declared formats are kept is told to it",
			may:     []string{"", "internal/wire"},
			modules: []string{"golang.org/x/sync"},
			never:   noHTTPnoSQL,
		},
		"internal/detect": {
			why:   "pure: what is found in a captured request must not depend on where it is looked at; it runs on a laptop without a server",
			may:   []string{"", "signature", "internal/wire"},
			never: pure,
		},
		"internal/store": {
			why:   "the contract that engines fulfil; it must not favour one of them",
			may:   []string{""},
			never: noHTTPnoSQL,
		},
		"internal/store/memstore": {
			why:   "the specification in code: it must be plain to read, so it uses nothing but maps",
			may:   []string{"", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/store/packed": {
			why:   "pure: how an attempt becomes bytes must not depend on the engine that keeps them",
			may:   []string{""},
			never: pure,
		},
		"internal/store/sqlite": {
			why:     "an engine stores and decides nothing; engines never import each other",
			may:     []string{"", "internal/store", "internal/store/migration", "internal/store/packed", "internal/store/unwritten", "internal/datafile", "internal/failpoint"},
			modules: []string{"modernc.org/sqlite"},
			never:   []string{"net", "net/http", "os/exec"},
		},
		"internal/store/unwritten": {
			why:   "what an engine still has to write is a book, and no matter of its pages",
			may:   []string{"", "internal/store", "internal/failpoint"},
			never: noHTTPnoSQL,
		},
		"internal/store/migration": {
			why:     "whether a database is what its version says must not depend on what is done with it; it knows no table by name",
			modules: []string{"modernc.org/sqlite", "github.com/pressly/goose/v3"},
			never:   []string{"net", "net/http", "os", "os/exec"},
		},
		"internal/datafile": {
			why:     "what a file is to the system must be told before anything opens it as a database; it knows no SQL",
			modules: []string{"github.com/gofrs/flock"},
			never:   []string{"net", "net/http", "database/sql", "os/exec"},
		},
		"internal/store/storetest": {
			why:     "the conformance suite compares engines with memstore and knows none of them",
			may:     []string{"", "internal/store", "internal/store/memstore"},
			modules: []string{"github.com/google/go-cmp", "pgregory.net/rapid"},
			never:   noHTTPnoSQL,
		},
		"internal/failpoint": {
			why:   "breaks the others on purpose in builds that are no release; in a release it is nothing, so it must need nothing",
			may:   []string{""},
			never: []string{"net", "net/http", "database/sql", "os/exec"},
		},
		"internal/snapshot": {
			why:     "what intake and deliver both look up in memory; it reads through the store's contract",
			may:     []string{"", "internal/store", "internal/filter", "internal/schema", "internal/eventdata"},
			modules: []string{"golang.org/x/sync"},
			never:   noHTTPnoSQL,
		},
		"internal/suspect": {
			why:   "when to try what may be fatal is a rule about time and crashes alone, so that it can be shown in a moment",
			may:   []string{"", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/sweep": {
			why:   "what nobody told the engine about must be found without the engine's help",
			may:   []string{"", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/replay": {
			why:   "a replay is moves in the database and nothing else: who sends what it made due is not its business",
			may:   []string{"", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/insist": {
			why:   "how long to go on trying to write is the same for all that must not be forgotten",
			may:   []string{"", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/record": {
			why:   "what goes together into a transaction is a rule about time; what an outcome means is another's business",
			may:   []string{"internal/insist", "internal/store"},
			never: noHTTPnoSQL,
		},
		"internal/starved": {
			why:   "how much a process may run has to do with nothing that it does",
			may:   []string{""},
			never: noHTTPnoSQL,
		},
		"internal/workers": {
			why:   "running tasks needs to know nothing of them",
			never: noHTTPnoSQL,
		},
		"internal/intake": {
			why:     "accepting is a rule about events, the same whatever carried them here and whatever keeps them",
			may:     []string{"", "internal/store", "internal/snapshot", "internal/filter", "internal/schema", "internal/eventdata"},
			modules: []string{"golang.org/x/sync", "golang.org/x/time"},
			never:   noHTTPnoSQL,
		},
		"internal/deliver": {
			why:   "the engine learns outcomes as data, so that it can be tested without a network and a database; rendering is pure, so it may render",
			may:   []string{"", "internal/dialects", "internal/insist", "internal/store", "internal/pace", "internal/record", "internal/schedule", "internal/snapshot", "internal/suspect", "internal/sweep", "internal/wire", "internal/workers", "internal/failpoint"},
			never: noHTTPnoSQL,
		},
		"internal/egress": {
			why:   "the only place that connects to addresses nobody trusts; it knows neither events nor the database",
			may:   []string{""},
			never: []string{"database/sql", "os/exec"},
		},
		"internal/egress/registry": {
			why:   "a tool for go generate: it turns the copies of the registries into a table and is no part of the server",
			never: []string{"net", "net/http", "database/sql", "os/exec"},
		},
		"internal/manage": {
			why:   "what people may ask for, the same from the API and from a dashboard",
			may:   []string{"", "internal/store", "internal/wire", "internal/filter", "internal/detect", "internal/dialects", "internal/schema", "internal/eventdata", "internal/apidoc"},
			never: noHTTPnoSQL,
		},
		"internal/api": {
			why:     "one surface over manage and intake: no rule of the product lives here, and no query; public keys are shown in the notation that signature reads",
			may:     []string{"", "signature", "internal/store", "internal/intake", "internal/manage"},
			modules: []string{"github.com/danielgtaylor/huma/v2", "github.com/go-json-experiment/json"},
			never:   []string{"database/sql", "os", "os/exec"},
		},
		"internal/door": {
			why:   "reads requests with the strictness of somebody who knows nothing of what they ask for",
			never: []string{"database/sql", "os", "os/exec"},
		},
		"internal/config": {
			why:     "one table of settings; it says what was asked for and builds nothing",
			may:     []string{""},
			modules: []string{"go.yaml.in/yaml/v3"},
			never:   []string{"net/http", "database/sql", "os/exec"},
		},
		"internal/telemetry": {
			why:   "the core tells observers; only here does it become logs",
			may:   []string{"", "internal/store"},
			never: []string{"database/sql", "os", "os/exec"},
		},
		"internal/app": {
			why: "builds the server out of everything",
			may: []string{anything},
		},
		"internal/hostile": {
			why:   "a receiver that misbehaves knows the sender only by what arrives, so that it can mislead nobody about it",
			never: []string{"database/sql", "os", "os/exec"},
		},
		"internal/demo": {
			why:   "shows the real server from outside: it starts app, speaks to it through the client, and verifies with signature alone; the store and manage lend it the types of what it watches",
			may:   []string{"", "client", "signature", "internal/app", "internal/config", "internal/manage", "internal/store", "internal/telemetry"},
			never: []string{"database/sql", "os/exec"},
		},
		"internal/cli": {
			why:     "commands reach a server through the public client, so that the client is used every day; serve starts app and nothing below it; who looks into a captured request needs no server, so detect runs here",
			may:     []string{"", "client", "signature", "internal/app", "internal/benchmark", "internal/benchmark/flame", "internal/config", "internal/demo", "internal/detect", "internal/hostile", "internal/telemetry"},
			modules: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/mattn/go-isatty"},
			never:   []string{"database/sql"},
		},
		"cmd/posthorn": {
			why:   "main hands the process to cli and does nothing else",
			may:   []string{"internal/cli"},
			never: []string{"net/http", "database/sql", "os/exec"},
		},
		"internal/benchmark": {
			why:   "measures the real server in a process of its own, through its public face; the store it fills with what would take hours to publish",
			may:   []string{"", "internal/app", "internal/config", "internal/store", "internal/store/sqlite", "internal/telemetry"},
			never: []string{"database/sql"},
		},
		"internal/benchmark/flame": {
			why:     "draws a profile and knows nothing of what was measured",
			modules: []string{"github.com/google/pprof"},
		},
		"bench": {
			why:   "one command of cli, to be run out of the source",
			may:   []string{"internal/cli"},
			never: []string{"net/http", "database/sql", "os/exec"},
		},
		"e2e": {
			why: "tests of the whole program, which they know from outside alone",
		},
		"e2e/crash": {
			why:     "kills the server and looks at it from outside: what it is told, what arrives, and the database file; the failpoints lend it their names, the vocabulary the moves that a delivery may make",
			may:     []string{"", "signature", "internal/failpoint", "e2e/crash/disk", "e2e/crash/forgetful"},
			modules: []string{"modernc.org/sqlite"},
		},
		"e2e/crash/disk": {
			why:   "imagines a disk; it knows nothing of whose files lie there",
			never: []string{"net", "net/http", "database/sql", "os/exec"},
		},
		"e2e/crash/forgetful": {
			why:     "shows an imagined disk to the kernel; it knows nothing of whose files lie there",
			may:     []string{"e2e/crash/disk"},
			modules: []string{"github.com/hanwen/go-fuse/v2"},
			never:   []string{"net", "net/http", "database/sql", "os/exec"},
		},
		"internal/archtest": {
			why: "looks at source, not at packages",
		},
	}
}
