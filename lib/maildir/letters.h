/* SPDX-License-Identifier: ISC */
/* dovecot-keywords, in Dovecot's format: what the letters a-z in file names
 * mean. */
#ifndef MAILDIR_LETTERS_H
#define MAILDIR_LETTERS_H

#include <stdint.h>

#include "base/err.h"

struct keyword_table;

/* Add the letters of the file in DIRFD to T; an absent file has none. */
int letters_read(int dirfd, struct keyword_table *t, struct err *err);
/* On disk when 0 comes back; blocks. */
int letters_write(int dirfd, const struct keyword_table *t, struct err *err);
/* Equal as long as nobody wrote the file; 0: there is none. */
uint64_t letters_mark(int dirfd);

#endif
