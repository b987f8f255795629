/* SPDX-License-Identifier: Apache-2.0 */
#include "web/name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HOST_LEN 60
#define PATH_LEN 60

static const struct {
	const char *type;
	const char *ending;
} endings[] = {
    {"text/html", "html"},
    {"application/xhtml+xml", "html"},
    {"text/plain", "txt"},
    {"text/markdown", "md"},
    {"text/css", "css"},
    {"text/csv", "csv"},
    {"text/javascript", "js"},
    {"application/javascript", "js"},
    {"application/json", "json"},
    {"text/xml", "xml"},
    {"application/xml", "xml"},
    {"application/rss+xml", "xml"},
    {"application/atom+xml", "xml"},
    {"application/pdf", "pdf"},
    {"application/zip", "zip"},
    {"application/epub+zip", "epub"},
    {"image/png", "png"},
    {"image/jpeg", "jpg"},
    {"image/gif", "gif"},
    {"image/webp", "webp"},
    {"image/svg+xml", "svg"},
    {"audio/mpeg", "mp3"},
    {"video/mp4", "mp4"},
};

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
name_is_safe(const char *name)
{
	size_t n = strlen(name);
	size_t i;

	if (n == 0 || n > SAVED_NAME_MAX || !is_plain(name[0]))
		return false;
	for (i = 0; i < n; i++)
		if (!is_plain(name[i]) && name[i] != '-' && name[i] != '.')
			return false;
	return true;
}

/* Letters and digits of p; whatever is between them becomes one '-'. */
static size_t
plain(const char *p, size_t len, const char *also, char *ret, size_t max)
{
	size_t n = 0;
	bool gap = false;

	/* Room for a gap, a letter and the end. */
	for (; len > 0 && n + 2 < max; p++, len--) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;

		if (!is_plain(c) && (c == '\0' || strchr(also, c) == NULL)) {
			gap = true;
			continue;
		}
		if (gap && n > 0)
			ret[n++] = '-';
		gap = false;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return n;
}

static const char *
ending_of(const char *type)
{
	size_t n = strcspn(type, "; ");
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strlen(endings[i].type) == n &&
		    strncasecmp(endings[i].type, type, n) == 0)
			return endings[i].ending;
	return "bin";
}

/* "index.html" would become "index-html.html". */
static void
cut_ending(char *path, size_t n, const char *ending)
{
	size_t e = strlen(ending);

	if (n > e && path[n - e - 1] == '-' &&
	    strcmp(path + n - e, ending) == 0)
		path[n - e - 1] = '\0';
}

void
name_make(
    const char *url, const char *type, int n, char ret[SAVED_NAME_MAX + 1])
{
	const char *behind = strstr(url, "://");
	const char *host = behind != NULL ? behind + 3 : url;
	size_t host_len = strcspn(host, "/?#");
	const char *ending = ending_of(type);
	char host_part[HOST_LEN + 1];
	char path_part[PATH_LEN + 1];
	char number[12] = "";
	char date[12];
	time_t now = time(NULL);
	struct tm day;
	size_t len;

	gmtime_r(&now, &day);
	plain(host, host_len, ".", host_part, sizeof(host_part));
	len = plain(host + host_len, strcspn(host + host_len, "#"), "",
	    path_part, sizeof(path_part));
	cut_ending(path_part, len, ending);
	if (n > 1)
		snprintf(number, sizeof(number), "-%d", n);
	strftime(date, sizeof(date), "%Y-%m-%d", &day);
	snprintf(ret, SAVED_NAME_MAX + 1, "%s-%s%s%s%s.%s", date, host_part,
	    path_part[0] != '\0' ? "-" : "", path_part, number, ending);
}
