/* SPDX-License-Identifier: ISC */
/* Whom an answer or notice says it is from: it was made by a process that may
 * have been taken over by the message. */
#ifndef SCRIPT_AUTHOR_H
#define SCRIPT_AUTHOR_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

/* The one address in the From field of HEAD, a header with its empty line, in
 * A. False: there is not one such field with one address, or another field says
 * whom it is from or what was found of it, or it is no one header. */
bool author_find(struct arena *a, struct slice head, struct slice *address);

#endif
