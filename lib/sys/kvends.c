/* SPDX-License-Identifier: ISC */
#include "sys/kvends.h"

#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/clock.h"

enum {
	LINE = 64,
	MAGIC = 0x65646e73,
	WINDOW_S = 3600,
	IDLE = 1, /* weights */
	READING = 3,
	ENOUGH = 2 * READING,
};

static const uint32_t LMDB_MAGIC = 0xbeefc0de;

/* struct MDB_reader of LMDB 0.9 */
struct kvends_slot {
	_Alignas(LINE) size_t txnid; /* SIZE_MAX: not reading */
	pid_t pid;                   /* 0: free */
	pthread_t tid;
};

/* struct MDB_txninfo */
struct kvends_head {
	_Alignas(LINE) uint32_t magic;
	uint32_t format;
	pthread_mutex_t mutex;
	size_t txnid;
	unsigned nslots; /* in use, or free again */
	_Alignas(LINE) pthread_mutex_t wmutex;
	struct kvends_slot slots[];
};

struct kvends_mark {
	uint32_t magic;
	uint32_t weight;
	int64_t at_s;  /* of the last end */
	int64_t first; /* of those seen then, the first one's slot */
};

enum { MARK_AT = KVENDS_LOCK_BYTES - 32 };

_Static_assert(sizeof(struct kvends_mark) <= 32, "room for the mark");
_Static_assert(offsetof(struct kvends_head, slots) +
		       (KVENDS_READERS - 1) * sizeof(struct kvends_slot) <=
		   MARK_AT,
    "slots end before the mark");

/* A process that has the table open holds a lock on the byte of its number. */
static bool
is_alive(int fd, pid_t pid)
{
	struct flock l = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = pid,
		.l_len = 1 };

	return fcntl(fd, F_GETLK, &l) == -1 || l.l_type != F_UNLCK;
}

/* What the ends seen weigh; *FIRST tells one look that sees them from
 * another. */
static uint32_t
weigh(int fd, const struct kvends_head *h, size_t room, int64_t *first)
{
	uint32_t most = 0;

	for (size_t i = 0; i < h->nslots && i < room; i++) {
		const struct kvends_slot *s = &h->slots[i];
		const uint32_t w = s->txnid == SIZE_MAX ? IDLE : READING;

		if (s->pid == 0 || is_alive(fd, s->pid))
			continue;
		if (most == 0)
			*first = (int64_t)s->pid;
		most = w > most ? w : most;
	}
	return most;
}

static bool
count(int fd, struct kvends_mark *m, uint32_t weight, int64_t first)
{
	const int64_t now_s = clock_wall_s();
	const bool recent =
	    m->magic == MAGIC && m->at_s <= now_s && now_s - m->at_s < WINDOW_S;
	bool doubt;

	/* Several processes may see the same end before its slot is free. */
	if (recent && m->first == first)
		return false;
	*m = (struct kvends_mark){ .magic = MAGIC,
		.weight = weight + (recent ? m->weight : 0),
		.at_s = now_s,
		.first = first };
	doubt = m->weight >= ENOUGH;
	if (doubt)
		m->weight = 0;
	return pwrite(fd, m, sizeof *m, MARK_AT) == sizeof *m && doubt;
}

bool
kvends_look(int fd)
{
	static union {
		struct kvends_head head;
		char bytes[KVENDS_LOCK_BYTES];
	} lock;
	const ssize_t n = pread(fd, &lock, sizeof lock.bytes, 0);
	struct kvends_mark m;
	uint32_t weight;
	int64_t first = 0;

	if (n != KVENDS_LOCK_BYTES || lock.head.magic != LMDB_MAGIC)
		return false;
	weight = weigh(fd, &lock.head, KVENDS_READERS, &first);
	if (weight == 0)
		return false;
	memcpy(&m, lock.bytes + MARK_AT, sizeof m);
	return count(fd, &m, weight, first);
}
