/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_MANIFEST_H
#define TOOL_MANIFEST_H

/*
 * A tool's manifest (`containers/<tool>/tool.json`): what the tool is, what
 * it may have, and what each of its functions does to the world.  An owner
 * signs its bytes; what a server says of itself never grants anything.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/chat.h"
#include "net/host.h"
#include "policy/policy.h"

enum arg_type { ARG_STRING, ARG_INTEGER, ARG_NUMBER, ARG_BOOLEAN };

/* As manifests name them. */
#define ARG_TYPES (ARG_BOOLEAN + 1)
extern const char *const manifest_types[ARG_TYPES];

struct manifest_arg {
	char name[NAME_MAX_LEN + 1];
	enum arg_type type;
	bool required;
	int64_t max; /* Longest string in bytes, or largest number. */
};

struct manifest_function {
	char name[NAME_MAX_LEN + 1];
	enum effect effect;
	struct manifest_arg args[FUNCTION_ARGS_MAX];
	size_t n_args;
	/* The argument whose URL names a host for the call; "" for none. */
	char url_arg[NAME_MAX_LEN + 1];
};

/* What the vault keeps and the tool gets at its start. */
struct manifest_secret {
	char name[NAME_MAX_LEN + 1];
	char env[NAME_MAX_LEN + 8]; /* The variable with it, or its path. */
	char file[NAME_MAX_LEN + 1]; /* "": the variable is the value. */
};

/* A folder of an owner's, and where the tool finds it. */
struct manifest_folder {
	char at[FOLDER_AT_MAX + 1];
	char from[FOLDER_PATH_MAX + 1];
	bool write;
};

/* A provider of models, where the transport is "model".  Its one function is
 * `chat`, which the house calls as model.house.NAME or model.cloud.NAME. */
struct manifest_model {
	char name[MODEL_NAME_MAX + 1]; /* As the provider calls it. */
	int64_t context; /* Tokens: the same in every call. */
};

struct manifest_provider {
	enum dialect dialect; /* DIALECT_NONE: it is no provider. */
	/* In front of "/api/chat", "/chat/completions", "/v1/messages". */
	char url[PROVIDER_URL_MAX + 1];
	bool cloud; /* Its words leave the house. */
	bool key_in_clear; /* Whoever is on the way reads its key. */
	struct manifest_model models[PROVIDER_MODELS_MAX];
	size_t n_models;
};

/* What an owner accepted of the home, where the transport is "home". */
#define HOME_TOOL "home"
#define HOME_ACCEPTED_MAX 256
#define HOME_TOPICS_MAX 17 /* One for each action, and one by address. */
#define HOME_TOPIC_LEN 512
#define HOME_CALL_MS (15 * 1000)
struct manifest_device {
	char entity[NAME_MAX_LEN + 1]; /* "light.kitchen" */
	enum effect effect; /* Reversible or physical. */
	struct digest pin; /* Of its record (home/record.h). */
	/* What commands it, of one that is not reversible: known also while it
	 * is not announced. */
	char *topics[HOME_TOPICS_MAX];
	size_t n_topics;
	char *of; /* Its address in Zigbee2MQTT's list, or NULL. */
};

struct manifest {
	char name[NAME_MAX_LEN + 1];
	char version[NAME_MAX_LEN + 1];
	char image[72]; /* "sha256:" and 64 hex digits */
	char command[COMMAND_WORDS_MAX][NAME_MAX_LEN + 1];
	size_t n_command;
	bool volume; /* A volume of its own at /data. */
	int64_t volume_mib; /* What that may hold. */
	struct host_grant network[TOOL_HOSTS_MAX]; /* Public addresses. */
	size_t n_network;
	struct host_grant lan[TOOL_HOSTS_MAX]; /* Private ones as well. */
	size_t n_lan;
	uint16_t ports[TOOL_PORTS_MAX]; /* All that it may reach at all. */
	size_t n_ports;
	struct manifest_secret secrets[TOOL_SECRETS_MAX];
	size_t n_secrets;
	struct manifest_folder folders[TOOL_FOLDERS_MAX];
	size_t n_folders;
	int64_t net_mib; /* Both ways together, in one call. */
	int64_t workspace_mib; /* Of /workspace, thrown away; 0: it has none. */
	int64_t memory_mib;
	int64_t pids;
	int64_t call_ms;
	int64_t idle_s; /* A warm container ends after so long without a call */
	int64_t warm_s; /* and, between two calls, after so long at all. */
	struct manifest_provider provider;
	bool is_home;
	struct manifest_device *devices;
	size_t n_devices;
	struct manifest_function functions[FUNCTIONS_MAX];
	size_t n_functions;
	struct digest digest; /* Of the bytes. */
	struct digest schema; /* Of the functions, canonical. */
};

/* ERR_INPUT or ERR_LIMIT with the member that is wrong. */
NODISCARD enum err manifest_parse(
    const char *text, size_t len, struct manifest **ret, struct errmsg *why);
void manifest_free(struct manifest *m);

/* May it reach anything, in any call? */
bool manifest_has_network(const struct manifest *m);

const struct manifest_function *manifest_function(
    const struct manifest *m, const char *name);

/* "none", or "mail-password in MAIL_PASSWORD,key as file KEY_FILE". */
#define MANIFEST_SECRETS_MAX                                                   \
	(TOOL_SECRETS_MAX * (int)(sizeof(struct manifest_secret) + 16))
void manifest_write_secrets(const struct manifest *m, struct buf *out);

/* "none", or "/home/a/letters at /folder read-only,...". */
#define MANIFEST_FOLDERS_MAX                                                   \
	(TOOL_FOLDERS_MAX * (int)(sizeof(struct manifest_folder) + 20))
void manifest_write_folders(const struct manifest *m, struct buf *out);

/* [{"at", "from", "write"}] */
struct json *manifest_folders(const struct manifest *m);

/* What it takes to start its container, as the runner wants it. */
struct json *manifest_container(const struct manifest *m);

bool manifest_is_home(const struct manifest *m);
/* NULL: it was not accepted. */
const struct manifest_device *manifest_device(
    const struct manifest *m, const char *entity);

/* What a call of it does to the world: what its function says, or in the home
 * the strictest of what its devices do. */
enum effect manifest_effect(const struct manifest *m,
    const struct manifest_function *f, const struct json *args);

/* Does it run in a container of its own? */
bool manifest_is_contained(const struct manifest *m);

bool manifest_is_provider(const struct manifest *m);
/* NULL when it offers no model of this name. */
const struct manifest_model *manifest_model(
    const struct manifest *m, const char *name);

/* May a provider at this URL be connected to at this address?  One outside
 * at public ones; one in the house at this machine and at private ones, and
 * at one of 100.64.0.0/10 if its URL is that very address: there an owner
 * signed that it is a machine of the house's own VPN, while a name could be
 * answered with a stranger behind the same carrier.  ERR_DENIED says what to
 * do. */
NODISCARD enum err provider_check_address(bool cloud, const struct base_url *at,
    const struct address *a, struct errmsg *why);

/* What a function is called by: "notes.save", or "model.cloud.NAME". */
#define CALL_NAME_SIZE (2 * NAME_MAX_LEN + 2)
void manifest_call_name(const struct manifest *m,
    const struct manifest_function *f, char ret[CALL_NAME_SIZE]);

/* Cut "notes.save" at its dot.  "model.house.NAME" and "model.cloud.NAME" are
 * the function `chat` of the provider NAME.  ERR_INPUT. */
NODISCARD enum err tool_name_split(const char *full,
    char ret_tool[NAME_MAX_LEN + 1], char ret_function[NAME_MAX_LEN + 1]);

/* Do the arguments fit?  ERR_INPUT names the one that does not. */
NODISCARD enum err manifest_check_args(const struct manifest_function *f,
    const struct json *args, struct errmsg *why);

#endif
