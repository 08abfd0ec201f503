/* SPDX-License-Identifier: ISC */
/*
 * BDAT (RFC 3030): a message in chunks of announced sizes, without dots and
 * without a go-ahead.  What is announced is read in every case, and thrown away
 * where it cannot be taken, or it would become commands.
 */
#ifndef SMTPD_BDAT_H
#define SMTPD_BDAT_H

#include <stddef.h>

#include "base/slice.h"

struct smtpd_session;

void smtpd_bdat_command(struct smtpd_session *s, struct slice args);
/* Bytes of the chunk under way; gives how many were taken. */
size_t smtpd_bdat_input(struct smtpd_session *s, struct slice in);

#endif
