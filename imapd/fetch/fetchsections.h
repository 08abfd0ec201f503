/* SPDX-License-Identifier: ISC */
/* The sections that FETCH asks for, BODY[...] and BINARY[...]: fields that the
 * record keeps, or bytes of the file, written as the client takes them. */
#ifndef IMAPD_FETCH_FETCHSECTIONS_H
#define IMAPD_FETCH_FETCHSECTIONS_H

#include <stdbool.h>

#include "base/err.h"

struct fetch_sections;
struct mailread;
struct section;
struct session;

/* ALL stay with their owner.  NULL: there are none. */
struct fetch_sections *fetchsections_new(const struct section *all);
/* F may point at NULL; leaves NULL. */
void fetchsections_free(struct fetch_sections **f);
/* Is it known of all of them that they are in a file? */
bool fetchsections_only_file(const struct fetch_sections *f);
/* Is something asked for that the record of M has not? */
bool fetchsections_want_file(
    const struct fetch_sections *f, const struct mailread *m);
/* Is there one of which nobody knows how to undo its encoding (RFC 3516 4.3)?
 * M has its tree. */
bool fetchsections_unknown(
    const struct fetch_sections *f, const struct mailread *m);

/* Begin with those of the next message: FROM_FILE, and its tree, or all from
 * its record. */
void fetchsections_begin(struct fetch_sections *f, bool from_file);
/* Are all of them written? */
bool fetchsections_ended(const struct fetch_sections *f);
/* Write some more of them.  -1: the file is not what it was. */
int fetchsections_step(struct fetch_sections *f, struct session *s,
    const struct mailread *m, struct err *err);

#endif
