/* SPDX-License-Identifier: ISC */
/*
 * The small file of a mailbox, pabal-mailbox, that carries what file names do
 * not: UIDVALIDITY, the mailbox's id, its special use, and a ceiling below
 * which UIDs may have been given out.  The ceiling is raised in steps before a
 * UID at it is used, so that no UID is used twice even when the index is lost.
 *
 * Beside it stands dovecot-keywords, in Dovecot's format, which says what the
 * letters a-z in file names mean.
 */
#ifndef STORE_BOXFILE_H
#define STORE_BOXFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/mailbox.h"

struct boxfile {
	uint32_t uidvalidity;
	uint32_t ceiling;
	unsigned special;
	char id[MAILBOX_ID_SIZE];
};

/* ABSENT: no such file, or one that cannot be understood. */
enum found boxfile_read(int dirfd, struct boxfile *f, struct err *err);
/* On disk when 0 comes back; blocks. */
int boxfile_write(int dirfd, const struct boxfile *f, struct err *err);
/* Append the regular file NAME to OUT, never through a link; more than OUT
 * takes is TEMPFAIL. */
enum found boxfile_load(
    int dirfd, const char *name, struct buf *out, struct err *err);
/* The formats, for tests. */
bool boxfile_parse(struct slice text, struct boxfile *f);
void boxfile_format(struct buf *out, const struct boxfile *f);
/* A fresh id for a mailbox. */
void boxfile_new_id(char id[MAILBOX_ID_SIZE]);

struct keyword_table {
	char *names[MAILBOX_KEYWORDS]; /* NULL: letter not in use */
};
void keywords_fini(struct keyword_table *t);
/* An absent file is an empty table. */
int keywords_read(int dirfd, struct keyword_table *t, struct err *err);
int keywords_write(int dirfd, const struct keyword_table *t, struct err *err);
int keywords_find(const struct keyword_table *t, struct slice name);

#endif
