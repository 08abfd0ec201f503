/* SPDX-License-Identifier: ISC */
/* Reports that strangers have sent, from files or a mailbox: they are read by a
 * child that can reach nothing, or the account alone. */
#ifndef CTL_REPORTS_READING_H
#define CTL_REPORTS_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct ctl;

/* A kind of report. */
struct reports_reading {
	const char *name; /* of the command */
	void *(*begin)(void);
	/* As attached_each (ctl/reports/attached.h) with FILE. */
	int (*add)(
	    void *sum, struct slice file, size_t *reports, struct err *err);
	/* Print, and let go of it. */
	void (*end)(void *sum, bool json);
};

/* FILE ...|--mailbox NAME@DOMAIN [FOLDER] */
int reading_run(
    const struct reports_reading *kind, struct ctl *ctl, int argc, char **argv);

#endif
