/* SPDX-License-Identifier: ISC */
#include "auth/token.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "auth/conf.h"
#include "auth/jwt.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ipc/auth.h"
#include "log/log.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { FILE_MAX = 256 << 10 };

static struct {
	int dir;
	struct jwt_keys keys;
	struct stat seen; /* of the file they are from */
} token;

static int
load(int dir, struct jwt_keys *keys, struct stat *st, struct err *err)
{
	const char *name = auth_conf->oauth_keys;
	struct buf text = { .max = FILE_MAX };
	int fd, rc = -1;

	*keys = (struct jwt_keys){ .n = 0 };
	if (name[0] == '\0')
		return 0;
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", name);
	if (fstat(fd, st) == -1 || !S_ISREG(st->st_mode))
		err_set(err, ERR_PERM, "%s is not a file", name);
	else
		rc = fd_read_file(fd, &text, err);
	if (rc == 0)
		rc = jwt_keys_parse(buf_slice(&text), keys, err);
	fd_close(&fd);
	buf_fini(&text);
	return rc;
}

int
auth_token_try(int dir, struct err *err)
{
	struct jwt_keys keys;
	struct stat st;
	const int rc = load(dir, &keys, &st, err);

	jwt_keys_fini(&keys);
	return rc;
}

int
auth_token_configure(int dir, struct err *err)
{
	struct jwt_keys keys;
	struct stat st = { .st_size = 0 };

	token.dir = dir;
	if (load(dir, &keys, &st, err) == -1)
		return -1;
	jwt_keys_fini(&token.keys);
	token.keys = keys;
	token.seen = st;
	return 0;
}

void
auth_token_stop(void)
{
	jwt_keys_fini(&token.keys);
}

/* The issuer changes its keys while we run.  What cannot be read leaves the old
 * ones, and is said once. */
static void
look_again(void)
{
	const char *name = auth_conf->oauth_keys;
	struct err err;
	struct stat st;

	if (name[0] == '\0' || fstatat(token.dir, name, &st, 0) == -1 ||
	    (st.st_ino == token.seen.st_ino &&
		st.st_size == token.seen.st_size &&
		st.st_mtim.tv_sec == token.seen.st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == token.seen.st_mtim.tv_nsec))
		return;
	if (auth_token_configure(token.dir, &err) == -1)
		log_err("auth.keys-invalid", kv_s("file", name),
		    kv_s("why", err.text));
	token.seen = st;
}

const char *
auth_token_check(struct slice text, char **account)
{
	const struct jwt_rules rules = {
		.issuer = auth_conf->oauth_issuer,
		.audience = auth_conf->oauth_audience,
		.scope = auth_conf->oauth_scope,
		.account_claim = auth_conf->oauth_account_claim,
		.now_s = clock_wall_s(),
		.skew_s = auth_conf->oauth_clock_skew / 1000,
	};
	struct buf name = { .max = AUTH_LOGIN_MAX };
	const char *wrong;

	look_again();
	wrong = jwt_check(&token.keys, &rules, text, &name);
	*account = wrong == NULL ? xslicedup(buf_slice(&name)) : NULL;
	buf_fini(&name);
	return wrong;
}
