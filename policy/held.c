/* SPDX-License-Identifier: ISC */
#include "policy/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "queue/envelope_text.h"
#include "sys/clock.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

enum {
	TEXT_MAX = 200, /* of why */
	LOGIN_MAX = 500,
	CLIENT_MAX = 60,
	CLIENTS_MAX = POLICY_HELD_CLIENTS * (CLIENT_MAX + 1),
	FILE_MAX = 8 << 20,
	A_LIST = 16, /* fit in a frame */
};

static const char file_name[] = "held-logins";

static struct {
	TAILQ_HEAD(, policy_held) all;
	struct map by_login;
	size_t held;
	int dirfd;
} table = { .all = TAILQ_HEAD_INITIALIZER(table.all), .dirfd = -1 };

/* ---- one ---- */

static struct policy_held *
make(struct slice login)
{
	struct policy_held *h = xcalloc(1, sizeof *h);

	h->login = xslicedup(login);
	h->why = xslicedup(SLICE(""));
	h->clients.max = CLIENTS_MAX;
	TAILQ_INSERT_TAIL(&table.all, h, link);
	map_put(&table.by_login, login, h);
	return h;
}

static void
drop(struct policy_held *h)
{
	TAILQ_REMOVE(&table.all, h, link);
	map_del(&table.by_login, slice_str(h->login));
	buf_fini(&h->clients);
	free(h->why);
	free(h->login);
	free(h);
}

static bool
has_client(const struct policy_held *h, struct slice client)
{
	struct slice rest = buf_slice(&h->clients);

	while (rest.n > 0)
		if (slice_eq(slice_cut(rest, ',', &rest), client))
			return true;
	return false;
}

/* False: it is known, or one too many. */
static bool
add_client(struct policy_held *h, struct slice client)
{
	if (client.n == 0 || client.n > CLIENT_MAX ||
	    h->nclients == POLICY_HELD_CLIENTS || has_client(h, client))
		return false;
	if (h->nclients++ > 0)
		buf_addc(&h->clients, ',');
	buf_add(&h->clients, client);
	return true;
}

static void
set_why(struct policy_held *h, struct slice why)
{
	free(h->why);
	h->why = xslicedup(slice_sub(why, 0, TEXT_MAX));
}

/* ---- its line ---- */

static void
format(const struct policy_held *h, struct buf *out)
{
	buf_adds(out, "login=");
	envelope_escape(out, slice_str(h->login));
	buf_addf(out, " since=%lld noticed=%lld why=", (long long)h->since_s,
	    (long long)h->noticed_s);
	envelope_escape(out, slice_str(h->why));
	buf_adds(out, " clients=");
	envelope_escape(out, buf_slice(&h->clients));
	buf_addc(out, '\n');
}

static bool
read_number(struct slice value, int64_t *v)
{
	struct cur c = cur_of(value);

	*v = (int64_t)cur_u64(&c, INT64_MAX);
	return cur_end(&c);
}

static bool
read_word(struct policy_held *h, struct slice name, struct slice value)
{
	if (slice_is(name, "since"))
		return read_number(value, &h->since_s);
	if (slice_is(name, "noticed"))
		return read_number(value, &h->noticed_s);
	if (slice_is(name, "why")) {
		set_why(h, value);
		return true;
	}
	if (!slice_is(name, "clients"))
		return false;
	while (value.n > 0)
		(void)add_client(h, slice_cut(value, ',', &value));
	return true;
}

/* The login comes first. */
static bool
read_line(struct slice line)
{
	struct policy_held *h = NULL;
	struct arena arena;
	bool ok = true;

	arena_init(&arena);
	while (ok && line.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(line, ' ', &line), '=', &value);

		ok = envelope_unescape(&arena, value, &value);
		if (ok && h == NULL && slice_is(name, "login") && value.n > 0 &&
		    map_find(&table.by_login, value) == NULL)
			h = make(value);
		else
			ok = ok && h != NULL && read_word(h, name, value);
	}
	if (h != NULL && h->since_s > 0)
		table.held++;
	arena_fini(&arena);
	return ok && h != NULL;
}

/* ---- the file ---- */

static bool
is_of_use(const struct policy_held *h)
{
	return h->since_s > 0 ||
	       h->noticed_s + POLICY_HELD_DAY_S > clock_wall_s();
}

static void
forget_old(void)
{
	struct policy_held *h, *next;

	for (h = TAILQ_FIRST(&table.all); h != NULL; h = next) {
		next = TAILQ_NEXT(h, link);
		if (!is_of_use(h))
			drop(h);
	}
}

static int
save(struct err *err)
{
	const struct policy_held *h;
	struct buf out = { .max = FILE_MAX };
	int rc;

	*err = (struct err){ .text = "" };
	if (table.dirfd == -1)
		return err_set(err, ERR_TEMP, "there is no directory");
	forget_old();
	TAILQ_FOREACH(h, &table.all, link)
	format(h, &out);
	rc =
	    durable_replace(table.dirfd, file_name, buf_slice(&out), 0600, err);
	buf_fini(&out);
	return rc;
}

static int
read_file(int fd, struct err *err)
{
	struct buf text = { .max = FILE_MAX };
	struct slice lines;
	size_t bad = 0;
	int rc = fd_read_file(fd, &text, err);

	lines = rc == 0 ? buf_slice(&text) : SLICE("");
	while (lines.n > 0)
		if (!read_line(slice_cut(lines, '\n', &lines)))
			bad++;
	buf_fini(&text);
	if (bad > 0)
		rc = err_set(
		    err, ERR_PERM, "%s: %zu lines are damaged", file_name, bad);
	return rc;
}

int
policy_held_open(int dirfd, struct err *err)
{
	int fd, rc;

	policy_held_close();
	table.dirfd = dirfd;
	if (dirfd == -1)
		return 0;
	fd = openat(dirfd, file_name, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "open %s", file_name);
	rc = read_file(fd, err);
	fd_close(&fd);
	return rc;
}

void
policy_held_close(void)
{
	struct policy_held *h;

	while ((h = TAILQ_FIRST(&table.all)) != NULL)
		drop(h);
	map_fini(&table.by_login);
	table.held = 0;
	table.dirfd = -1;
}

/* ---- what others ask ---- */

struct policy_held *
policy_held_find(struct slice login)
{
	struct policy_held *h = map_find(&table.by_login, login);

	return h != NULL && h->since_s > 0 ? h : NULL;
}

struct policy_held *
policy_held_add(
    struct slice login, struct slice why, struct slice client, struct err *err)
{
	struct policy_held *h = map_find(&table.by_login, login);

	if (h == NULL && table.by_login.count >= POLICY_HELD_MAX)
		forget_old();
	if (h == NULL &&
	    (table.by_login.count >= POLICY_HELD_MAX || login.n > LOGIN_MAX)) {
		err_set(err, ERR_TEMP, "too many logins are held");
		return NULL;
	}
	if (h == NULL)
		h = make(login);
	if (h->since_s == 0)
		table.held++;
	h->since_s = clock_wall_s();
	buf_reset(&h->clients);
	h->nclients = 0;
	set_why(h, why);
	(void)add_client(h, client);
	(void)save(err);
	return h;
}

int
policy_held_client(struct policy_held *h, struct slice client, struct err *err)
{
	return add_client(h, client) ? save(err) : 0;
}

bool
policy_held_release(struct slice login, struct err *err)
{
	struct policy_held *h = policy_held_find(login);

	if (h == NULL)
		return false;
	h->since_s = 0;
	table.held--;
	(void)save(err);
	return true;
}

struct policy_held *
policy_held_unnoticed(void)
{
	struct policy_held *h;

	TAILQ_FOREACH(h, &table.all, link)
	if (h->since_s > 0 && h->notice_wanted)
		break;
	return h;
}

bool
policy_held_notice_due(const struct policy_held *h)
{
	return h->noticed_s + POLICY_HELD_DAY_S <= clock_wall_s() ||
	       h->noticed_s > clock_wall_s(); /* the clock was set back */
}

int
policy_held_noticed(struct slice login, struct err *err)
{
	struct policy_held *h = map_find(&table.by_login, login);

	if (h == NULL)
		return 0;
	h->noticed_s = clock_wall_s();
	return save(err);
}

bool
policy_held_list(size_t from, struct buf *out)
{
	const struct policy_held *h;
	size_t at = 0;

	TAILQ_FOREACH(h, &table.all, link)
	{
		if (h->since_s == 0 || at++ < from)
			continue;
		if (at > from + A_LIST)
			return true;
		format(h, out);
	}
	return false;
}

size_t
policy_held_count(void)
{
	return table.held;
}
