/* SPDX-License-Identifier: ISC */
/* Mistakes in a file, told on stderr as they are found: the first of them each
 * with its line, the rest by number. */
#ifndef CTL_VIEW_MISTAKES_H
#define CTL_VIEW_MISTAKES_H

#include <stddef.h>

enum { MISTAKES_SHOWN = 20 };

struct mistakes {
	const char *file;
	size_t n;
};

/* LINE 0: the file as a whole. */
void mistakes_add(struct mistakes *m, unsigned line, const char *text);
/* "and N more", where there are more. */
void mistakes_end(const struct mistakes *m);

#endif
