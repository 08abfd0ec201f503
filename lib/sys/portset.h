/* SPDX-License-Identifier: ISC */
/* A set of TCP ports; all zero is empty. */
#ifndef SYS_PORTSET_H
#define SYS_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

struct port_set {
	uint64_t bits[65536 / 64];
};

static inline void
port_set_add(struct port_set *s, uint16_t port)
{
	s->bits[port / 64] |= UINT64_C(1) << port % 64;
}

static inline bool
port_set_has(const struct port_set *s, uint16_t port)
{
	return (s->bits[port / 64] & UINT64_C(1) << port % 64) != 0;
}

/* Is each port of S in ALL? */
static inline bool
port_set_within(const struct port_set *s, const struct port_set *all)
{
	for (unsigned i = 0; i < sizeof s->bits / sizeof s->bits[0]; i++)
		if ((s->bits[i] & ~all->bits[i]) != 0)
			return false;
	return true;
}

#endif
