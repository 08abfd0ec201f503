/* SPDX-License-Identifier: ISC */
#include "qmgr/run/known.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/frame.h"

enum {
	KEEP_MAX_MS = 1000, /* whatever lookup says */
	ANSWERS_MAX = 4096, /* then all are forgotten */
	KEY_MAX_BYTES = 1024,
};

/* A lookup_found as it came. */
struct known {
	int64_t until_ms;
	size_t n;
	char frame[];
};

static struct map answers; /* by flags and address; all zero is empty */
static uint64_t generation;

/* Until the next call; empty when it is too long to be kept. */
static struct slice
key_of(struct slice address, unsigned flags)
{
	static struct buf key = { .max = KEY_MAX_BYTES };

	buf_reset(&key);
	if (address.n >= KEY_MAX_BYTES - 16)
		return SLICE("");
	buf_addu(&key, flags);
	buf_addc(&key, ' ');
	buf_add(&key, address);
	return buf_slice(&key);
}

static void
put_frame(struct slice key, struct slice frame, int64_t until_ms)
{
	struct known *k = xmalloc(sizeof *k + frame.n);

	k->until_ms = until_ms;
	k->n = frame.n;
	memcpy(k->frame, frame.p, frame.n);
	free(map_find(&answers, key));
	map_put(&answers, key, k);
}

uint64_t
known_generation(void)
{
	return generation;
}

/* They are too many: none of them is wrong. */
static void
make_room(void)
{
	struct map_iter it = { 0 };

	while (map_next(&answers, &it))
		free(it.value);
	map_fini(&answers);
}

void
known_put(
    struct slice address, unsigned flags, uint64_t asked, const struct msg *m)
{
	static struct buf frame = { .max = MSG_MAX_BYTES };
	const struct slice key = key_of(address, flags);
	const uint32_t ms = m->lookup_found.keep_ms;
	int fd;

	if (ms == 0 || key.n == 0 || asked != generation)
		return;
	if (answers.count >= ANSWERS_MAX)
		make_room();
	buf_reset(&frame);
	if (msg_put(m, &frame, &fd))
		put_frame(key, buf_slice(&frame),
		    ev_now_ms() + (ms < KEEP_MAX_MS ? ms : KEEP_MAX_MS));
}

bool
known_find(struct slice address, unsigned flags, struct msg *m)
{
	const struct slice key = key_of(address, flags);
	struct known *k = key.n > 0 ? map_find(&answers, key) : NULL;

	if (k == NULL)
		return false;
	if (ev_now_ms() < k->until_ms)
		return msg_get(slice_of(k->frame, k->n), -1, m);
	map_del(&answers, key);
	free(k);
	return false;
}

void
known_forget(void)
{
	generation++;
	make_room();
}
