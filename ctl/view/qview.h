/* SPDX-License-Identifier: ISC */
/* Asking qmgr about its messages, page by page. */
#ifndef CTL_VIEW_QVIEW_H
#define CTL_VIEW_QVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"

struct dial;

struct qview_rcpt {
	struct slice address;
	struct slice target; /* "|command" ...; else empty */
	struct slice dsn;    /* of the last attempt; may be empty */
	struct slice host;
	struct slice text;
	struct slice site; /* of the last attempt, of mail for other hosts */
};

struct qview_entry {
	struct slice qid;
	struct slice state; /* waiting, active, held */
	struct slice sender;
	struct slice login; /* who authenticated; may be empty */
	struct slice held;  /* by whom, and why; empty: not said */
	int64_t arrived_s;  /* wall clock */
	int64_t size_bytes;
	int64_t attempts;
	int64_t next_s; /* wall clock; -1: none is set */
	struct qview_rcpt *rcpts;
	size_t nrcpts;
};

/* Call VISIT for each message that FILTER (qmgr's words) takes, in order of
 * arrival; the entry is gone when it returns.  False from it ends the walk. */
int qview_each(const struct instance *in, struct slice filter,
    bool (*visit)(void *arg, const struct qview_entry *e), void *arg,
    struct err *err);
/* Call VISIT for parts of the groups BY (age, domain, host, login, reason,
 * sender, site, state) of all messages; what it is told of one name is to be
 * summed up, its messages may be less than 0.  False from it ends it. */
struct qview_group {
	struct slice name;
	int64_t messages, bytes;
	int64_t oldest_s; /* arrival */
};
int qview_groups(const struct instance *in, const char *by,
    bool (*visit)(void *arg, const struct qview_group *g), void *arg,
    struct err *err);
/* How many FILTER takes. */
int qview_count(const struct instance *in, struct slice filter, int64_t *n,
    struct err *err);
/* hold, release, retry, flush, delete; *N says how many it was done to, *LATER
 * for how many more it will be when their attempt has ended.  These three say
 * how far they are (ctl/view/progress.h) where somebody has begun that. */
int qview_act(const struct instance *in, const char *verb, struct slice filter,
    int64_t *n, int64_t *later, struct err *err);
/* The spool file of message QID, for reading. */
int qview_open_file(
    const struct instance *in, struct slice qid, int *fd, struct err *err);
/* The same from qmgr at D, one after the other.  ERR_PERM: it has none. */
int qview_next_file(struct dial *d, struct slice qid, int *fd, struct err *err);

/* Make qmgr's filter words of what people write: "key=pattern" with units
 * ("age>2h", "size>1M"); a bare word is an id.  -1: said what is wrong. */
int qview_filter(
    const struct ctl *ctl, int argc, char **argv, struct buf *filter);

/* Print messages for people, one line and one more for each recipient.  *ARG
 * is a struct qview_printer. */
struct qview_printer {
	struct buf line;
	int64_t now_s;
	size_t messages;
	int64_t bytes;
	bool json;
};
bool qview_print(void *arg, const struct qview_entry *e);
/* Of a message that is held: by whom, and why. */
struct slice qview_held(const struct qview_entry *e);
/* Two units at most: "3d4h", "12m5s"; what has passed is "now". */
void qview_span(struct buf *b, int64_t seconds);

#endif
