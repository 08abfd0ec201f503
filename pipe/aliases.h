/* SPDX-License-Identifier: ISC */
/*
 * What the table of aliases names: commands, which run as nobody, and lists.
 *
 * qmgr says what is to be run for an address, and qmgr or lookup may have been
 * taken over.  So pipe looks itself, at the table as it is at that moment, with
 * what its journal has; only a table that nobody but root or the owner of the
 * instance can have written counts.
 */
#ifndef PIPE_ALIASES_H
#define PIPE_ALIASES_H

#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct shared_conf;
struct table;

struct aliases {
	int dirfd;   /* of tables, borrowed; -1: it has none */
	uid_t owner; /* who may have written it, beside root */
	struct table *table;
};

/* Open the table that CONF names; -1 and ERR_PERM when it names none. */
int aliases_open(
    struct aliases *a, const struct shared_conf *conf, struct err *err);
void aliases_close(struct aliases *a);
/* Can nobody but root and the owner have written it? */
int aliases_check_owner(const struct aliases *a, struct err *err);

/* Does an alias that ADDRESS may be by lead to TARGET ("|command" or
 * ":include:...")?  TEMPFAIL: the table cannot be read, or others can have
 * written to it. */
enum found aliases_find(const struct aliases *a, const struct shared_conf *conf,
    struct slice address, struct slice target, struct err *err);

#endif
