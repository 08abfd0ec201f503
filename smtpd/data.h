/* SPDX-License-Identifier: ISC */
/* DATA: a message up to its final dot.  What makes it unacceptable is told at
 * its end. */
#ifndef SMTPD_DATA_H
#define SMTPD_DATA_H

#include <stddef.h>

#include "base/slice.h"

struct smtpd_session;

void smtpd_data_command(struct smtpd_session *s, struct slice args);
/* Bytes of the message; gives how many were taken. */
size_t smtpd_data_input(struct smtpd_session *s, struct slice in);

#endif
