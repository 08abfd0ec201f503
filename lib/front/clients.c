/* SPDX-License-Identifier: ISC */
#include "front/clients.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "front/rate.h"

struct client_count {
	uint8_t ip[16];
	unsigned sessions;        /* in this process */
	struct rate_place *place; /* where others see that; NULL: nowhere */
};

static bool
is_ipv4(const uint8_t ip[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, mapped, sizeof mapped) == 0;
}

static struct client_count *
enter(struct clients *c, const uint8_t ip[16], unsigned max)
{
	struct client_count *one;

	one = map_find(&c->by_address, slice_of(ip, sizeof one->ip));
	if (one != NULL && one->sessions >= max)
		return NULL;
	if (one == NULL) {
		one = xcalloc(1, sizeof *one);
		memcpy(one->ip, ip, sizeof one->ip);
		map_put(&c->by_address, slice_of(one->ip, sizeof one->ip), one);
	}
	if (one->place == NULL)
		one->place = rate_place_take(ip);
	rate_place_set(one->place, ++one->sessions);
	/* Ours is seen before others' are counted: of two that come at once
	 * none is one too many. */
	if (rate_of_others(ip) > max - one->sessions)
		clients_leave(c, &one);
	return one;
}

struct client_count *
clients_enter(struct clients *c, const struct addr *addr, unsigned max)
{
	uint8_t ip[16] = { 0 };

	if (addr_ip16(addr, ip) && !is_ipv4(ip))
		memset(ip + 8, 0, 8);
	return enter(c, ip, max);
}

/* In 0100::/64, which is nobody's (RFC 6666). */
struct client_count *
clients_enter_uid(struct clients *c, uid_t uid, unsigned max)
{
	uint8_t ip[16] = { [0] = 1 };

	memcpy(ip + 12, &uid, sizeof uid);
	return enter(c, ip, max);
}

void
clients_leave(struct clients *c, struct client_count **one)
{
	struct client_count *gone = *one;

	*one = NULL;
	if (gone == NULL)
		return;
	if (--gone->sessions > 0) {
		rate_place_set(gone->place, gone->sessions);
		return;
	}
	rate_place_free(&gone->place);
	map_del(&c->by_address, slice_of(gone->ip, sizeof gone->ip));
	free(gone);
}
