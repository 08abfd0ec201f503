/* SPDX-License-Identifier: ISC */
#include "ctl/move/account.h"

#include <stdbool.h>
#include <sys/file.h>
#include <time.h>

#include "base/map.h"
#include "base/mem.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/move/ask.h"
#include "ctl/move/state.h"
#include "ctl/move/tally.h"
#include "maildir/special.h"
#include "store/mailbox.h"
#include "store/states.h"

enum { LOCK_MS = 100, LOCK_TRIES = 50 };

struct importing {
	struct asowner *owner;
	const struct move_account *task;
	struct move_ask ask;
	struct move_state state;
	struct map taken; /* paths here */
};

static int
failed(const struct importing *im, struct slice path, const struct err *err)
{
	im->task->tally->failed++;
	return ctl_fail("%s: %.*s: %s%s", im->owner->name,
	    SLICE_FMT(slice_sub(path, 0, 200)), err->text,
	    err->class == ERR_PERM ? "" : " (the same command goes on)");
}

static void
note(void *arg, const struct mailbox_state *state)
{
	map_put(arg, state->name, arg);
}

/* A folder for sent mail that comes along makes ours of another name
 * superfluous, where nobody has used that. */
static int
hide_default(
    struct importing *im, unsigned special, struct slice path, struct err *err)
{
	struct account *a = im->owner->account;
	struct map used;
	int rc;

	map_init(&used);
	rc = mailbox_states(a, note, &used, err);
	for (size_t i = 0; i < SPECIAL_BOXES && rc == 0; i++) {
		const struct slice ours = slice_str(special_boxes[i].name);

		if ((special_boxes[i].special & special) == 0 ||
		    slice_eq(ours, path) || map_find(&used, ours) != NULL ||
		    map_find(&im->taken, ours) != NULL)
			continue;
		if (mailbox_delete(a, ours, err) == -1 &&
		    err->code != ERR_NOT_FOUND)
			rc = -1;
	}
	map_fini(&used);
	return rc;
}

/* What a folder has besides messages, when it comes first. */
static int
settle(struct importing *im, const struct move_listed *e, struct err *err)
{
	struct account *a = im->owner->account;

	if (mailbox_subscribe(a, e->path, e->subscribed, err) == -1)
		return -1;
	return e->special != 0 ? hide_default(im, e->special, e->path, err) : 0;
}

static enum found
import_folder(
    struct importing *im, const struct move_listed *e, struct err *err)
{
	struct move_folder f = { .owner = im->owner,
		.ask = &im->ask,
		.state = &im->state,
		.tally = im->task->tally,
		.options = &im->task->options,
		.source = slice_str(im->task->source),
		.name = e->name,
		.path = e->path,
		.special = e->special };
	enum found found;

	if (e->path.n == 0) {
		(void)err_set(err, ERR_PERM, "its name cannot be had here");
		return ABSENT;
	}
	if (map_find(&im->taken, e->path) != im->owner) {
		(void)err_set(
		    err, ERR_PERM, "another folder is called so here (--map)");
		return ABSENT;
	}
	map_put(&im->taken, e->path, im);
	found = move_folder(&f, err);
	if (found == FOUND && f.is_new && settle(im, e, err) == -1)
		found = TEMPFAIL;
	return found;
}

static int
import_all(struct importing *im, struct err *err)
{
	struct move_folders l;
	enum found found = FOUND;
	int rc = move_folders_read(&l, &im->ask, &im->task->names, err);

	if (rc == -1)
		(void)asowner_fail(im->owner, err);
	for (size_t i = 0; i < l.n && rc == 0; i++)
		map_put(&im->taken, l.v[i].path, im->owner);
	for (size_t i = 0; i < l.n && rc == 0 && found != TEMPFAIL; i++) {
		const struct slice shown =
		    l.v[i].path.n > 0 ? l.v[i].path : l.v[i].name;

		found = import_folder(im, &l.v[i], err);
		if (found != FOUND)
			(void)failed(im, shown, err);
		else
			im->task->tally->folders++;
	}
	move_folders_fini(&l);
	return rc == 0 && im->task->tally->failed == 0 ? CTL_OK : CTL_FAILED;
}

/* One that was killed just now may hold it for a moment. */
static bool
lock(int dirfd)
{
	const struct timespec pause = { .tv_nsec = LOCK_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(dirfd, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static int
import(struct importing *im, struct err *err)
{
	int rc;

	if (!lock(im->owner->dirfd))
		return ctl_fail(
		    "%s: another import is at work there", im->owner->name);
	if (move_ask_ready(&im->ask, err) == -1)
		return ctl_fail(
		    "%s: %s: %s", im->owner->name, im->task->source, err->text);
	if (move_state_load(&im->state, im->owner->dirfd, err) == -1)
		rc = asowner_fail(im->owner, err);
	else
		rc = import_all(im, err);
	move_state_fini(&im->state);
	return rc;
}

int
move_account_import(struct asowner *o)
{
	struct importing im = { .owner = o, .task = o->arg };
	struct err err = { 0 };
	int rc;

	move_ask_init(&im.ask, im.task->fd);
	map_init(&im.taken);
	rc = import(&im, &err);
	map_fini(&im.taken);
	move_ask_fini(&im.ask);
	return rc;
}
