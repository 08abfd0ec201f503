/* SPDX-License-Identifier: ISC */
/*
 * DATA: the message goes from the client's stream into the queue file as it
 * comes.  The file is asked for when the envelope is complete; "250" is said
 * when qmgr has it on disk.  What makes a message unacceptable is told at its
 * end, and from where it is known nothing more is written.
 */
#ifndef SMTPD_DATA_H
#define SMTPD_DATA_H

#include <stddef.h>

#include "base/slice.h"

struct smtpd_session;

void smtpd_data_command(struct smtpd_session *s, struct slice args);
/* Bytes of the message; gives how many were taken. */
size_t smtpd_data_input(struct smtpd_session *s, struct slice in);

#endif
