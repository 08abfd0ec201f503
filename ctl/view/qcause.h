/* SPDX-License-Identifier: ISC */
/* Why what waits for a site waits, in a sentence. */
#ifndef CTL_VIEW_QCAUSE_H
#define CTL_VIEW_QCAUSE_H

#include <stdint.h>

#include "base/buf.h"
#include "ctl/view/qsite.h"
#include "ctl/view/qtally.h"

enum qcause {
	QCAUSE_NONE, /* nothing waits */
	QCAUSE_HELD,
	QCAUSE_DOWN,
	QCAUSE_PROBE,
	QCAUSE_RATE,        /* of the table limits, or its interval */
	QCAUSE_SESSIONS,    /* of the table limits */
	QCAUSE_CONCURRENCY, /* as many deliveries as may be now */
	QCAUSE_RETRY,       /* until the next attempt */
	QCAUSE_ACTIVE,      /* it is being delivered */
};

/* S may be NULL: qmgr knows nothing of the site. */
enum qcause qcause_of(const struct qsite *s, const struct qtally *t);
const char *qcause_name(enum qcause c);
/* Add the sentence, for a terminal, without a newline. */
void qcause_say(struct buf *b, enum qcause c, const struct qsite *s,
    const struct qtally *t, int64_t now_s);

#endif
