/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_priv.h"

/*
 * The schema: statement i leads from version i to i + 1.  What stands here
 * is on disks already and is never changed, only added to.
 */

static const char acts[] =
    "CREATE TABLE run (id TEXT PRIMARY KEY, goal TEXT NOT NULL,"
    " principal TEXT NOT NULL, state TEXT NOT NULL, reply TEXT,"
    " wall_ms INTEGER NOT NULL);"
    "CREATE TABLE step (run TEXT NOT NULL REFERENCES run, n INTEGER NOT NULL,"
    " name TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (run, n));"
    "CREATE TABLE act (id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES run,"
    " step INTEGER NOT NULL, state TEXT NOT NULL, principal TEXT NOT NULL,"
    " agent_id TEXT NOT NULL, tool TEXT NOT NULL, effect TEXT NOT NULL,"
    " args TEXT NOT NULL, origins TEXT NOT NULL, layers TEXT NOT NULL,"
    " dry_run INTEGER NOT NULL, rule TEXT NOT NULL, ttl_s INTEGER NOT NULL,"
    " result TEXT, UNIQUE (run, step));"
    "CREATE INDEX act_open ON act (state);"
    "CREATE TABLE sheet (act TEXT PRIMARY KEY REFERENCES act,"
    " client TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL);"
    "CREATE TABLE nonce_spent (nonce TEXT PRIMARY KEY, act TEXT NOT NULL);"
    "CREATE TABLE manifest (digest TEXT PRIMARY KEY, body TEXT NOT NULL);";

/* Two keys, labels, versions with one active, grants, what was used of rates
 * and budgets, settings by scope, and schedules. */
static const char rules[] =
    "ALTER TABLE run ADD COLUMN agent_id TEXT NOT NULL DEFAULT 'house';"
    "ALTER TABLE run ADD COLUMN client TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN labels TEXT NOT NULL DEFAULT 'none';"
    "ALTER TABLE run ADD COLUMN resumes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE act ADD COLUMN client TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE act ADD COLUMN labels TEXT NOT NULL DEFAULT 'none';"
    "ALTER TABLE act ADD COLUMN keys INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE act ADD COLUMN cli_key INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE act ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE act ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE yes (act TEXT NOT NULL REFERENCES act,"
    " client TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL,"
    " nonce TEXT NOT NULL, PRIMARY KEY (act, client, nonce));"
    "INSERT INTO yes SELECT act, client, body, signature, '' FROM sheet;"
    "DROP TABLE sheet;"
    "CREATE TABLE version (kind TEXT NOT NULL, scope TEXT NOT NULL,"
    " n INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL,"
    " client TEXT NOT NULL, wall_ms INTEGER NOT NULL,"
    " PRIMARY KEY (kind, scope, n));"
    "CREATE TRIGGER version_keep BEFORE UPDATE ON version"
    " BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;"
    "CREATE TABLE active (kind TEXT NOT NULL, scope TEXT NOT NULL,"
    " n INTEGER NOT NULL, PRIMARY KEY (kind, scope));"
    "CREATE TABLE standing (id TEXT PRIMARY KEY, body TEXT NOT NULL,"
    " signature TEXT NOT NULL, uses INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL);"
    "CREATE TABLE usage (key TEXT NOT NULL, at INTEGER NOT NULL,"
    " amount INTEGER NOT NULL, PRIMARY KEY (key, at)) WITHOUT ROWID;"
    "CREATE TABLE setting (scope TEXT NOT NULL, name TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY (scope, name)) WITHOUT ROWID;"
    "CREATE TABLE schedule (id TEXT PRIMARY KEY, scope TEXT NOT NULL,"
    " principal TEXT NOT NULL, agent_id TEXT NOT NULL, goal TEXT NOT NULL,"
    " spec TEXT NOT NULL, missed TEXT NOT NULL, next_ms INTEGER NOT NULL,"
    " state TEXT NOT NULL);";

/* Manifests are versions like all that an owner changes; the newest of each
 * tool is the one that was taken last. */
static const char tools[] =
    "INSERT INTO version SELECT 'tool', json_extract(body, '$.name'),"
    " row_number() OVER (PARTITION BY json_extract(body, '$.name')"
    " ORDER BY rowid), digest, body, '', 0 FROM manifest"
    " WHERE json_valid(body) AND json_extract(body, '$.name') IS NOT NULL;"
    "INSERT INTO active SELECT kind, scope, max(n) FROM version"
    " WHERE kind='tool' GROUP BY scope;"
    "DROP TABLE manifest;";

/* No query uses it, and each arrow of an act wrote it. */
static const char no_act_open[] = "DROP INDEX act_open;";

/* Which conversation a run belongs to. */
static const char sessions[] =
    "ALTER TABLE run ADD COLUMN session TEXT NOT NULL DEFAULT '';";

/* What a run's replay needs beside its steps: what each wished and their
 * digest so far, and what its models answered; and of which run it is the
 * fork, with so many steps taken over. */
static const char replays[] =
    "ALTER TABLE step ADD COLUMN wish TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE step ADD COLUMN trace TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE heard (run TEXT NOT NULL REFERENCES run, n INTEGER NOT NULL,"
    " part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, n, part));"
    "ALTER TABLE run ADD COLUMN fork_of TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN forked INTEGER NOT NULL DEFAULT 0;";

/* What is not over, and so is read at the start: a house that did much starts
 * no slower than one that did nothing.  The terms are those of rows.c. */
static const char still_open[] =
    "CREATE INDEX run_open ON run (id) WHERE state='open';"
    "CREATE INDEX act_open ON act (id)"
    " WHERE state NOT IN ('done', 'failed', 'denied', 'unknown');";

/* The models that a run may ask, where who asked named some. */
static const char models_named[] =
    "ALTER TABLE run ADD COLUMN models TEXT NOT NULL DEFAULT '';";

/* An act or a run in its course writes its row and no more: an index and a
 * trigger that looked at each cost a third of it.  What is open at the start is
 * found by its run, open or over before its acts. */
static const char light_acts[] =
    "DROP INDEX act_open;"
    "ALTER TABLE run ADD COLUMN outlived INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX run_outlived ON run (id) WHERE outlived=1;"
    "UPDATE run SET outlived=1 WHERE state<>'open' AND id IN"
    " (SELECT run FROM act"
    " WHERE state NOT IN ('done', 'failed', 'denied', 'unknown'));";

const char *const ledger_migrations[] = {audit_schema, acts, audit_prune_schema,
    rules, audit_nodes_schema, tools, no_act_open, sessions, memory_schema,
    replays, still_open, models_named, forgetting_schema, light_acts,
    forgetting_light_schema, memory_light_schema};
const int ledger_migrations_len = ARRAY_LEN(ledger_migrations);
