/* SPDX-License-Identifier: ISC */
#include "front/newcomer.h"

#include <stdio.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "conf/shared.h"
#include "ev/linger.h"
#include "ev/loop.h"
#include "front/clients.h"
#include "front/conf.h"
#include "front/front.h"
#include "front/metrics.h"
#include "front/rate.h"
#include "log/log.h"
#include "sys/addr.h"

enum { WORDS_MAX = 1024, LINGER_MS = 2000 };

_Static_assert((int)FRONT_KEY_BYTES == (int)RATE_KEY_BYTES &&
		   (int)FRONT_RATES == (int)RATE_KINDS,
    "as rate.h has it");

static struct {
	const struct front_ops *ops;
	const void *const *conf;
	struct clients clients;
} door;

static const struct front_conf *
conf(void)
{
	return *door.conf;
}

void
newcomer_init(const struct front_ops *ops, const void *const *slot)
{
	door.ops = ops;
	door.conf = slot;
}

/* Who connected to the local socket; nobody in particular when the kernel does
 * not tell. */
static uid_t
uid_of(int fd)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t len = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1)
		return (uid_t)-1;
	return who.uid;
}

struct front_newcomer
newcomer_know(int fd, const struct front_protocol *p, const struct addr *peer)
{
	struct front_newcomer n = { .peer = peer, .protocol = p };
	char text[ADDR_TEXT];

	n.local = addr_is_unix(peer);
	n.trusted =
	    n.local || conf_nets_match(&conf()->shared.trusted_networks, peer);
	n.uid = n.local ? uid_of(fd) : 0;
	n.exempt = n.trusted && n.uid == 0;
	n.vouches =
	    !n.local && door.ops->vouches != NULL && door.ops->vouches(peer);
	rate_key(peer, n.key);
	if (n.local)
		snprintf(n.ip, sizeof n.ip, "local:%u", (unsigned)n.uid);
	else
		snprintf(n.ip, sizeof n.ip, "%s", addr_format_ip(peer, text));
	return n;
}

void
newcomer_refuse(int fd, const struct front_newcomer *n, enum front_why why)
{
	static const char *const texts[FRONT_WHYS] = {
		[FRONT_FULL] = "process",
		[FRONT_CLIENT_FULL] = "client",
		[FRONT_USER_FULL] = "user",
		[FRONT_TOO_FAST] = "rate",
	};
	struct buf words = { .max = WORDS_MAX };

	if (why != FRONT_TOO_FAST) /* which is told once */
		log_info("session.refused", kv_s("client", n->ip),
		    kv_s("protocol", n->protocol->name),
		    kv_s("why", texts[why]));
	front_metric(FRONT_METRIC_sessions_refused, 1);
	door.ops->words(n->protocol, why, &words);
	if (!n->protocol->tls)
		(void)send(fd, words.p, words.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_fini(&words);
	linger_close(fd, LINGER_MS);
}

bool
newcomer_within_rate(const uint8_t key[FRONT_KEY_BYTES], const char *ip,
    enum front_rate which, uint32_t limit)
{
	static const char *const names[FRONT_RATES] = { "connections",
		"authentications", "messages", "recipients" };
	uint32_t n;

	if (limit == 0)
		return true;
	n = rate_count(key, which, ev_now_ms(), conf()->rate_time_unit);
	if (n <= limit)
		return true;
	if (n == limit + 1)
		log_info("session.rate-limited", kv_s("client", ip),
		    kv_s("what", names[which]), kv_u("limit", limit));
	front_metric(FRONT_METRIC_rate_refused, 1);
	return false;
}

bool
newcomer_enter(const struct front_newcomer *n, struct client_count **count,
    bool room, bool reserve, enum front_why *why)
{
	*why = FRONT_TOO_FAST;
	if (!n->trusted && !n->vouches &&
	    !newcomer_within_rate(n->key, n->ip, FRONT_CONNECTIONS,
		conf()->client_connection_rate_limit))
		return false;
	*why = FRONT_FULL;
	if (!room && !(n->exempt && reserve))
		return false;
	if (n->exempt || n->vouches)
		return true;
	*why = n->local ? FRONT_USER_FULL : FRONT_CLIENT_FULL;
	*count = n->local ? clients_enter_uid(&door.clients, n->uid,
				conf()->max_sessions_per_user)
			  : clients_enter(&door.clients, n->peer,
				conf()->max_sessions_per_client);
	return *count != NULL;
}

void
newcomer_leave(struct client_count **count)
{
	clients_leave(&door.clients, count);
}
