-- +goose Up
-- Times are microseconds since 1970 UTC; no time is the year 1.
CREATE TABLE workspaces (
	id          BLOB PRIMARY KEY,
	name        TEXT NOT NULL,
	external_id TEXT UNIQUE,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	-- the highest version that a deleted format had
	retired_format INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE projects (
	id           BLOB PRIMARY KEY,
	workspace_id BLOB NOT NULL,
	name         TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX projects_by_workspace ON projects (workspace_id);

CREATE TABLE environments (
	id                 BLOB PRIMARY KEY,
	workspace_id       BLOB NOT NULL,
	project_id         BLOB NOT NULL,
	name               TEXT NOT NULL,
	kind               TEXT NOT NULL,
	default_format     TEXT NOT NULL,
	default_retries    INTEGER NOT NULL,
	default_validation TEXT NOT NULL,
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	-- counts the changes of the environment, its webhooks and its event types
	version            INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE INDEX environments_by_workspace ON environments (workspace_id);
CREATE INDEX environments_by_project ON environments (project_id);

CREATE TABLE keys (
	id           BLOB PRIMARY KEY,
	kind         TEXT NOT NULL,
	workspace_id BLOB,
	name         TEXT NOT NULL,
	hash         BLOB NOT NULL UNIQUE,
	start        TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	revoked_at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX keys_by_workspace ON keys (workspace_id);
-- no time is below zero: these keys are not revoked
CREATE INDEX keys_that_work ON keys (workspace_id) WHERE revoked_at < 0;

-- what is no longer valid is deleted with the next change; private is the 32 bytes
-- that the key is made of
CREATE TABLE signing_keys (
	id             BLOB PRIMARY KEY,
	environment_id BLOB NOT NULL,
	algorithm      TEXT NOT NULL,
	private        BLOB NOT NULL,
	created_at     INTEGER NOT NULL,
	expires_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX signing_keys_by_environment ON signing_keys (environment_id);

-- Lists and maps (events, headers, metadata, secrets, retry_schedule) are JSON.
CREATE TABLE webhooks (
	id             BLOB PRIMARY KEY,
	workspace_id   BLOB NOT NULL,
	project_id     BLOB NOT NULL,
	environment_id BLOB NOT NULL,
	name           TEXT NOT NULL,
	url            TEXT NOT NULL,
	events         TEXT NOT NULL,
	filter         TEXT NOT NULL,
	format         TEXT NOT NULL,
	description    TEXT NOT NULL,
	headers        TEXT NOT NULL,
	metadata       TEXT NOT NULL,
	secrets        TEXT NOT NULL,
	uses_signing_keys INTEGER NOT NULL,
	handshake      INTEGER NOT NULL,
	-- no time while the receiver has not consented; 0 a minute is no limit
	consented_at         INTEGER NOT NULL,
	consented_per_minute INTEGER NOT NULL,
	retries        INTEGER,
	retry_schedule TEXT NOT NULL,
	timeout        INTEGER NOT NULL,
	concurrency    INTEGER NOT NULL,
	rate_limit     INTEGER,
	status         TEXT NOT NULL,
	status_reason  TEXT NOT NULL,
	hold_until     INTEGER NOT NULL,
	-- opened_at and probe_at are no time while the breaker is closed
	breaker_opened_at  INTEGER NOT NULL,
	breaker_failures   INTEGER NOT NULL,
	breaker_probe_at   INTEGER NOT NULL,
	breaker_changed_at INTEGER NOT NULL,
	created_by     TEXT NOT NULL,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhooks_by_environment ON webhooks (environment_id) WHERE status <> 'deleted';

CREATE TABLE webhook_stats (
	webhook_id      BLOB PRIMARY KEY,
	-- counted when deliveries are made; the sum of the statuses beside it, which
	-- are counted when deliveries move
	accepted        INTEGER NOT NULL,
	pending         INTEGER NOT NULL,
	succeeded       INTEGER NOT NULL,
	exhausted       INTEGER NOT NULL,
	cancelled       INTEGER NOT NULL,
	expired         INTEGER NOT NULL,
	quarantined     INTEGER NOT NULL,
	attempts        INTEGER NOT NULL,
	last_attempt_at INTEGER NOT NULL,
	last_success_at INTEGER NOT NULL,
	last_failure_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE event_types (
	environment_id BLOB NOT NULL,
	name           TEXT NOT NULL,
	description    TEXT NOT NULL,
	since          TEXT NOT NULL,
	retries        INTEGER,
	status         TEXT NOT NULL,
	example        BLOB,
	schema         BLOB,
	validation     TEXT NOT NULL,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL,
	PRIMARY KEY (environment_id, name)
) WITHOUT ROWID;

-- the versions of declared formats that are kept; the highest one of a name holds
CREATE TABLE formats (
	workspace_id BLOB NOT NULL,
	name         TEXT NOT NULL,
	version      INTEGER NOT NULL,
	since        INTEGER NOT NULL,
	document     BLOB NOT NULL,
	created_by   TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (workspace_id, name, version)
) WITHOUT ROWID;

-- leased lists the deliveries that were leased at once: the node that holds them, then of each
-- its id and its webhook's. They become rows of the table deliveries when it is known what came of them.
-- It lies before the data, which whoever looks for lists need not read.
CREATE TABLE events (
	sequence       INTEGER PRIMARY KEY,
	id             BLOB NOT NULL,
	environment_id BLOB NOT NULL,
	given_id       TEXT,
	leased         BLOB,
	type           TEXT NOT NULL,
	data           BLOB NOT NULL,
	timestamp      INTEGER NOT NULL,
	accepted_at    INTEGER NOT NULL,
	deliveries     INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_by_environment ON events (environment_id, id);
CREATE INDEX events_by_type ON events (environment_id, type, id);
CREATE UNIQUE INDEX events_by_given_id ON events (environment_id, given_id) WHERE given_id IS NOT NULL;

-- An id begins with the moment when the event was accepted: deliveries of an event
-- lie side by side, and need no index.
-- status: 0 pending, 1 leased, 2 succeeded, 3 exhausted, 4 cancelled, 5 expired,
-- 6 quarantined
CREATE TABLE deliveries (
	id               BLOB PRIMARY KEY,
	event_id         BLOB NOT NULL,
	webhook_id       BLOB NOT NULL,
	environment_id   BLOB NOT NULL,
	status           INTEGER NOT NULL,
	attempts         INTEGER NOT NULL,
	uncounted        INTEGER NOT NULL,
	due_at           INTEGER NOT NULL,
	-- the lease: who holds it, under which epoch; crashes counts the holders in a
	-- row that died, and from three on the delivery is a suspect
	node_id          BLOB,
	epoch            INTEGER NOT NULL,
	crashes          INTEGER NOT NULL,
	last_reason      TEXT NOT NULL,
	last_status_code INTEGER NOT NULL,
	-- the version of a declared format that retries are rendered with
	format           TEXT,
	format_version   INTEGER NOT NULL DEFAULT 0,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	-- the attempt of number 1; empty if it is so long that it lies in the table attempts
	first_attempt    BLOB
) WITHOUT ROWID;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_by_environment ON deliveries (environment_id, id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, due_at) WHERE status = 0;
CREATE INDEX deliveries_suspected ON deliveries (webhook_id, crashes, due_at) WHERE status = 0 AND crashes >= 3;
CREATE INDEX deliveries_by_format ON deliveries (environment_id, format, format_version) WHERE format IS NOT NULL AND status < 2;
CREATE INDEX deliveries_over ON deliveries (webhook_id, status, id) WHERE status > 2;
CREATE INDEX deliveries_not_succeeded ON deliveries (status, environment_id, id) WHERE status <> 2;

-- the deliveries of all events up to this one are rows; what is not can only be of later ones
CREATE TABLE written (
	until INTEGER NOT NULL
);
INSERT INTO written (until) VALUES (0);

-- what is leased and not yet a row
CREATE VIEW unwritten AS
	WITH RECURSIVE places (sequence, place) AS (
		SELECT sequence, 17 FROM events WHERE sequence > (SELECT until FROM written) AND leased IS NOT NULL
		UNION ALL
		SELECT sequence, place + 32 FROM places JOIN events USING (sequence) WHERE place + 32 < length(leased))
	SELECT substr(leased, place, 16) AS id, e.id AS event_id, substr(leased, place + 16, 16) AS webhook_id, environment_id,
		substr(leased, 1, 16) AS node_id, accepted_at
	FROM places JOIN events e USING (sequence)
	WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = substr(leased, place, 16));

-- statuses is a JSON list; cursor is the last delivery that was looked at
CREATE TABLE replays (
	id             BLOB PRIMARY KEY,
	webhook_id     BLOB NOT NULL,
	workspace_id   BLOB NOT NULL,
	environment_id BLOB NOT NULL,
	statuses       TEXT NOT NULL,
	made_from      INTEGER NOT NULL,
	made_until     INTEGER NOT NULL,
	status         TEXT NOT NULL,
	cursor         BLOB NOT NULL,
	examined       INTEGER NOT NULL,
	replayed       INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX replays_by_webhook ON replays (webhook_id, id);
CREATE UNIQUE INDEX replays_running ON replays (webhook_id) WHERE status = 'running';
CREATE INDEX replays_running_by_workspace ON replays (workspace_id) WHERE status = 'running';

-- attempts but for first ones that lie in their delivery's row
CREATE TABLE attempts (
	delivery_id BLOB NOT NULL,
	number      INTEGER NOT NULL,
	attempt     BLOB NOT NULL,
	PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

CREATE TABLE answers (
	scope       TEXT NOT NULL,
	key         TEXT NOT NULL,
	fingerprint BLOB NOT NULL,
	status_code INTEGER NOT NULL,
	body        BLOB NOT NULL,
	created_at  INTEGER NOT NULL,
	PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (created_at);

CREATE TABLE nodes (
	id        BLOB PRIMARY KEY,
	joined_at INTEGER NOT NULL,
	-- counts the questions whether it can write, so that each one does
	pings     INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
