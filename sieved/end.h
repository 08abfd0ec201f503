/* SPDX-License-Identifier: ISC */
#ifndef SIEVED_END_H
#define SIEVED_END_H

struct sieved_session;

/* S ends, for the log, because of WHY; the first word counts. */
void sieved_end_note(struct sieved_session *s, const char *why);
/* The same, when what waits is sent: nothing more is read. */
void sieved_end(struct sieved_session *s, const char *why);

#endif
