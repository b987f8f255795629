/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

/*
 * Every maximum has its name here, so that the memory and the patience of
 * the house can be read on one page.  Sizes are bytes unless a unit says
 * otherwise.
 */

/* Words a model or a person sends. */
#define GOAL_MAX 4096
#define ARGS_MAX (64 * 1024)
#define RESULT_MAX (64 * 1024)
#define REPLY_MAX (32 * 1024)
#define NAME_MAX_LEN 64
#define NAMES_MAX 32
#define JSON_DEPTH_MAX 16
#define JSON_MEMBERS_MAX 256

/* Lanes. */
#define LANE_BODY_MAX (100 * 1024)
/* An order's arguments and its sheets, or one grant in their place. */
#define LANE_BULK_MAX (ARGS_MAX + YES_MAX * SHEET_MAX)
#define LANE_FRAME_MAX (LANE_BODY_MAX + LANE_BULK_MAX + 16)
#define LANE_FDS_MAX (1 + TOOL_PORTS_MAX)
#define LANE_QUEUE_MAX 256
#define LANE_QUEUE_BYTES_MAX (4 * 1024 * 1024)
#define REASON_MAX 400 /* Of a reason, in the log; the rest is cut. */
#define STRAY_ENDS_TOLD 1000 /* One of so many is told. */

/* Acts, runs and approvals that are open at once. */
#define ACTS_OPEN_MAX 64
#define RUNS_OPEN_MAX 16
#define RUN_STEPS_MAX 64
#define RUN_RESUMES_MAX 3
#define RUN_SHORT_MIN 8 /* Letters of an id that may stand for all of it. */
#define ACT_ATTEMPTS_MAX 3
#define YES_MAX 2
#define GRANTS_MAX 128
#define LENT_MS_MAX (7 * 24 * 3600 * (int64_t)1000)
#define GRANT_SHOWN_MAX 400
#define GRANTS_ENDED_MAX 1024
#define BUDGETS_SHOWN_MAX 256
#define GRANTS_REVOKED_MAX 256
#define GRANT_MAX (80 * 1024)
#define GRANT_USES_MAX 100000
#define GRANT_DAYS_MAX 366
#define GRANT_MS_MAX (GRANT_DAYS_MAX * 86400000LL + CLOCK_JUMP_MS)
#define METERS_MAX 512
#define RUNNER_WAIT_MS (20 * 1000)
#define SCOPES_MAX 64
/* What a run may take, but for the time that it waits for a person; it is
 * looked at so often. */
#define RUN_MS (10 * 60 * 1000)
#define RUN_LOOK_MS 1000
#define LAYERS_MAX 5
#define SHEET_MAX (100 * 1024)
#define SHEETS_PER_ACT_MAX 8
#define ANSWERERS_SHOWN_MAX 4 /* Of those who may still say yes. */
#define CHALLENGES_EACH_MAX 16 /* That one client may hold. */
#define CHALLENGES_MAX (CLIENTS_MAX * CHALLENGES_EACH_MAX)
#define NONCES_SPENT_MAX 4096
#define COMMAND_MAX 1024
#define SHEET_LIFE_S 600
#define CHALLENGE_LIFE_MS (60 * 1000)
#define NOTICE_TIMES_MAX 12 /* Reminders of one question. */
#define NOTICE_MINUTES_MAX (24 * 60)
#define NOTICE_LOOK_MS (30 * 1000) /* At what is held back. */
#define WATCH_PAUSE_MS 1000 /* Before a house that is away is tried again, */
#define WATCH_PAUSE_MAX_MS (30 * 1000) /* twice as long each time. */
#define WATCH_REFUSED_MAX 5 /* So many refusals end it. */
#define KEYS_SILENT_MS 400 /* Before a key answers what was just shown. */

/* Policy. */
#define POLICY_BYTES_MAX (64 * 1024)
#define POLICY_RULES_MAX 256
#define POLICY_WORDS_MAX 24
#define POLICY_VALUES_MAX 8
#define POLICY_RATE_MAX 1000000
#define POLICY_AMOUNT_MAX 1000000000
#define POLICY_TTL_MAX_S (24 * 3600)
#define SPOKE_TEXT_MAX 1024

/* Names and addresses in the listener's certificate, and how long it holds:
 * browsers of phones take at most 825 days from a root of one's own. */
#define HOUSE_NAMES_MAX 24
#define HOUSE_NAMES_BYTES_MAX 2048
#define LEAF_DAYS 800
#define ADDRESSES_MS (10 * 1000) /* Between two looks at them. */

/* The trust table and pairing. */
#define CLIENTS_MAX 160 /* Tombstones among them. */
#define TOOLS_MAX 32
#define AUTOMATION_TOPICS_MAX 32 /* Automations that wait for a topic. */
#define OPENSSL_MS (20 * 1000) /* On a Pi that has other work. */
#define PROGRAM_WORDS_MAX 4096 /* Of what it says. */
#define PAIR_WINDOW_MS (5 * 60 * 1000)
#define PAIR_TRIES_MAX 5
#define PAIR_LOG_EACH 100 /* Knocks without a window, for one entry. */

/* Secrets. */
#define SECRETS_MAX 64
#define SECRET_MAX 8192
#define SECRETS_FILE_MAX (SECRETS_MAX * (2 * SECRET_MAX + 512))
#define TOOL_SECRETS_MAX 8

/* Keeping them out of what is said: bytes of a secret that are enough to be
 * known as part of it, and what one question to the vault may take. */
#define REDACT_OLD_MAX 32 /* Values that are no longer a secret's. */
#define REDACT_PRINTS_MAX 6144
#define REDACT_PART_MIN 16
#define REDACT_FOUND_MAX 256
#define REDACT_TRIES_MAX 1024
#define REDACT_TOLD_MS (60 * 1000) /* Between two entries of one secret. */
#define SCANS_OPEN_MAX 64
#define SCAN_MS (2 * 1000)

/* Tools and their containers. */
#define TOOL_CHANGES_MAX 4 /* Under way at once. */
#define TOOL_VERSIONS_MAX 8 /* Kept of one tool; the oldest go first. */
#define IMAGE_PATH_MAX 1024
#define IMAGES_LISTED_MAX (64 * 1024)
#define IMAGE_LOAD_MS (90 * 1000)
#define IMAGES_AT_ONCE_MAX 64 /* Deleted by one Podman. */
#define WIPE_MS (60 * 1000)
#define WIPE_STARTING_MS 200 /* Between two looks at a start under way. */
/* Of 1024 ids each out of the usual 65536, the first of which is none. */
#define SLICES_MAX 63
#define MANIFEST_MAX (32 * 1024)
#define FUNCTIONS_MAX 32
#define MCP_FUNCTIONS_MAX 256
#define FUNCTION_ARGS_MAX 16
#define MCP_LINE_MAX (256 * 1024)
#define MCP_LIST_PAGES_MAX 16
#define MCP_DEFINITIONS_MAX (256 * 1024) /* Of all of a server's tools. */
#define MCP_INSTRUCTIONS_MAX (16 * 1024)
#define MCP_CURSOR_MAX 4096
#define MCP_ID_MAX 128 /* Of a server's own request. */
#define MCP_PROBE_MS (10 * 1000)
#define MCP_PROBES_MAX 2
/* Until a server is ready; and to list its tools again. */
#define MCP_HELLO_MS (25 * 1000)
#define MCP_LIST_MS (10 * 1000)
#define MCP_CANCELLED_MAX 64 /* Whose late answers are known as such. */
#define MCP_STRAYS_MAX 32 /* Answers that belong to nothing. */
/* Messages nobody asked for, and lists begun, in one window each. */
#define MCP_NOISE_MS 1000
#define MCP_NOISE_MAX 1000 /* Some more than wait in a pipe. */
#define MCP_NOISE_BYTES_MAX (4 * 1024 * 1024)
#define MCP_LISTS_MS (10 * 1000)
#define MCP_LISTS_MAX 16
#define COMMAND_WORDS_MAX 8 /* Of a manifest's command. */
#define REVIEW_MAX (64 * 1024)
#define CONTAINER_START_MS (30 * 1000)
#define VAULT_AGAIN_MS 100 /* Before one that was away is asked anew. */
/* Podman: its words; and its time while the runner waits for it, at its first
 * word after the boot of a small machine, and for one step of a job. */
#define PODMAN_WORDS_MAX 96
#define PODMAN_SAID_MAX 1024
#define IMAGE_NAME_MAX 300
#define IMAGE_NAMES_MAX 32 /* Of one archive. */
#define PODMAN_ASK_MS (8 * 1000)
#define PODMAN_FIRST_MS (60 * 1000)
#define PODMAN_QUICK_MS (20 * 1000)
#define PROGRAM_END_MS (2 * 1000) /* Once it was killed. */
#define WARM_S 3600
#define WARM_MAX 8 /* Containers at once, since each takes memory. */
#define WARM_WAIT_MS (30 * 1000)
#define CALL_MS (30 * 1000)
#define CALL_MS_MIN 100
/* From the gate's sockets to what the scanner may take, and some. */
#define CALL_GRACE_MS 10000
#define CALLS_OPEN_MAX 16
/* A file of a tool that has no volume; there no file is larger than it. */
#define FILE_BYTES_MAX (64 * 1024 * 1024)
#define WORKSPACE_MIB_MAX 4096
/* At least so many processes where a limit counts the OCI runtime's threads. */
#define NPROC_MIN 32

/* The volumes of tools. */
#define VOLUME_MIB 64
#define VOLUME_MIB_MAX (64 * 1024)
#define VOLUME_ENTRIES_PER_MIB 128
#define VOLUME_ENTRIES_MAX (256 * 1024)
#define VOLUME_DEPTH_MAX 64
#define VOLUME_SCAN_MS 1000
#define VOLUME_SCAN_SHARE 20 /* A pause is so many times the scan before. */
#define VOLUME_SCAN_LATE_MS (20 * 1000)
/* Who writes while the disk has no more than this is ended; and at half of
 * it every tool with a volume, since what they write may be hidden. */
#define VOLUME_GREW_MIN (1024 * 1024) /* Between two scans: it writes. */
#define VOLUME_DISK_MS 100
#define VOLUME_DISK_LEFT (2 * STORE_RESERVE)
#define VOLUME_FILES_MAX 4096 /* Open files that are looked at in a scan. */
/* Files with holes, and such with several names, are larger in a backup than
 * on the disk; a volume is by so much at most. */
#define VOLUME_HOLES_MAX (64LL * 1024 * 1024)
#define PROCESSES_MAX 1024 /* Of one container. */

/* What tools say on stderr. */
#define SAID_MAX (64 * 1024) /* Kept of each. */
#define SAID_LINE_MAX 1024 /* Told of each: what is longer is cut. */
/* Kept of each: a secret that stands across that cut is looked for first. */
#define SAID_LINE_KEPT_MAX 4096
#define SAID_WINDOW_MS 1000
/* In one window: looked at; read at all, and left out beyond the first. */
#define SAID_WINDOW_KEPT_MAX (256 * 1024)
#define SAID_WINDOW_READ_MAX (16 * 1024 * 1024)
#define SAID_PAGE_MAX (12 * 1024) /* Escaped it may be six times as long. */

/* Models and their providers. */
#define MODEL_NAME_MAX 128
#define PROVIDER_URL_MAX 256
#define PROVIDER_MODELS_MAX 16
#define MODEL_CONTEXT_MIN 1024 /* Tokens. */
#define MODEL_CONTEXT_MAX (4 * 1024 * 1024)
#define MODEL_REQUEST_MAX (256 * 1024) /* Of one call. */
#define MODEL_REPLY_MAX (4 * 1024 * 1024) /* As it comes over the wire. */
#define MODEL_LINE_MAX (1024 * 1024) /* One event of it. */
#define MODEL_TEXT_MAX (128 * 1024) /* What it says, and what it thinks. */
#define MODEL_CALL_ID_MAX 128
#define MODEL_TOOL_NAME_MAX 64 /* What all providers take. */
#define MODEL_BLOCKS_MAX 128 /* Of text, thought or call, in one reply. */
#define MODEL_EXTRAS_MAX 32 /* Members of a reply that we do not know. */
#define MODEL_RAW_MAX (128 * 1024) /* Of a reply, kept to be sent back. */
#define MODEL_WRONG_MAX 512 /* Of arguments that are none, to be shown. */
#define MODEL_CALLS_MAX 16 /* That one reply may propose. */
#define MODEL_TOOLS_MAX 8 /* In its view. */
#define MODEL_OUTPUT_MAX (64 * 1024) /* Tokens of one reply. */
#define MODEL_ERROR_MAX (4 * 1024) /* Of an error's body, for people. */
#define MODEL_ERROR_SHOWN 200 /* Of the words in it. */
#define MODEL_CONNECT_MS (10 * 1000)
#define MODEL_FIRST_MS (120 * 1000) /* To the first byte: models load. */
#define MODEL_IDLE_MS (60 * 1000)
#define MODEL_SILENT_MS (20 * 1000) /* Its machine, not even to TCP. */
#define MODEL_CALL_MS (9 * 60 * 1000) /* All tries of one call. */
#define MODEL_TRIES_MAX 4
#define MODEL_WAIT_MS (60 * 1000) /* The longest pause between two. */
#define MODEL_REQUEST_WAIT_MS (30 * 1000) /* An order for its request. */
/* An order for egress to take it, and between two tries. */
#define MODEL_ORDER_WAIT_MS (60 * 1000)
#define MODEL_ORDER_AGAIN_MS 1000
/* A request for its order, which may wait for a person's yes. */
#define MODEL_REQUEST_KEPT_MS (POLICY_TTL_MAX_S * (int64_t)1000)
/* A pause between two tries is at most this, doubled with each of them; and
 * all calls of one provider may try again so often at once, and then each. */
#define MODEL_BACKOFF_MS 1000
#define MODEL_RETRIES_MAX 8
#define MODEL_RETRY_EVERY_MS (10 * 1000)
#define EGRESS_CALLS_MAX RUNS_OPEN_MAX
#define EGRESS_KEY_MS (5 * 1000) /* For the vault to give a key. */
#define EGRESS_KEPT_MS (60 * 1000) /* A connection that nobody uses. */
#define EGRESS_CONNS_MAX 8
/* A line of an answer that is longer goes on in pieces; and so much of what
 * went before is looked at again, so that no secret is cut in two. */
#define EGRESS_PIECE_MAX (16 * 1024)
#define EGRESS_OVERLAP 256
#define EGRESS_BEHIND_MS 10 /* Between two looks at a lane that is full. */

/* Looking for servers of models on this machine. */
#define PROBE_MODELS_MAX 64 /* That one of them is asked about. */
#define PROBE_CONNECT_MS 500
#define PROBE_MS 3000
#define PROBE_BYTES_MAX (1024 * 1024) /* Of an answer. */

/* Which models a role asks, and what they cost. */
#define ROSTER_LIST_MAX 8 /* Models of one role. */
#define PRICES_MAX 256 /* Rows, old ones among them. */
#define PRICES_AT_ONCE_MAX 32 /* In one signed command. */
#define USD_MAX 10000 /* For a million tokens, or in a day. */
/* What a token has at most, taken over a whole request, and over a whole
 * answer with what its server wraps around each word. */
#define MODEL_TOKEN_BYTES_MAX 8
#define MODEL_TOKEN_WIRE_MAX 512
#define PRICE_TOKENS_MAX (16 * 1024 * (int64_t)1024) /* Of one call. */

/* A turn: what it may use of models, and what it shows them. */
#define TURN_TOKENS_MAX 200000
#define TURN_RETRIES_MAX 2 /* Of calls whose answer came broken. */
#define TURN_REPAIRS_MAX 1 /* By the same model, with what was wrong. */
#define TURN_PLAN_MAX 4096
#define TURN_PLAN_ARGS_MAX 80 /* Bytes of arguments in a line of it. */
#define TURN_NAMED_MAX 2 /* Tools that words name and mean to call. */
#define TURN_OUTPUT 4096 /* Tokens of one reply. */
#define CRITIC_OUTPUT 256 /* Tokens of a second opinion. */
#define CRITIC_ARGS_MAX 2048 /* Bytes of the arguments it is asked about. */
#define OPINION_MAX 1024 /* Bytes of it, or of why it is wished, as shown. */
#define EXTRACT_OUTPUT 1024 /* Tokens of what a result is shortened to. */
#define REST_SHOWN_MAX (TURN_SHOWN_MAX - 192) /* Of a result read on. */
#define TURN_SHOWN_MAX (8 * 1024) /* Of one result. */
#define WORDS_MAX (32 * 1024) /* Kept of a run for who looks on, */
#define WORDS_EVERY_MS 40 /* and told so often. */
#define VIEW_MAX (128 * 1024) /* What the core tells a turn to begin with. */
#define PROMPT_HOME_MAX 2000 /* Bytes of the home in a prompt. */
#define ABOUT_MAX 240

/* What is kept of a run for its replay: of one answer of a model, in pieces
 * that a lane takes, of all answers of one run, and of so many runs. */
#define HEARD_MAX (1024 * 1024)
#define HEARD_PART_MAX (64 * 1024)
#define HEARD_PARTS_MAX (HEARD_MAX / HEARD_PART_MAX)
#define HEARD_HOW_MAX (16 * 1024) /* How the answer ended. */
#define HEARD_RUN_MAX (2 * HEARD_MAX)
#define HEARD_RUNS_MAX LIST_MAX
/* Characters of one row in an answer, and when that answer is full. */
#define RECORDED_SLICE_MAX (16 * 1000)
#define RECORDED_PAGE_MAX (96 * 1024)

/* Memory. */
#define MEMORY_FACT_MAX 1024 /* One thing that is to be remembered. */
#define MEMORY_QUERY_MAX 1024
#define MEMORY_WAITING_MAX 16 /* Messages that are not indexed yet. */
#define MEMORY_WORDS_MAX 24 /* Of a question that are looked at, */
#define MEMORY_WORD_MAX 48
#define MEMORY_NEEDLES_MAX 8 /* the rarest that rows are found by, */
#define MEMORY_WEIGHED_MAX 12 /* and those by which they are ranked. */
#define MEMORY_COUNTED_MAX 400 /* Rows of a word; how many more is guessed. */
#define MEMORY_CANDIDATES_MAX 4000 /* Rows that are ranked. */
#define MEMORY_PRUNE_ROWS 6 /* Forgotten in one job, */
#define MEMORY_PRUNE_ENTRIES 500 /* of so many entries of the log. */
#define MEMORY_CONTEXT_MAX 500 /* Characters of each turn beside a message. */
#define MEMORY_FOUND_MAX 20 /* By one search. */
#define MEMORY_SHOWN_MAX 400 /* Bytes of each that is found. */
#define MEMORY_RECALLED_MAX 5 /* In a turn's view, */
#define MEMORY_RECALL_TOKENS 400 /* together with no more than these. */
#define MEMORY_HISTORY_MAX 12 /* Messages of the same session in a view. */
#define MEMORY_HISTORY_TOKENS 2000
#define RUN_RECALLS_MAX 4 /* A turn begins once, and with each new mind. */
#define MEMORY_LISTED_MAX 100 /* Facts, sessions, messages on one page. */
#define MEMORY_PAGE_MAX (32 * 1024) /* Of words; escaped they are more. */
#define MEMORY_IMPORT_MAX 20 /* Messages in one command. */
#define MEMORY_BYTES_PER_TOKEN 3 /* So many surely fit. */
#define SESSION_MAX NAME_MAX_LEN

/* What tools reach. */
#define HOST_MAX 253
#define HOST_LABEL_MAX 63
#define URL_MAX 2048
#define HELLO_MAX 16384
#define TOOL_HOSTS_MAX 16 /* In a manifest, `network` and `lan` each. */
#define TOOL_PORTS_MAX 5 /* Different ones among them. */
#define TOOL_FOLDERS_MAX 4 /* Of an owner, in a manifest. */
#define FOLDER_PATH_MAX 512
#define FOLDER_AT_MAX 32
#define WALK_DEPTH_MAX 64
#define WALK_ENTRIES_MAX (1000 * 1000)
#define ACL_ENTRIES_MAX 64

#define GATE_CONNS_MAX 16 /* Of one tool at once. */
#define GATE_CONNS_ALL_MAX 128 /* Each has a timer and two buffers. */
#define GATE_NAMES_MAX 200 /* That one container may ask for. */
#define GATE_SEEN_MAX 16 /* Hosts used, and refused, told of one call. */
#define GATE_CONNECT_MS (10 * 1000)
#define GATE_IDLE_MS (60 * 1000)
#define GATE_SOCKETS_MS (5 * 1000) /* From a container to its sockets. */
#define GATE_REPORT_MS (2 * 1000)
#define GATE_REPORT_MAX (16 * 1024) /* What is longer counts as withheld. */
/* Reports nobody waited for, that are written down in one window. */
#define GATE_LATE_MS (60 * 1000)
#define GATE_LATE_MAX 60
#define LOOKUPS_MAX 64
#define LOOKUP_THREADS 2
#define LOOKUP_ADDRESSES_MAX 8
#define LOOKUP_KEPT_MS (10 * 1000)
#define MDNS_WAIT_MS (2 * 1000)

/* Front doors. */
#define CONNS_MAX 256
#define CONNS_EACH_MAX 32 /* Of one client. */
#define CONNS_FIRST_MAX 8 /* Of phones without the certificate. */
#define CONNS_FRONT_MAX 64 /* Of browsers. */
#define FRONT_GRACE_MS (3 * 1000) /* Between the last client and its end. */
#define LIVE_SESSION_MS (10 * 1000) /* Until a browser says who it is. */
#define LIVE_REQUESTS_MAX 256 /* Of all of them that wait for answers. */
#define LIVE_REQUESTS_EACH_MAX 16 /* Of one client. */
#define LIVE_REQUESTS_SPARE 4 /* For commands, of each and of all. */
#define HTTP_HEAD_MAX 8192
#define HTTP_HEADERS_MAX 32
#define HTTP_BODY_MAX (128 * 1024)
#define HTTP_REPLY_MAX (1024 * 1024)
#define HTTP_IDLE_MS (120 * 1000)
#define HTTP_REQUEST_MS (10 * 1000)
#define CLIENT_WAIT_MS (20 * 1000)
#define CLIENT_CONNECT_MS (5 * 1000)
#define CLIENT_FOLLOW_MS 500 /* Between two questions for more lines. */
#define ANSWER_WAIT_MS (IMAGE_LOAD_MS + CLIENT_WAIT_MS) /* The slowest. */
#define CLIENT_REQUESTS_MAX 256
/* Requests that wait for another role, and how long: all of these are shorter
 * than the client's own patience. */
#define AWAITED_MAX 64
#define ROLE_ANSWER_MS (10 * 1000)
#define IMAGE_ANSWER_MS (IMAGE_LOAD_MS + ROLE_ANSWER_MS)
#define WIPE_ANSWER_MS (WIPE_MS + ROLE_ANSWER_MS)
#define QUERY_PARAMS_MAX 8
/* WebSockets: one message of a client, its fragments together; what waits for
 * a client that reads slowly; and a client's messages in one window. */
#define WS_MESSAGE_MAX HTTP_BODY_MAX
#define WS_QUEUE_MAX (256 * 1024)
#define WS_WINDOW_MS (10 * 1000)
#define WS_WINDOW_MAX 200
#define WS_READS_MAX 16 /* Of one client, before the next has its turn. */
#define WS_PING_MS (30 * 1000) /* A client that misses one is gone. */
#define WS_MESSAGE_MS (10 * 1000) /* From its first byte to its last. */
#define WS_CLOSE_MS (5 * 1000) /* For the goodbye to be read. */

/* Notifications. */
#define PUSH_TARGETS_MAX 16
#define PUSH_TEXT_MAX 4096 /* What is signed. */
#define PUSH_HOURLY_MAX 60
#define PUSH_TRIES_MAX 3
#define PUSH_TRY_MS (15 * 1000)
#define PUSH_PAUSE_MS (2 * 1000) /* Before the second try. */
#define PUSH_WAIT_MS (60 * 1000) /* Longer ones are not waited for, */
#define PUSH_QUIET_MS (60 * 60 * 1000) /* but kept silent, up to this. */
#define PUSH_ANSWER_MAX 4096

/* The store. */
#define STORE_QUEUE_MAX 1024
#define STORE_GROUP_MS 50
/* Of a disk that takes longer than this for a commit, where its owner wants it
 * spared: fewer commits, and of the pages in the WAL fewer in the database. */
#define SLOW_SYNC_MS 150
#define SLOW_GROUP_MS 500
#define SLOW_WAL_PAGES 2048
#define WAL_PAGES 1000
#define STORE_SYNCS_WEIGHED 8
#define RECORDS_SPARE_MAX 16 /* Kept to be used again. */
#define STORE_BUSY_MS 2000
#define STORE_RESERVE (32 * 1024 * 1024)
#define STORE_BACKUP_PAGES 64
#define LOG_PAGE_MAX 200
#define VERIFY_PRUNINGS_MAX 3 /* While a log is read. */
#define LOG_BODY_MAX (80 * 1024)
#define LIST_MAX 100

/* The house. */
#define BACKUP_EVERY_MS (60 * 60 * 1000)
#define SLOW_BACKUP_EVERY_MS (24 * 60 * 60 * 1000)
/* What is old in the log: so many entries in one commit, the next ones behind
 * a pause, and when there is no more the next look. */
#define RETENTION_ENTRIES_MAX 2000
#define RETENTION_AGAIN_MS (60 * 1000)
#define RETENTION_WAIT_MS (60 * 60 * 1000) /* While it may not. */
#define RETENTION_EVERY_MS (24 * 60 * 60 * 1000)
#define KEEP_DAYS_MIN 7
#define FINDINGS_NAMED_MAX 6 /* Of one kind, by name. */
#define SAFETY_WATCH_MS (10 * 1000)
#define CRASHES_MAX 3
#define CRASHES_MS (10 * 60 * 1000)
#define CHECK_ENTRIES_AT_ONCE 500
#define RESOLV_MAX 4096
#define ROLE_START_MS (10 * 1000) /* For the parent's first word. */
#define RUNNER_CONNECT_MS 300 /* Between two tries to reach the parent. */
#define ID_MAP_MS (5 * 1000)
#define HEARTBEAT_MS (2 * 1000)
#define HEARTBEAT_LOST_MS (20 * 1000)
/* Until it is open; a large database is looked over on a slow card. */
#define ROLE_OPEN_MS (15 * 60 * 1000)
/* One job, commit or piece of a backup. */
#define STORE_STUCK_MS (60 * 1000)
#define RESTART_DELAY_MS 200
#define HOUSE_DELAY_MS 1000
#define CORE_END_MS 2000
/* A house whose parent was killed comes to its end while the next one starts:
 * that waits for what it still has. */
#define HOUSE_BEFORE_MS (10 * 1000)
#define HOUSE_BEFORE_TRY_MS 50
/* The wall clock: no box of ours is older than this, so much it may drift
 * between two looks, and beyond this it has jumped. */
#define CLOCK_FLOOR_MS (1767225600 * (int64_t)1000) /* 2026-01-01 */
#define CLOCK_SLACK_MS (5 * 1000)
#define CLOCK_JUMP_MS (5 * 60 * 1000)
#define CLOCK_SAVE_MS (5 * 60 * 1000)
#define FILE_READ_MAX (1024 * 1024)
#define PROC_FILE_MAX (1024 * 1024)
#define TIMERS_MAX 1024

#endif
