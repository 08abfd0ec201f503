/* SPDX-License-Identifier: ISC */
/*
 * A message at its end: read for the filters, changed by them one after the
 * other, and what came of it told to smtpd.  Its header is held in memory, its
 * body read from smtpd's file as it is shown, unless a filter has replaced it.
 */
#ifndef MILTER_CONTENT_H
#define MILTER_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/milter.h"
#include "smfi/session.h"

struct ipc;
struct milter_content;
struct milter_part;

/* The message that stands in *FILE (taken) from OFFSET on, SIZE bytes; its
 * header has at most HEADER_MAX. */
struct milter_content *milter_content_new(
    int *file, int64_t offset, int64_t size, size_t header_max);
void milter_content_free(struct milter_content **c);
/* Read its header: the reply where it cannot be shown to filters, NULL where it
 * can. */
const char *milter_content_read(struct milter_content *c);
const struct smfi_message *milter_content_message(
    const struct milter_content *c);
struct smfi_body *milter_content_body(struct milter_content *c);

/* P, which has nothing against the message, may have changed it: the reply
 * where that is too much, or NULL. */
const char *milter_content_take(
    struct milter_content *c, struct milter_part *p);
/* milter_done to PEER; the changes count only with MILTER_CONTINUE. */
void milter_content_answer(struct milter_content *c, struct ipc *peer,
    uint64_t id, enum milter_verdict verdict, struct slice text);

#endif
