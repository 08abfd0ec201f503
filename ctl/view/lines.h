/* SPDX-License-Identifier: ISC */
/* Text for a terminal. */
#ifndef CTL_VIEW_LINES_H
#define CTL_VIEW_LINES_H

#include <stdio.h>

/* Print TEXT in lines of at most 78 columns that begin with INDENT. */
void lines_fill(FILE *f, const char *indent, const char *text);

#endif
