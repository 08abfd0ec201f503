/* SPDX-License-Identifier: ISC */
/* The first words to a client. */
#ifndef SMTPD_GREETING_H
#define SMTPD_GREETING_H

struct smtpd_greeting;
struct smtpd_session;

/* S has a new client: greet it, when nobody has anything against it. */
void smtpd_greet(struct smtpd_session *s);
/* In mode SMTPD_QUIET: it has spoken. */
void smtpd_greeting_early(struct smtpd_session *s);
/* Accepts a pointer to NULL. */
void smtpd_greeting_free(struct smtpd_greeting **g);

#endif
