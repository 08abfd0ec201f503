/* SPDX-License-Identifier: ISC */
/*
 * The first words to a client.  A stranger may have to wait for them a while
 * (greeting_delay), in which it must not speak: programs that send spam often
 * do not care what a server says (RFC 5321 3.1: the client waits).
 */
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
