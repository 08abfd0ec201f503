/* SPDX-License-Identifier: ISC */
#include "script/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "sieve/emit.h"
#include "sievestore/active.h"
#include "sievestore/name.h"
#include "sievestore/scripts.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define COMPILED SIEVESTORE_DIR "/" SIEVESTORE_CODE

enum { PATH_BYTES = 4096 };

static void
script_init(struct account_script *s)
{
	*s = (struct account_script){
		.account = -1, .store.dir = -1, .code = COMPILED
	};
}

int
script_open_account(
    int dir, const char *home, struct account_script *s, struct err *err)
{
	script_init(s);
	s->account = beneath_open(dir, home, O_RDONLY | O_DIRECTORY, 0, err);
	if (s->account == -1)
		return -1;
	if (sievestore_open(&s->store, s->account, err) == 0)
		return 0;
	script_close(s);
	return -1;
}

/* Most have none, and this is all it costs. */
static bool
is_there(int dir, const char *home)
{
	char path[PATH_BYTES];
	int fd;

	if ((size_t)snprintf(path, sizeof path, "%s/" SIEVESTORE_ACTIVE,
		home) >= sizeof path)
		return false;
	fd = beneath_open(dir, path, O_RDONLY | O_NONBLOCK, 0, NULL);
	if (fd == -1)
		return errno != ENOENT;
	fd_close(&fd);
	return true;
}

enum found
script_open(
    int dir, const char *home, struct account_script *s, struct err *err)
{
	struct sievestore_active active = { .fd = -1 };
	enum found found;

	script_init(s);
	if (!is_there(dir, home))
		return ABSENT;
	if (script_open_account(dir, home, s, err) == -1)
		return TEMPFAIL;
	found =
	    sievestore_active_open(&s->store, SCRIPT_MAX_BYTES, &active, err);
	if (found == FOUND) {
		s->name = xstrdup(active.name);
		buf_init(&s->text, SCRIPT_MAX_BYTES);
		if (fd_read_file(active.fd, &s->text, err) == -1)
			found = TEMPFAIL;
	}
	sievestore_active_fini(&active);
	if (found != FOUND)
		script_close(s);
	return found;
}

enum found
script_take(struct account_script *s, struct slice name, struct err *err)
{
	struct buf text = { .max = SCRIPT_MAX_BYTES };
	char code[SIEVESTORE_CODE_BYTES];
	enum found found = ABSENT;

	if (sievestore_name_valid(name))
		found = sievestore_read(&s->store, name, &text, err);
	if (found != FOUND) {
		buf_fini(&text);
		return found;
	}
	s->name = xslicedup(name);
	s->text = text;
	sievestore_name_code(name, code);
	snprintf(s->code, sizeof s->code, SIEVESTORE_DIR "/%s", code);
	return FOUND;
}

void
script_close(struct account_script *s)
{
	sievestore_close(&s->store);
	fd_close(&s->account);
	free(s->name);
	buf_fini(&s->text);
	script_init(s);
}

enum found
script_other(
    const struct account_script *s, struct slice name, struct buf *text)
{
	struct err err;

	if (slice_is(name, s->name)) {
		buf_add(text, buf_slice(&s->text));
		return FOUND;
	}
	return sievestore_name_valid(name)
		   ? sievestore_read(&s->store, name, text, &err)
		   : ABSENT;
}

struct slice
script_known(const struct account_script *s)
{
	return slice_str(s->name != NULL ? s->name : "");
}

uint64_t
script_hash(struct slice text)
{
	return sieve_emit_hash(text);
}

enum found
script_code(const struct account_script *s, struct buf *code)
{
	enum found found;
	int fd =
	    beneath_open(s->account, s->code, O_RDONLY | O_NONBLOCK, 0, NULL);

	if (fd == -1)
		return ABSENT;
	found =
	    fd_read_file(fd, code, NULL) == 0 && code->n > 0 ? FOUND : ABSENT;
	fd_close(&fd);
	return found;
}

/* A reader gets the old one or the new one; after a power failure it may be
 * neither, which its checksum tells. */
void
script_keep_code(const struct account_script *s, struct slice code)
{
	char temporary[sizeof s->code + 4];
	int dir = beneath_make(s->account, SIEVESTORE_DIR, 0700, NULL);
	int fd;

	if (dir == -1)
		return;
	snprintf(temporary, sizeof temporary, "%s.new", s->code);
	fd = beneath_open(s->account, temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, NULL);
	if (fd != -1 && fd_write_all(fd, code, NULL) == 0)
		(void)renameat(s->account, temporary, s->account, s->code);
	fd_close(&fd);
	fd_close(&dir);
}
