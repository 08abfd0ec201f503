/* SPDX-License-Identifier: ISC */
#include "front/rate.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/err.h"
#include "base/must.h"
#include "sys/addr.h"
#include "sys/fd.h"

enum { BUCKETS = 8192, WAYS = 8, SPOTS = 1024, PLACES = 64 };

/* A client; all zero: none. */
struct slot {
	_Atomic uint64_t tag;
	_Atomic int64_t since_ms; /* monotonic: the same for all processes */
	_Atomic uint32_t counts[RATE_KINDS];
};

/* The sessions a process has of a client; PID is 0 where nobody has the place,
 * and changes first when it is taken, last when it is given back. */
struct rate_place {
	_Atomic uint64_t tag;
	_Atomic uint32_t pid;
	_Atomic uint32_t n;
};

/* Clients whose place is the same bucket share a cache line or few. */
struct rate_table {
	uint64_t seed[2];
	struct slot slots[BUCKETS][WAYS];
	struct rate_place places[SPOTS][PLACES];
};

static struct rate_table *table;
static uint64_t seed[2]; /* as it was: what others write is no matter */
static uint32_t self;    /* our pid */

static void
use(struct rate_table *t)
{
	table = t;
	memcpy(seed, t->seed, sizeof seed);
	self = (uint32_t)getpid();
}

/* Pages of a memfd come into being as they are written to. */
int
rate_create(struct err *err)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
	uint64_t fresh[2];
	int fd = memfd_create("rates", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "memfd");
	arc4random_buf(fresh, sizeof fresh);
	if (ftruncate(fd, sizeof *table) == 0 &&
	    pwrite(fd, fresh, sizeof fresh, 0) == (ssize_t)sizeof fresh &&
	    fcntl(fd, F_ADD_SEALS, seals) == 0)
		return fd;
	err_sys(err, ERR_TEMP, "a table of rates");
	fd_close(&fd);
	return -1;
}

int
rate_use(int fd, struct err *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) == -1 || st.st_size != (off_t)sizeof *table)
		return err_set(err, ERR_TEMP, "not a table of rates");
	p = mmap(
	    NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(err, ERR_TEMP, "map a table of rates");
	if (table != NULL)
		(void)munmap(table, sizeof *table);
	use(p);
	return 0;
}

void
rate_key(const struct addr *addr, uint8_t key[RATE_KEY_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(key, 0, RATE_KEY_BYTES);
	if (addr_ip16(addr, key) && memcmp(key, mapped, sizeof mapped) != 0)
		memset(key + 8, 0, 8);
}

/* ---- the hash: one for all processes, which a client cannot foresee */

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

static uint64_t
tag_of(const uint8_t key[RATE_KEY_BYTES])
{
	uint64_t half[2];

	memcpy(half, key, sizeof half);
	return mix(mix(mix(half[0] + seed[0]) ^ half[1]) + seed[1]) | 1;
}

/* ---- slots: whatever a process that was taken over has written there */

/* Modulo 2^64 there is one span of UNIT_MS up to now that is not over; what
 * lies in the future is as old as can be. */
static bool
is_over(const struct slot *s, int64_t now_ms, int64_t unit_ms)
{
	const uint64_t since_ms = (uint64_t)atomic_load(&s->since_ms);

	return (uint64_t)now_ms - since_ms >= (uint64_t)unit_ms;
}

static void
clear(struct slot *s, int64_t now_ms)
{
	for (int i = 0; i < RATE_KINDS; i++)
		atomic_store(&s->counts[i], 0);
	atomic_store(&s->since_ms, now_ms);
}

/* What it is worth to keep S; nothing where its period is over. */
static uint64_t
worth(const struct slot *s, int64_t now_ms, int64_t unit_ms)
{
	uint64_t sum = 1;

	if (atomic_load(&s->tag) == 0 || is_over(s, now_ms, unit_ms))
		return 0;
	for (int i = 0; i < RATE_KINDS; i++)
		sum += atomic_load(&s->counts[i]);
	return sum;
}

static struct slot *
find(struct slot bucket[WAYS], uint64_t tag)
{
	for (int i = 0; i < WAYS; i++)
		if (atomic_load(&bucket[i].tag) == tag)
			return &bucket[i];
	return NULL;
}

/* Two processes that meet the same client choose the same slot; who comes
 * second finds it taken, and looks again. */
static struct slot *
find_or_take(uint64_t tag, int64_t now_ms, int64_t unit_ms)
{
	struct slot *bucket = table->slots[(tag >> 1) % BUCKETS], *s;
	struct slot *least = bucket;
	uint64_t was;

	for (int tries = 0; tries < 2; tries++) {
		s = find(bucket, tag);
		if (s != NULL)
			return s;
		least = bucket;
		for (int i = 1; i < WAYS; i++)
			if (worth(&bucket[i], now_ms, unit_ms) <
			    worth(least, now_ms, unit_ms))
				least = &bucket[i];
		was = atomic_load(&least->tag);
		if (atomic_compare_exchange_strong(&least->tag, &was, tag)) {
			clear(least, now_ms);
			return least;
		}
	}
	return least;
}

/* Private memory where master had none to share. */
static void
use_own(void)
{
	struct rate_table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(t != MAP_FAILED);
	arc4random_buf(t->seed, sizeof t->seed);
	use(t);
}

uint32_t
rate_count(const uint8_t key[RATE_KEY_BYTES], unsigned which, int64_t now_ms,
    int64_t unit_ms)
{
	_Atomic uint32_t *n;
	struct slot *s;
	uint32_t before;

	if (table == NULL)
		use_own();
	s = find_or_take(tag_of(key), now_ms, unit_ms);
	if (is_over(s, now_ms, unit_ms))
		clear(s, now_ms);
	n = &s->counts[which];
	before = atomic_fetch_add(n, 1);
	if (before < UINT32_MAX)
		return before + 1;
	atomic_store(n, UINT32_MAX);
	return UINT32_MAX;
}

/* ---- sessions */

static struct rate_place *
spot_of(uint64_t tag)
{
	return table->places[(tag >> 1) % SPOTS];
}

struct rate_place *
rate_place_take(const uint8_t key[RATE_KEY_BYTES])
{
	struct rate_place *spot;
	uint64_t tag;

	if (table == NULL)
		use_own();
	tag = tag_of(key);
	spot = spot_of(tag);
	for (int i = 0; i < PLACES; i++) {
		uint32_t nobody = 0;

		if (!atomic_compare_exchange_strong(
			&spot[i].pid, &nobody, self))
			continue;
		atomic_store(&spot[i].n, 0);
		atomic_store(&spot[i].tag, tag);
		return &spot[i];
	}
	return NULL;
}

void
rate_place_set(struct rate_place *p, uint32_t n)
{
	if (p != NULL)
		atomic_store(&p->n, n);
}

void
rate_place_free(struct rate_place **pp)
{
	struct rate_place *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	atomic_store(&p->tag, 0);
	atomic_store(&p->n, 0);
	atomic_store(&p->pid, 0);
}

uint32_t
rate_of_others(const uint8_t key[RATE_KEY_BYTES])
{
	const struct rate_place *spot;
	uint64_t tag, sum = 0;

	if (table == NULL)
		return 0;
	tag = tag_of(key);
	spot = spot_of(tag);
	for (int i = 0; i < PLACES; i++) {
		const uint32_t pid = atomic_load(&spot[i].pid);

		if (pid != 0 && pid != self && atomic_load(&spot[i].tag) == tag)
			sum += atomic_load(&spot[i].n);
	}
	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* By reading and writing, so that master has no memory in common with anybody.
 * Nobody writes to a place that is another's. */
int
rate_keep(int fd, bool (*lives)(pid_t pid, const void *arg), const void *arg,
    struct err *err)
{
	static const struct rate_place none;
	struct rate_place spot[PLACES];
	off_t at = (off_t)offsetof(struct rate_table, places);

	for (int s = 0; s < SPOTS; s++, at += (off_t)sizeof spot) {
		if (pread(fd, spot, sizeof spot, at) != (ssize_t)sizeof spot)
			return err_sys(err, ERR_TEMP, "read a table of rates");
		for (int i = 0; i < PLACES; i++)
			if (atomic_load(&spot[i].pid) != 0 &&
			    !lives((pid_t)atomic_load(&spot[i].pid), arg) &&
			    pwrite(fd, &none, sizeof none,
				at + i * (off_t)sizeof none) == -1)
				return err_sys(
				    err, ERR_TEMP, "write a table of rates");
	}
	return 0;
}
