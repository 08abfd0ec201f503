/* SPDX-License-Identifier: ISC */
#include "master/serve.h"

#include <fcntl.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ipc/role_facts.h"
#include "sys/fd.h"

enum {
	FIRST_UID = 500, /* lower ones have no mailbox: the system's own */
	UID_MIN = 1000,
	OVERFLOW_ID = 65534, /* the kernel's nobody */
	LOGIN_DEFS_MAX_BYTES = 256 << 10,
};

static const char *const accounts[] = {
#define ACCOUNT(name) name,
#include "sys/accounts.def" // IWYU pragma: keep
#undef ACCOUNT
	"pabal-net", /* of 0.1: a host that had it may still have it */
};

uid_t
serve_uid_min(struct slice login_defs)
{
	while (login_defs.n > 0) {
		struct slice line =
		    slice_trim(slice_cut(login_defs, '\n', &login_defs));
		struct cur c = cur_of(line);
		uint64_t v;

		if (!cur_try(&c, "UID_MIN") ||
		    (cur_peek(&c) != ' ' && cur_peek(&c) != '\t'))
			continue;
		c = cur_of(slice_trim(cur_rest(&c)));
		v = cur_u64(&c, INT32_MAX);
		if (cur_end(&c) && v > 0)
			return (uid_t)v;
	}
	return UID_MIN;
}

static int
find_owners(struct serve *s, struct err *err)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const char *name = role_facts((enum role)r)->owner;
		const struct passwd *pw = name != NULL ? getpwnam(name) : NULL;

		if (pw != NULL) {
			s->owner[r].uid = pw->pw_uid;
			s->owner[r].gid = pw->pw_gid;
		} else if (name != NULL && strcmp(name, "nobody") == 0) {
			s->owner[r].uid = s->owner[r].gid = OVERFLOW_ID;
		} else if (name != NULL) {
			return err_set(err, ERR_PERM,
			    "no user %s: create the accounts (\"make "
			    "accounts\", or systemd-sysusers)",
			    name);
		}
	}
	return 0;
}

int
serve_init(struct serve *s, struct err *err)
{
	struct buf text = { .max = LOGIN_DEFS_MAX_BYTES };
	int fd = open("/etc/login.defs", O_RDONLY | O_CLOEXEC);

	*s = (struct serve){ .drop = geteuid() == 0, .self = geteuid() };
	_Static_assert(ARRAY_LEN(accounts) <= SERVE_OWN_MAX, "own");
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++) {
		const struct passwd *pw = getpwnam(accounts[i]);

		if (pw != NULL)
			s->own[s->nown++] = pw->pw_uid;
	}
	if (fd != -1)
		(void)fd_read_file(fd, &text, NULL);
	s->min = serve_uid_min(buf_slice(&text));
	fd_close(&fd);
	buf_fini(&text);
	return s->drop ? find_owners(s, err) : 0;
}

static bool
is_own(const struct serve *s, uid_t uid)
{
	for (size_t i = 0; i < s->nown; i++)
		if (s->own[i] == uid)
			return true;
	return false;
}

bool
serve_may(const struct serve *s, enum role role, uid_t uid, bool known,
    const char **why)
{
	*why = "no process may serve that uid";
	if (uid == 0)
		return true;
	if (!s->drop)
		return uid == s->self;
	if (uid == (uid_t)-1 || is_own(s, uid))
		return false;
	if (role_is(role, ROLE_RUNS_COMMANDS) && uid < s->min) {
		*why = "commands do not run as accounts of the system "
		       "(UID_MIN)";
		return false;
	}
	return uid >= FIRST_UID && (known || role_is(role, ROLE_ANY_UID));
}
