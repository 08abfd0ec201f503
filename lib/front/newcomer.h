/* SPDX-License-Identifier: ISC */
/* Who has connected, and the limits that keep some out. */
#ifndef FRONT_NEWCOMER_H
#define FRONT_NEWCOMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "front/session.h"

struct addr;
struct client_count;
struct front_ops;

/* What is known of who has connected. */
struct front_newcomer {
	const struct addr *peer;
	const struct front_protocol *protocol;
	bool local;
	bool trusted;
	bool exempt;  /* from the limit of sessions, and has the reserve */
	bool vouches; /* it will say for whom it is: no limit until then */
	uid_t uid;    /* of a local one */
	uint8_t key[FRONT_KEY_BYTES];
	char ip[FRONT_IP_BYTES];
};

/* As front_init has them. */
void newcomer_init(const struct front_ops *ops, const void *const *conf);
/* PEER speaks P, by FD where it is a user of this host. */
struct front_newcomer newcomer_know(
    int fd, const struct front_protocol *p, const struct addr *peer);
/* Is there no limit that keeps N out (else WHY says which)?  Then its sessions
 * are counted in COUNT. */
bool newcomer_enter(const struct front_newcomer *n, struct client_count **count,
    bool room, bool reserve, enum front_why *why);
/* One of them less; accepts a pointer to NULL. */
void newcomer_leave(struct client_count **count);
/* N's connection FD ends with the words for WHY: in the clear, and only where
 * that is what the client will read. */
void newcomer_refuse(
    int fd, const struct front_newcomer *n, enum front_why why);
/* Count one more of WHICH for the client KEY, called IP; false: it has had
 * LIMIT. */
bool newcomer_within_rate(const uint8_t key[FRONT_KEY_BYTES], const char *ip,
    enum front_rate which, uint32_t limit);

#endif
