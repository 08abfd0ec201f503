/* SPDX-License-Identifier: ISC */
/*
 * When is it time to look whether files of tables have changed?  The kernel
 * tells of changes in their directory (inotify), so that a question need not
 * look.  A change that another host made on a network file system it does not
 * tell of: for that they are looked at once a second.  Where the kernel refuses
 * to tell, at each question.
 */
#ifndef TABLE_NEWS_H
#define TABLE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ev/loop.h"

enum { TABLE_NEWS_EVERY_MS = 1000 };

struct table_news {
	struct ev_io io; /* fd -1: the kernel tells nothing */
	void (*on_change)(void);
	int64_t looked_ms;
	bool changed;
};

/* Watch the directory DIRFD; ON_CHANGE is called from the loop, at least once
 * for any number of changes. */
void table_news_start(struct table_news *n, int dirfd, void (*on_change)(void));
void table_news_stop(struct table_news *n);
/* True: look now, it counts as done.  To be asked behind the callbacks of a
 * turn (in a task): a change that was made before what came in this turn is
 * known then. */
bool table_news_due(struct table_news *n);
/* Are changes told of as they happen? */
bool table_news_sees(const struct table_news *n);

#endif
