/* SPDX-License-Identifier: ISC */
/* The base subject (RFC 5256 2.1): a subject without the marks of replies and
 * forwards, by which SORT orders and THREAD gathers. */
#ifndef MAILSEARCH_BASESUBJECT_H
#define MAILSEARCH_BASESUBJECT_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

/* Longer subjects are cut, so that the work for each is bounded. */
enum { BASESUBJECT_MAX = 2048 };

/* Of RAW, the Subject in the ENVELOPE of the message that RECORD
 * (mime/record.h; may be empty) is of; UTF-8, in the memory of TEXT, whose
 * content is replaced. *REPLY: something that marks a reply or a forward was
 * taken off. */
struct slice basesubject_of(
    struct slice raw, struct slice record, struct buf *text, bool *reply);

#endif
