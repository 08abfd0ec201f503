/* SPDX-License-Identifier: ISC */
/*
 * What a line of the log can be found by: ids, mail addresses, Message-IDs and
 * IP addresses among its values, whatever their keys.  A value counts by its
 * looks alone, so who writes an index of a log and who searches it agree on
 * what is in there.
 */
#ifndef LOG_KEYS_H
#define LOG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { LOG_KEY_MAX = 254, LOG_TIME_BYTES = 27 };

/* VALUE as it is compared: without "<" and ">" around it, its first LOG_KEY_MAX
 * bytes. */
struct slice log_key_text(struct slice value);
/* Are A and B the same, with ASCII's case ignored? */
bool log_key_same(struct slice a, struct slice b);
/* Is VALUE one of those?  Then *HASH is of its text in lower case. */
bool log_key(struct slice value, uint64_t *hash);

/* The keys of a line (without its end), in either of the log's forms, one after
 * the other; each that is a value of the line is given, and of what is no line
 * of ours perhaps some. */
struct log_keys {
	const char *p, *end;
	bool json;
};
struct log_keys log_keys_of(struct slice line);
bool log_keys_next(struct log_keys *k, uint64_t *hash);

/* "2026-11-20T21:15:54.953076Z" that LINE begins with; empty where it does not.
 */
struct slice log_time_of(struct slice line);

#endif
