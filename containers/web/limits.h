/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_LIMITS_H
#define WEB_LIMITS_H

/* Everything has one. */

#define URL_MAX 2048
#define TYPE_MAX 100 /* A Content-Type. */
#define BODY_MAX (16 * 1024 * 1024) /* What is fetched, unpacked. */
#define BODY_MAX_WORDS "16 MiB"

/* The whole is less than what the house waits for a call. */
#define CONNECT_MS 10000
#define WHOLE_MS 25000
#define REDIRECTS_MAX 5

#define TEXT_MAX (48 * 1024) /* Of a page as text. */
#define TITLE_MAX 300
#define LISTS_MAX 16 /* Inside each other, and so with tables. */
#define TABLES_MAX 8

#define SAVED_MAX 1000
#define SAVED_NAME_MAX 160
#define LIST_MAX (48 * 1024)

#endif
