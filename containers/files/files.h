/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_FILES_H
#define FILES_FILES_H

/* The functions of the tool. */

#include "serve/serve.h"

/* ---- reading.c, searching.c ---- */
void files_list(const cJSON *args, struct reply *reply);
void files_read(const cJSON *args, struct reply *reply);
void files_search(const cJSON *args, struct reply *reply);

/* ---- writing.c ---- */
void files_write(const cJSON *args, struct reply *reply);
void files_move(const cJSON *args, struct reply *reply);
void files_mkdir(const cJSON *args, struct reply *reply);
void files_delete(const cJSON *args, struct reply *reply);

#endif
