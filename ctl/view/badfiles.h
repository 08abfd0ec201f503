/* SPDX-License-Identifier: ISC */
/* Asking qmgr about the files that it has set aside. */
#ifndef CTL_VIEW_BADFILES_H
#define CTL_VIEW_BADFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ctl/inst/instance.h"

struct arena;

struct badfile {
	struct slice name, why;
	struct slice kind;         /* damaged, unacknowledged, notice */
	int64_t time_s, arrived_s; /* set aside, arrived; 0: not known */
	int64_t bytes;             /* of the file */
	bool told;
	struct slice sender; /* as far as it can be read */
	struct slice *rcpts;
	size_t nrcpts;
};

/* Call VISIT for each, in order of their names; slices last in ARENA. */
int badfiles_each(const struct instance *in, struct arena *arena,
    void (*visit)(void *arg, const struct badfile *f), void *arg,
    struct err *err);
int badfiles_count(const struct instance *in, int64_t *n, struct err *err);
/* "restore" or "delete" NAME; ERR_PERM: qmgr says why not. */
int badfiles_act(const struct instance *in, const char *verb, struct slice name,
    struct err *err);
/* Open the file NAME for reading. */
int badfiles_open(const struct instance *in, struct slice, int *, struct err *);

#endif
