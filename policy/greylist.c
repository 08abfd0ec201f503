/* SPDX-License-Identifier: ISC */
#include "policy/greylist.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "sys/fd.h"
#include "tls/digest.h"

enum { WAYS = 8, TAG = 16, SECRET = 16, TOUCH_S = 3600 };

static const char file_name[] = "greylist", new_name[] = "greylist.new";
static const char magic[16] = "pabal greylist1";

/* On disk, as this host has numbers. */
struct grey_head {
	char magic[16];
	uint8_t secret[SECRET];
	uint32_t sets;
	uint32_t crc;
};

struct grey_place {
	uint8_t tag[TAG];
	uint32_t since_s; /* of the first try */
	uint32_t last_s;  /* 0: it is empty */
	uint32_t known;
	uint32_t crc;
};

struct grey_set {
	struct grey_place v[WAYS];
};

_Static_assert(sizeof(struct grey_place) == 32, "a place has no holes");

struct policy_greylist {
	struct grey_head head;
	int fd;               /* -1: in memory */
	struct grey_set *mem; /* NULL: in the file */
};

static uint32_t
crc_of(const struct grey_place *p)
{
	return crc32c(0, slice_of(p, offsetof(struct grey_place, crc)));
}

static uint32_t
crc_of_head(const struct grey_head *h)
{
	return crc32c(0, slice_of(h, offsetof(struct grey_head, crc)));
}

/* ---- places ---- */

static int64_t
place_of_set(uint32_t at)
{
	return (int64_t)sizeof(struct grey_head) +
	       (int64_t)at * (int64_t)sizeof(struct grey_set);
}

static int
read_set(
    struct policy_greylist *g, uint32_t at, struct grey_set *s, struct err *err)
{
	if (g->mem != NULL)
		*s = g->mem[at];
	else if (fd_pread_all(
		     g->fd, (char *)s, sizeof *s, place_of_set(at), err) == -1)
		return -1;
	for (size_t i = 0; i < WAYS; i++)
		if (s->v[i].crc != crc_of(&s->v[i]))
			s->v[i] = (struct grey_place){ .last_s = 0 };
	return 0;
}

static int
write_place(struct policy_greylist *g, uint32_t at, size_t way,
    struct grey_place *p, struct err *err)
{
	p->crc = crc_of(p);
	if (g->mem != NULL) {
		g->mem[at].v[way] = *p;
		return 0;
	}
	return fd_pwrite_all(g->fd, slice_of(p, sizeof *p),
	    place_of_set(at) + (int64_t)(way * sizeof *p), err);
}

static bool
is_live(const struct grey_place *p, const struct policy_greylist_times *t,
    int64_t now_s)
{
	if (p->last_s == 0)
		return false;
	return p->known != 0 ? p->last_s + t->keep_s > now_s
			     : p->since_s + t->delay_s + t->wait_s > now_s;
}

/* The less, the sooner it makes room. */
static int64_t
worth(const struct grey_place *p, const struct policy_greylist_times *t,
    int64_t now_s)
{
	if (!is_live(p, t, now_s))
		return -1;
	return p->last_s + (p->known != 0 ? (int64_t)UINT32_MAX : 0);
}

static size_t
least(const struct grey_set *s, const struct policy_greylist_times *t,
    int64_t now_s)
{
	size_t at = 0;

	for (size_t i = 1; i < WAYS; i++)
		if (worth(&s->v[i], t, now_s) < worth(&s->v[at], t, now_s))
			at = i;
	return at;
}

static uint32_t
set_of(const struct policy_greylist *g, const uint8_t tag[TAG])
{
	uint64_t hash;

	memcpy(&hash, tag, sizeof hash);
	return (uint32_t)(hash % g->head.sets);
}

/* ---- an entry ---- */

/* Where it stands, or would. */
struct grey_spot {
	uint32_t set;
	size_t way;
	struct grey_place place; /* last_s 0: it is not there */
};

static void
make_tag(const struct policy_greylist *g, const struct policy_greylist_mail *m,
    bool pair, uint8_t tag[TAG])
{
	struct buf key = { .max = 8192 };
	uint8_t digest[DIGEST_MAX];

	buf_addf(&key, "%u %zu %.*s\n", pair ? 1U : 0U, m->net.n,
	    SLICE_FMT(m->domain));
	buf_add(&key, m->net);
	if (!pair)
		buf_add(&key, m->rcpt);
	digest_hmac(DIGEST_SHA256, slice_of(g->head.secret, SECRET),
	    buf_slice(&key), digest);
	memcpy(tag, digest, TAG);
	buf_fini(&key);
}

static int
find(struct policy_greylist *g, const struct policy_greylist_mail *m, bool pair,
    const struct policy_greylist_times *t, int64_t now_s,
    struct grey_spot *spot, struct err *err)
{
	uint8_t tag[TAG];
	struct grey_set s;

	make_tag(g, m, pair, tag);
	spot->set = set_of(g, tag);
	if (read_set(g, spot->set, &s, err) == -1)
		return -1;
	spot->way = least(&s, t, now_s);
	spot->place = (struct grey_place){ .last_s = 0 };
	memcpy(spot->place.tag, tag, TAG);
	for (size_t i = 0; i < WAYS; i++) {
		if (s.v[i].last_s == 0 || memcmp(s.v[i].tag, tag, TAG) != 0)
			continue;
		spot->way = i;
		if (is_live(&s.v[i], t, now_s))
			spot->place = s.v[i];
	}
	return 0;
}

static int
keep(struct policy_greylist *g, struct grey_spot *spot, bool known,
    int64_t now_s, struct err *err)
{
	struct grey_place *p = &spot->place;

	if (p->last_s == 0 || p->since_s > now_s)
		p->since_s = (uint32_t)now_s;
	p->last_s = (uint32_t)now_s;
	p->known = known;
	return write_place(g, spot->set, spot->way, p, err);
}

/* It is known, and is so for longer now; not written each time. */
static int
touch(struct policy_greylist *g, struct grey_spot *spot, int64_t now_s,
    struct err *err)
{
	const int64_t age_s = now_s - spot->place.last_s;

	if (age_s >= 0 && age_s < TOUCH_S)
		return 0;
	return keep(g, spot, true, now_s, err);
}

static enum policy_greylist_says
ask_triplet(struct policy_greylist *g, struct grey_spot *spot,
    const struct policy_greylist_times *t, int64_t now_s, int64_t *left_s,
    struct err *err)
{
	/* The clock may have been set back. */
	const bool begins =
	    spot->place.last_s == 0 || spot->place.since_s > now_s;
	const int64_t waited_s = begins ? 0 : now_s - spot->place.since_s;

	*left_s = t->delay_s - waited_s;
	if (*left_s > 0) {
		if (begins && keep(g, spot, false, now_s, err) == -1)
			return POLICY_GREYLIST_FAILED;
		return POLICY_GREYLIST_WAITS;
	}
	return keep(g, spot, true, now_s, err) == 0 ? POLICY_GREYLIST_PASSES
						    : POLICY_GREYLIST_FAILED;
}

enum policy_greylist_says
policy_greylist_ask(struct policy_greylist *g,
    const struct policy_greylist_mail *m, const struct policy_greylist_times *t,
    int64_t now_s, int64_t *left_s, struct err *err)
{
	struct grey_spot spot;

	*left_s = 0;
	for (int pair = 1; pair >= 0; pair--) {
		if (find(g, m, pair == 1, t, now_s, &spot, err) == -1)
			return POLICY_GREYLIST_FAILED;
		if (spot.place.last_s != 0 && spot.place.known != 0)
			return touch(g, &spot, now_s, err) == 0
				   ? POLICY_GREYLIST_PASSES
				   : POLICY_GREYLIST_FAILED;
	}
	return ask_triplet(g, &spot, t, now_s, left_s, err);
}

int
policy_greylist_learn(struct policy_greylist *g,
    const struct policy_greylist_mail *m, const struct policy_greylist_times *t,
    int64_t now_s, struct err *err)
{
	struct grey_spot spot;

	if (find(g, m, true, t, now_s, &spot, err) == -1)
		return -1;
	if (spot.place.last_s != 0)
		return touch(g, &spot, now_s, err);
	return keep(g, &spot, true, now_s, err);
}

/* ---- the file ---- */

/* That of a file, or one that has nothing. */
static int
read_head(int fd, struct grey_head *h, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "%s", file_name);
	if (!S_ISREG(st.st_mode) ||
	    fd_pread_all(fd, (char *)h, sizeof *h, 0, err) == -1 ||
	    memcmp(h->magic, magic, sizeof magic) != 0 ||
	    h->crc != crc_of_head(h) || h->sets == 0 ||
	    st.st_size < place_of_set(h->sets))
		return err_set(err, ERR_TEMP, "%s was damaged", file_name);
	return 0;
}

/* What is in OLD, however old, goes to where it is in G, which is in memory. */
static void
take_over(struct policy_greylist *g, struct policy_greylist *old)
{
	static const struct policy_greylist_times any = { 0 };
	struct grey_set s;

	for (uint32_t at = 0; at < old->head.sets; at++) {
		if (read_set(old, at, &s, NULL) == -1)
			return;
		for (size_t i = 0; i < WAYS; i++) {
			const struct grey_place *p = &s.v[i];
			const uint32_t to = set_of(g, p->tag);
			const size_t way = least(&g->mem[to], &any, INT64_MIN);
			struct grey_place *there = &g->mem[to].v[way];

			if (worth(p, &any, INT64_MIN) >
			    worth(there, &any, INT64_MIN))
				*there = *p;
		}
	}
}

/* A place of zeros is an empty one: a table that has nothing needs room and no
 * writing, however large it is. */
static int
write_sets(struct policy_greylist *g, int fd, struct err *err)
{
	const size_t bytes = g->head.sets * sizeof *g->mem;

	if (g->mem == NULL) {
		if (fallocate(fd, 0, 0, place_of_set(g->head.sets)) == 0)
			return 0;
		if (errno != EOPNOTSUPP && errno != ENOSYS)
			return err_sys(
			    err, ERR_TEMP, "no room for %s", new_name);
		g->mem = xcalloc(g->head.sets, sizeof *g->mem);
	}
	return fd_pwrite_all(fd, slice_of(g->mem, bytes), place_of_set(0), err);
}

/* All of G as a file; then it has its room on the disk. */
static void
write_file(struct policy_greylist *g, int dirfd, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	const struct slice head = slice_of(&g->head, sizeof g->head);
	int fd = openat(dirfd, new_name, flags, 0600);

	if (fd == -1) {
		err_sys(err, ERR_TEMP, "create %s", new_name);
		return;
	}
	if (fd_pwrite_all(fd, head, 0, err) == -1 ||
	    write_sets(g, fd, err) == -1)
		goto fail;
	if (renameat(dirfd, new_name, dirfd, file_name) == -1) {
		err_sys(err, ERR_TEMP, "rename %s", new_name);
		goto fail;
	}
	g->fd = fd;
	xfree(&g->mem);
	return;
fail:
	(void)unlinkat(dirfd, new_name, 0);
	fd_close(&fd);
}

static void
open_file(struct policy_greylist *g, int dirfd, struct err *err)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	/* of a process that ended while it wrote it */
	(void)unlinkat(dirfd, new_name, 0);
	g->fd = openat(dirfd, file_name, flags);
	if (g->fd == -1 && errno != ENOENT)
		err_sys(err, ERR_TEMP, "open %s", file_name);
	else if (g->fd != -1 && read_head(g->fd, &g->head, err) == -1)
		fd_close(&g->fd);
}

static struct policy_greylist *
table_new(uint32_t sets)
{
	struct policy_greylist *g = xcalloc(1, sizeof *g);

	g->fd = -1;
	g->head.sets = sets;
	memcpy(g->head.magic, magic, sizeof magic);
	return g;
}

struct policy_greylist *
policy_greylist_open(int dirfd, uint32_t entries, struct err *err)
{
	const uint32_t sets = (entries + WAYS - 1) / WAYS;
	struct policy_greylist *old = table_new(sets), *g;

	must(sets > 0);
	*err = (struct err){ .text = "" };
	if (dirfd != -1)
		open_file(old, dirfd, err);
	if (old->fd != -1 && old->head.sets == sets)
		return old;
	g = table_new(sets);
	if (old->fd != -1) {
		g->mem = xcalloc(sets, sizeof *g->mem);
		memcpy(g->head.secret, old->head.secret, SECRET);
		take_over(g, old);
	} else {
		digest_random(g->head.secret, SECRET);
	}
	g->head.crc = crc_of_head(&g->head);
	policy_greylist_close(&old);
	if (dirfd == -1)
		err_set(err, ERR_TEMP, "there is no directory for it");
	else
		write_file(g, dirfd, err);
	if (g->fd == -1 && g->mem == NULL)
		g->mem = xcalloc(sets, sizeof *g->mem);
	return g;
}

void
policy_greylist_close(struct policy_greylist **p)
{
	if (*p == NULL)
		return;
	fd_close(&(*p)->fd);
	free((*p)->mem);
	xfree(p);
}
