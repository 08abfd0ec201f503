/* SPDX-License-Identifier: ISC */
/* One filter in the session of a client: it is told what it has missed, then
 * asked what there is to ask. */
#ifndef MILTER_PART_H
#define MILTER_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "ipc/milter.h"
#include "milter/metrics.h"
#include "smfi/session.h"

enum { MILTER_TEXTS_MAX = 64 };

struct milter_conn;
struct milter_filter;

/* What the filters of a client are asked, or were asked of its session. */
struct milter_said {
	struct buf text; /* each with a NUL behind it */
	struct slice v[MILTER_TEXTS_MAX];
	size_t n;
	bool is; /* it was said at all */
};

/* What all filters of a client have in common. */
struct milter_scene {
	char sid[32];
	struct smfi_facts facts;
	struct milter_said connect, helo, now;
	enum milter_stage stage; /* of now */
	/* at MILTER_END: */
	const struct smfi_message *message;
	struct smfi_body *body;
};

struct milter_part {
	struct milter_scene *scene;
	struct milter_filter *filter; /* NULL: there is none of that name */
	char name[32];
	struct milter_conn *conn;
	void (*decided)(void *arg); /* in the loop */
	void *arg;
	bool absent;   /* until the next MAIL */
	unsigned told; /* bits of stages, on this connection */
	bool asked;    /* it was told what is now */
	int64_t began_us;
	/* Of what is now: */
	enum milter_verdict verdict;
	struct buf text;
};

void milter_part_init(struct milter_part *p, struct milter_scene *scene,
    struct slice name, void (*decided)(void *arg), void *arg);
void milter_part_fini(struct milter_part *p);
/* Something else is asked now. */
void milter_part_next(struct milter_part *p);
/* Is it connected to and has it negotiated, or is it absent?  False: decided
 * will run. */
bool milter_part_ready(struct milter_part *p);
/* Go on with what is asked: false, decided will run; true, there is a verdict.
 */
bool milter_part_run(struct milter_part *p);
/* The message is over, or given up. */
void milter_part_abort(struct milter_part *p);
/* At which stages it wants to be asked (bits). */
unsigned milter_part_stages(const struct milter_part *p);
/* May it change nothing?  Where it is ready. */
bool milter_part_judges(const struct milter_part *p);
/* Does what it says count?  Else it is logged alone. */
bool milter_part_counts(const struct milter_part *p);
/* What it says of the message, behind a verdict on it; NULL: it was not there.
 */
struct smfi_session *milter_part_said(struct milter_part *p);
void milter_part_count(const struct milter_part *p, enum milter_count which);
void milter_part_log(
    const struct milter_part *p, const char *action, struct slice why);

#endif
