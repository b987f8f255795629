/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_LANES_H
#define IPC_LANES_H

/*
 * The catalogue: who may say what to whom.  Reading it explains the house.
 *
 * The roles, the messages, the names in logs and the check "may this role
 * send this?" all come from these two tables.  A lane exists between two
 * roles only when a message stands here for them.  A message that is not on
 * its lane costs its sender the process.
 *
 * Each message carries one JSON object, raw bytes (its "bulk"), and
 * descriptors; what they are is said where the message is handled.
 */

#include <stdbool.h>

#define ROLE_TABLE(X)                                                          \
	X(ROLE_PARENT, "parent")                                               \
	X(ROLE_CORE, "core")                                                   \
	X(ROLE_MIND, "mind")                                                   \
	X(ROLE_TOOLS, "tools")                                                 \
	X(ROLE_RUNNER, "runner")                                               \
	X(ROLE_GATE, "gate")                                                   \
	X(ROLE_EGRESS, "egress")                                               \
	X(ROLE_BRIDGE, "bridge")                                               \
	X(ROLE_CONTROL, "control")                                             \
	X(ROLE_VAULT, "vault")

/* ROLE_ANY: every role but the parent.  ROLE_READER: those that hold a copy
 * of the trust table, because they decide or act on it; ROLE_ACTOR: of those
 * the ones that act, on orders.  ROLE_SCANNER: those through which text goes
 * that must have no secret in it. */
/* clang-format off */
#define LANE_TABLE(X)                                                          \
	/* The house. */                                                       \
	X(MSG_START,             ROLE_PARENT,  ROLE_ANY)                       \
	X(MSG_LANE,              ROLE_PARENT,  ROLE_ANY)                       \
	X(MSG_CLOCK,             ROLE_PARENT,  ROLE_ANY)                       \
	X(MSG_LISTENER,          ROLE_PARENT,  ROLE_CONTROL)                   \
	X(MSG_NAMES,             ROLE_PARENT,  ROLE_VAULT)                     \
	X(MSG_READY,             ROLE_ANY,     ROLE_PARENT)                    \
	X(MSG_HEARTBEAT,         ROLE_ANY,     ROLE_PARENT)                    \
	X(MSG_VIOLATION,         ROLE_ANY,     ROLE_PARENT)                    \
	/* Turns: the mind thinks, the core keeps each step. */                \
	X(MSG_TURN_START,        ROLE_CORE,    ROLE_MIND)                      \
	X(MSG_ACT_RESULT,        ROLE_CORE,    ROLE_MIND)                      \
	X(MSG_TURN_END,          ROLE_CORE,    ROLE_MIND)                      \
	X(MSG_PROPOSAL,          ROLE_MIND,    ROLE_CORE)                      \
	X(MSG_STEP,              ROLE_MIND,    ROLE_CORE)                      \
	X(MSG_HEARD,             ROLE_MIND,    ROLE_CORE)                      \
	X(MSG_REPLY,             ROLE_MIND,    ROLE_CORE)                      \
	X(MSG_RECALL_WANTED,     ROLE_MIND,    ROLE_CORE)                      \
	X(MSG_RECALL,            ROLE_CORE,    ROLE_MIND)                      \
	X(MSG_WORDS,             ROLE_MIND,    ROLE_CORE)                      \
	/* Models: the request from the mind, the order from the core. */      \
	X(MSG_MODEL_REQUEST,     ROLE_MIND,    ROLE_EGRESS)                    \
	X(MSG_MODEL_CANCEL,      ROLE_MIND,    ROLE_EGRESS)                    \
	X(MSG_MODEL_ORDER,       ROLE_CORE,    ROLE_EGRESS)                    \
	X(MSG_MODEL_STOP,        ROLE_CORE,    ROLE_EGRESS)                    \
	X(MSG_MODEL_DATA,        ROLE_EGRESS,  ROLE_MIND)                      \
	X(MSG_MODEL_END,         ROLE_EGRESS,  ROLE_MIND)                      \
	X(MSG_MODEL_DONE,        ROLE_EGRESS,  ROLE_CORE)                      \
	X(MSG_KEY_WANTED,        ROLE_EGRESS,  ROLE_VAULT)                     \
	X(MSG_KEY,               ROLE_VAULT,   ROLE_EGRESS)                    \
	/* Notifications: something waits, and no more than that. */           \
	X(MSG_NOTICE_ORDER,      ROLE_CORE,    ROLE_EGRESS)                    \
	X(MSG_NOTICE_DONE,       ROLE_EGRESS,  ROLE_CORE)                      \
	X(MSG_PUSH_TOKEN_WANTED, ROLE_EGRESS,  ROLE_VAULT)                     \
	X(MSG_PUSH_TOKEN,        ROLE_VAULT,   ROLE_EGRESS)                    \
	X(MSG_PUSH_KEY_WANTED,   ROLE_CORE,    ROLE_VAULT)                     \
	X(MSG_PUSH_KEY,          ROLE_VAULT,   ROLE_CORE)                      \
	/* Orders: the core decides, the tools verify and call. */             \
	X(MSG_ACT_ORDER,         ROLE_CORE,    ROLE_TOOLS)                     \
	X(MSG_MANIFEST,          ROLE_CORE,    ROLE_ACTOR)                     \
	X(MSG_ACT_DONE,          ROLE_TOOLS,   ROLE_CORE)                      \
	X(MSG_TOOLS_EPOCH,       ROLE_TOOLS,   ROLE_CORE)                      \
	X(MSG_TOOL_READY,        ROLE_TOOLS,   ROLE_CORE)                      \
	X(MSG_TOOL_GONE,         ROLE_TOOLS,   ROLE_CORE)                      \
	/* Containers: the runner starts them and never hears them. */         \
	X(MSG_CONTAINER_START,   ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_CONTAINER_STOP,    ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_RUNNER_STATE,      ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_IMAGE_LOAD,        ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_IMAGE_LOADED,      ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_IMAGES_NAMED,      ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_TOOL_WIPE,         ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_TOOL_WIPED,        ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_CONTAINER_STATE,   ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_CONTAINERS_WANTED, ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_CONTAINERS,        ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_TOOL_STDIO,        ROLE_RUNNER,  ROLE_TOOLS)                     \
	X(MSG_TOOL_IDS_WANTED,   ROLE_CORE,    ROLE_RUNNER)                    \
	X(MSG_TOOL_IDS,          ROLE_RUNNER,  ROLE_CORE)                      \
	X(MSG_TOOL_LOG_WANTED,   ROLE_CORE,    ROLE_TOOLS)                     \
	X(MSG_TOOL_LOG,          ROLE_TOOLS,   ROLE_CORE)                      \
	/* The home: the bridge alone reads what devices say. */               \
	X(MSG_HOME_BROKER,       ROLE_BRIDGE,  ROLE_CORE)                      \
	X(MSG_HOME_ENTITY,       ROLE_BRIDGE,  ROLE_CORE)                      \
	X(MSG_HOME_VALUES,       ROLE_BRIDGE,  ROLE_CORE)                      \
	X(MSG_HOME_TOPIC,        ROLE_CORE,    ROLE_BRIDGE)                    \
	X(MSG_HOME_SAID,         ROLE_BRIDGE,  ROLE_CORE)                      \
	X(MSG_HOME_HERALD,       ROLE_CORE,    ROLE_BRIDGE)                    \
	X(MSG_HOME_ORDER,        ROLE_CORE,    ROLE_BRIDGE)                    \
	X(MSG_HOME_DONE,         ROLE_BRIDGE,  ROLE_CORE)                      \
	X(MSG_BROKER_KEY_WANTED, ROLE_BRIDGE,  ROLE_VAULT)                     \
	X(MSG_BROKER_KEY,        ROLE_VAULT,   ROLE_BRIDGE)                    \
	/* Secrets: sealed until the vault, and from it into a container. */   \
	X(MSG_SECRETS_WANTED,    ROLE_CORE,    ROLE_VAULT)                     \
	X(MSG_SECRETS,           ROLE_VAULT,   ROLE_CORE)                      \
	X(MSG_SECRET_WANTED,     ROLE_RUNNER,  ROLE_VAULT)                     \
	X(MSG_SECRET,            ROLE_VAULT,   ROLE_RUNNER)                    \
	/* No secret in what is said: the vault knows where one stands. */     \
	X(MSG_FILTER_WANTED,     ROLE_SCANNER, ROLE_VAULT)                     \
	X(MSG_FILTER,            ROLE_VAULT,   ROLE_SCANNER)                   \
	X(MSG_SCAN,              ROLE_SCANNER, ROLE_VAULT)                     \
	X(MSG_SCANNED,           ROLE_VAULT,   ROLE_SCANNER)                   \
	X(MSG_REDACTED,          ROLE_VAULT,   ROLE_CORE)                      \
	/* The network of tools: opened for a call, on the order for it. */    \
	X(MSG_TOOL_SOCKETS,      ROLE_RUNNER,  ROLE_GATE)                      \
	X(MSG_TOOL_CLOSED,       ROLE_CORE,    ROLE_GATE)                      \
	X(MSG_NET_ORDER,         ROLE_CORE,    ROLE_GATE)                      \
	X(MSG_NET_OPEN,          ROLE_GATE,    ROLE_CORE)                      \
	X(MSG_NET_END,           ROLE_CORE,    ROLE_GATE)                      \
	X(MSG_NET_USED,          ROLE_GATE,    ROLE_CORE)                      \
	/* Trust: only the vault changes it, on a signature it checked. */     \
	X(MSG_TRUST_WANTED,      ROLE_READER,  ROLE_VAULT)                     \
	X(MSG_TRUST_TABLE,       ROLE_VAULT,   ROLE_READER)                    \
	X(MSG_CHALLENGE_WANTED,  ROLE_CORE,    ROLE_VAULT)                     \
	X(MSG_CHALLENGE,         ROLE_VAULT,   ROLE_CORE)                      \
	X(MSG_TRUST_COMMAND,     ROLE_CORE,    ROLE_VAULT)                     \
	X(MSG_TRUST_ANSWER,      ROLE_VAULT,   ROLE_CORE)                      \
	X(MSG_CHECKPOINT_WANTED, ROLE_CORE,    ROLE_VAULT)                     \
	X(MSG_CHECKPOINT,        ROLE_VAULT,   ROLE_CORE)                      \
	/* Clients: the control room listens and passes on. */                 \
	X(MSG_CLIENT_REQUEST,    ROLE_CONTROL, ROLE_CORE)                      \
	X(MSG_CLIENT_REPLY,      ROLE_CORE,    ROLE_CONTROL)                   \
	X(MSG_CLIENT_CUT,        ROLE_CORE,    ROLE_CONTROL)                   \
	X(MSG_WEB,               ROLE_CORE,    ROLE_CONTROL)                   \
	X(MSG_IDENTITY_WANTED,   ROLE_CONTROL, ROLE_VAULT)                     \
	X(MSG_IDENTITY,          ROLE_VAULT,   ROLE_CONTROL)                   \
	X(MSG_PAIR_WINDOW,       ROLE_VAULT,   ROLE_CONTROL)                   \
	X(MSG_PAIR_REQUEST,      ROLE_CONTROL, ROLE_VAULT)                     \
	X(MSG_PAIR_ANSWER,       ROLE_VAULT,   ROLE_CONTROL)                   \
	X(MSG_SESSION_WANTED,    ROLE_CONTROL, ROLE_VAULT)                     \
	X(MSG_SESSION,           ROLE_VAULT,   ROLE_CONTROL)
/* clang-format on */

enum role {
#define X(name, text) name,
	ROLE_TABLE(X)
#undef X
	    ROLE_COUNT,
	ROLE_ANY,
	ROLE_READER,
	ROLE_ACTOR,
	ROLE_SCANNER
};

enum msg_type {
#define X(name, from, to) name,
	LANE_TABLE(X)
#undef X
	    MSG_COUNT
};

const char *role_name(enum role r);
const char *msg_name(enum msg_type t);

/* ROLE_COUNT when no role has this name. */
enum role role_by_name(const char *name);

/* May `from` send this to `to`? */
bool lane_allows(enum msg_type t, enum role from, enum role to);

/* Does any message run between the two? */
bool lane_exists(enum role a, enum role b);

#endif
