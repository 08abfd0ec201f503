/* SPDX-License-Identifier: ISC */
/* The administrator's scripts (sieve_directory): read and compiled once, before
 * there is any message. */
#ifndef SIEVERUN_GLOBAL_H
#define SIEVERUN_GLOBAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct sieve_code;
struct sieve_lang;
struct sieve_limits;

/* What scripts of this host may use, and how much. */
const struct sieve_lang *global_lang(void);
const struct sieve_limits *global_limits(void);

/* Its name, and what stands between user and detail. */
struct slice global_host(void);
struct slice global_delimiters(void);

/* ERR_PERM: a directory that cannot be read, or a script with errors. */
int global_load(struct err *err);
/* The same while this process serves.  False: it is to be replaced, because of
 * a directory that it cannot reach any more. */
bool global_reload(void);
/* The text of the script NAME, for include; false: there is none. */
bool global_text(struct slice name, struct slice *text);
/* Script I of those that run before (WHEN 'b'), after ('a'), or instead of a
 * user's own ('d') in DOMAIN; a name that only other domains have a script of
 * is none of them.  NULL: that was the last. */
const struct sieve_code *global_code(char when, size_t i, struct slice domain);

/* The administrator's script NAME that an item of imapsieve has, as for DOMAIN;
 * NULL: none. */
const struct sieve_code *global_event_code(
    struct slice name, struct slice domain);

#endif
