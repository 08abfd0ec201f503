/* SPDX-License-Identifier: ISC */
/*
 * Connections of proxies (proxy_protocol_hosts) until their header has said
 * for whom they are.  They take a place of the process each, but count for no
 * client: that begins when the client is known, as if it had connected then.
 */
#ifndef FRONT_BEHIND_H
#define FRONT_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct front_protocol;

/* A connection that PROXY has made for CLIENT (NULL: for itself). */
struct behind_proxy {
	int fd; /* the owner's from here on */
	const struct front_protocol *protocol;
	const struct addr *proxy;
	const struct addr *client;
	bool room; /* as it was at accept */
};

/* DONE runs, once, when the header is there.  Otherwise the connection is
 * closed, and ON_GONE runs. */
void behind_init(
    void (*done)(const struct behind_proxy *b), void (*on_gone)(void));
/* Take over FD, which PROXY has connected; its header must come within
 * WAIT_MS. */
void behind_await(int fd, const struct front_protocol *p,
    const struct addr *proxy, bool room, int64_t wait_ms);
unsigned behind_count(void);
/* Close all. */
void behind_stop(void);

#endif
