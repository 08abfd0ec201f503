/* SPDX-License-Identifier: ISC */
/* What messages that wait have in common: `pabal queue top`, and whose turn it
 * is when much is due. */
#ifndef QMGR_QUEUE_QGROUP_H
#define QMGR_QUEUE_QGROUP_H

#include <stdbool.h>

#include "base/slice.h"

struct qrecord;

/* The value stands in keys of the index. */
enum qgroup_kind {
	QGROUP_AGE = 'a', /* no name: the time of arrival says it */
	QGROUP_DOMAIN = 'd',
	QGROUP_HOST = 'h',
	QGROUP_LOGIN = 'l',
	QGROUP_REASON = 'r',
	QGROUP_SENDER = 's',
	QGROUP_SITE = 't',
	QGROUP_STATE = 'w',
};

/* "site" and so on; false: not one of these. */
bool qgroup_named(struct slice word, enum qgroup_kind *kind);
/* Does it depend on recipients, all of which must be known? */
bool qgroup_needs_whole(enum qgroup_kind kind);

/* Each group of KIND that R is in, once. */
void qgroup_each(const struct qrecord *r, enum qgroup_kind kind,
    void (*visit)(void *arg, enum qgroup_kind kind, struct slice name),
    void *arg);
/* Those of all kinds; only such as are known of R. */
void qgroup_every(const struct qrecord *r,
    void (*visit)(void *arg, enum qgroup_kind kind, struct slice name),
    void *arg);

#endif
