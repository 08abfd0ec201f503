/* SPDX-License-Identifier: ISC */
/* One line of pabal.log, in either of its forms, taken apart. */
#ifndef CTL_VIEW_LOGLINE_H
#define CTL_VIEW_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum { LOGLINE_KEYS = 48 };

struct logline {
	struct slice time; /* "2026-11-20T21:15:54.953076Z"; may be empty */
	struct slice daemon;
	struct slice pid;
	struct slice level;
	struct slice event;
	size_t n;
	struct slice keys[LOGLINE_KEYS];
	struct slice values[LOGLINE_KEYS]; /* unescaped */
};

/* False when LINE is none of ours.  What L points at is in LINE and A. */
bool logline_parse(struct slice line, struct arena *a, struct logline *l);
/* Does LINE begin as syslog daemons write lines with times of RFC 3339? */
bool logline_is_syslog(struct slice line);
/* LINE without the "TIME HOST UNIT[PID]: " that such a daemon, or journalctl -o
 * short-iso-precise, puts before it; that time in *TIME. */
struct slice logline_without_journal(struct slice line, struct slice *time);
/* The value of KEY; empty when it is not there. */
struct slice logline_get(const struct logline *l, const char *key);
/* Add L to B as a JSON object; keys and values are strings. */
void logline_json(struct buf *b, const struct logline *l);

#endif
