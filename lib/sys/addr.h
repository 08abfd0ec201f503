/* SPDX-License-Identifier: ISC */
/*
 * Socket addresses and networks: text to sockaddr and back.  An IPv4 address
 * mapped into IPv6 (::ffff:a.b.c.d) counts as the IPv4 address everywhere.
 */
#ifndef SYS_ADDR_H
#define SYS_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/slice.h"

struct addr {
	struct sockaddr_storage ss;
	socklen_t len;
	bool dual; /* "*:25": [::] that takes IPv4 too */
};

enum { ADDR_TEXT = 120 }; /* addr_format's longest ("unix:" and 107), NUL */

/* Parse "127.0.0.1:25", "[::1]:25", "*:25" or "unix:path" (relative to run/ or
 * absolute).  DEFAULT_PORT counts where the text has no port; 0 means that
 * the port must be there.  ERR_PERM says what was expected. */
int addr_parse(
    struct addr *a, struct slice text, uint16_t default_port, struct err *err);
/* The IP address that TEXT is and nothing else (no brackets, no port), of
 * FAMILY or, with AF_UNSPEC, of either; false: it is none. */
bool addr_of_ip(struct addr *a, int family, struct slice text, uint16_t port);
/* Take over what accept4, recvfrom or getpeername filled in. */
void addr_set(struct addr *a, const struct sockaddr_storage *ss, socklen_t len);

/* The text addr_parse reads, "unix:" when a UNIX socket has no name. */
const char *addr_format(const struct addr *a, char text[ADDR_TEXT]);
/* The IP address alone, without brackets and port; "unix" for UNIX sockets. */
const char *addr_format_ip(const struct addr *a, char text[ADDR_TEXT]);
/* 0 for UNIX sockets. */
uint16_t addr_port(const struct addr *a);
bool addr_is_unix(const struct addr *a);
/* The path of a UNIX socket, NULL for others and where it has none. */
const char *addr_path(const struct addr *a);
/* The 16 bytes of the address (IPv4 as ::ffff:a.b.c.d); false for UNIX. */
bool addr_ip16(const struct addr *a, uint8_t ip[16]);
bool addr_ip16_is_v4(const uint8_t ip[16]);

/* A network: the first BITS bits of IP (IPv4 mapped, so 96 + its own). */
struct cidr {
	uint8_t ip[16];
	uint8_t bits;
};

/* Parse "10.0.0.0/8", "192.0.2.1", "[fd00::]/8", "fd00::/8", "[::1]".  Bits
 * behind the prefix must be zero: ERR_PERM names the network meant. */
int addr_cidr_parse(struct cidr *n, struct slice text, struct err *err);
/* UNIX sockets are in no network. */
bool addr_cidr_match(const struct cidr *n, const struct addr *a);
const char *addr_cidr_format(const struct cidr *n, char text[ADDR_TEXT]);

#endif
