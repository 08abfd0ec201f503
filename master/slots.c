/* SPDX-License-Identifier: ISC */
#include "master/slots.h"

#include <string.h>

#include "base/map.h"

struct child_list master_children = TAILQ_HEAD_INITIALIZER(master_children);

static struct map by_key;
static struct map by_pid;

struct slot_key
slots_key_of(const struct child *c)
{
	return (struct slot_key){ c->role, c->index, c->uid,
		slice_str(c->place), c->nursery };
}

struct slice
slots_key_bytes(const struct slot_key *key, char room[SLOT_KEY_BYTES])
{
	const uint32_t head[] = { key->role, key->index, key->uid,
		key->nursery };
	const struct slice place =
	    slice_sub(key->place, 0, SLOT_KEY_BYTES - sizeof head);

	memcpy(room, head, sizeof head);
	if (place.n > 0)
		memcpy(room + sizeof head, place.p, place.n);
	return slice_of(room, sizeof head + place.n);
}

struct slice
slots_bytes_of(const struct child *c, char room[SLOT_KEY_BYTES])
{
	const struct slot_key key = slots_key_of(c);

	return slots_key_bytes(&key, room);
}

static struct slice
pid_bytes(const pid_t *pid)
{
	return slice_of(pid, sizeof *pid);
}

void
slots_add(struct child *c)
{
	char room[SLOT_KEY_BYTES];

	TAILQ_INSERT_TAIL(&master_children, c, link);
	map_put(&by_key, slots_bytes_of(c, room), c);
}

struct child *
slots_find(const struct slot_key *key)
{
	char room[SLOT_KEY_BYTES];

	return map_find(&by_key, slots_key_bytes(key, room));
}

void
slots_retire(struct child *c)
{
	char room[SLOT_KEY_BYTES];
	const struct slot_key key = slots_key_of(c);

	if (slots_find(&key) == c)
		map_del(&by_key, slots_key_bytes(&key, room));
}

void
slots_remove(struct child *c)
{
	slots_retire(c);
	slots_set_pid(c, 0);
	TAILQ_REMOVE(&master_children, c, link);
}

void
slots_set_pid(struct child *c, pid_t pid)
{
	if (c->pid > 0)
		map_del(&by_pid, pid_bytes(&c->pid));
	c->pid = pid;
	if (pid > 0)
		map_put(&by_pid, pid_bytes(&pid), c);
}

struct child *
slots_by_pid(pid_t pid)
{
	return map_find(&by_pid, pid_bytes(&pid));
}
