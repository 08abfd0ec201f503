/* SPDX-License-Identifier: ISC */
#include "table/account.h"

#include "base/cur.h"
#include "conf/quota.h"
#include "proto/address.h"
#include "table/key.h"
#include "table/reader.h"

int
account_take_quota(struct account_entry *a, struct slice value, struct err *err)
{
	struct quota q = { 0 };

	a->has_quota = !slice_is(value, "-");
	if (!a->has_quota || quota_parse(value, &q)) {
		a->quota_bytes = q.bytes;
		a->quota_messages = q.messages;
		return 0;
	}
	return err_set(err, ERR_PERM,
	    "quota: expected bytes (5G), bytes and messages (5G,10000), or -");
}

struct slice
account_domain_key(struct slice name)
{
	return slice_from(name, slice_rfind(name, '@'));
}

int
account_set_home(struct account_entry *a, struct slice path, struct err *err)
{
	struct slice rest = path;

	if (path.n == 0 || path.p[path.n - 1] == '/')
		return err_set(err, ERR_PERM, "expected home=DIRECTORY");
	while (rest.n > 0) {
		const struct slice part = slice_cut(rest, '/', &rest);

		if (part.n == 0 || slice_is(part, ".") || slice_is(part, ".."))
			return err_set(err, ERR_PERM,
			    "home: expected a path beneath the mail root");
	}
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 0x7f)
			return err_set(err, ERR_PERM,
			    "home: no spaces or control characters");
	if (!slice_copy(path, a->home, sizeof a->home))
		return err_set(err, ERR_PERM, "home: longer than %zu bytes",
		    sizeof a->home - 1);
	a->home_len = path.n;
	return 0;
}

/* A local part that is a directory's name is one that stays where it is put,
 * and does not hide. */
static bool
is_plain(struct slice local)
{
	return local.n > 0 && local.p[0] != '.' && local.p[0] != '"' &&
	       slice_find(local, '/') == local.n;
}

static int
check_name(
    struct slice name, struct slice *local, struct slice *domain, struct err *e)
{
	struct buf canonical;
	bool ok;

	buf_init(&canonical, ADDRESS_MAX);
	ok = address_parse(name, ADDRESS_UTF8, &canonical) &&
	     slice_ieq(buf_slice(&canonical), name);
	buf_fini(&canonical);
	if (!ok)
		return err_set(e, ERR_PERM, "expected NAME@DOMAIN");
	address_split(name, local, domain);
	return 0;
}

int
account_default(struct slice name, struct account_entry *a, struct err *err)
{
	char space[TABLE_KEY_MAX];
	struct slice folded, local = { 0 }, domain = { 0 };
	struct buf home;
	int rc;

	*a = (struct account_entry){ .uid = ACCOUNT_VIRTUAL, .gid = (gid_t)-1 };
	if (!table_fold(name, space, &folded) ||
	    check_name(folded, &local, &domain, err) == -1)
		return err_set(err, ERR_PERM, "expected NAME@DOMAIN");
	if (!is_plain(local))
		return err_set(err, ERR_PERM,
		    "%.*s cannot be a directory: say home=DIRECTORY",
		    SLICE_FMT(local));
	buf_init(&home, sizeof a->home);
	buf_add(&home, domain);
	buf_addc(&home, '/');
	buf_add(&home, local);
	rc = account_set_home(a, buf_slice(&home), err);
	buf_fini(&home);
	return rc;
}

static int
take_id(struct slice value, const char *what, uint32_t *id, struct err *err)
{
	struct cur c = cur_of(value);

	if (slice_is(value, "-")) {
		*id = UINT32_MAX;
		return 0;
	}
	*id = (uint32_t)cur_u64(&c, UINT32_MAX - 1);
	if (!cur_end(&c) || *id == 0)
		return err_set(
		    err, ERR_PERM, "%s: expected - or a number above 0", what);
	return 0;
}

static int
take_flag(struct slice value, const char *what, unsigned flag,
    struct account_entry *a, struct err *err)
{
	if (slice_is(value, "no"))
		a->flags |= flag;
	else if (!slice_is(value, "yes"))
		return err_set(err, ERR_PERM, "%s: expected yes or no", what);
	return 0;
}

static int
take_field(struct slice key, struct slice value, struct account_entry *a,
    struct err *err)
{
	if (slice_is(key, "uid"))
		return take_id(value, "uid", &a->uid, err);
	if (slice_is(key, "gid"))
		return take_id(value, "gid", &a->gid, err);
	if (slice_is(key, "home"))
		return account_set_home(a, value, err);
	if (slice_is(key, "login"))
		return take_flag(value, "login", ACCOUNT_NO_LOGIN, a, err);
	if (slice_is(key, "mail"))
		return take_flag(value, "mail", ACCOUNT_NO_MAIL, a, err);
	if (slice_is(key, "quota"))
		return account_take_quota(a, value, err);
	return err_set(err, ERR_PERM,
	    "expected uid=, gid=, home=, quota=, login= or mail=");
}

int
account_parse(struct slice name, struct slice value, struct account_entry *a,
    struct err *err)
{
	/* the default home may be none, where home= follows */
	const int has_home = account_default(name, a, err);

	while (value.n > 0) {
		struct slice word = slice_cut(slice_trim(value), ' ', &value);
		struct slice v;
		const struct slice k = slice_cut(word, '=', &v);

		if (k.n > 0 && take_field(k, v, a, err) == -1)
			return -1;
	}
	if (a->home_len == 0)
		return has_home;
	if ((a->uid == ACCOUNT_VIRTUAL) != (a->gid == (gid_t)-1))
		return err_set(
		    err, ERR_PERM, "expected both uid= and gid=, or none");
	return 0;
}

void
account_format(const struct account_entry *a, struct buf *out)
{
	const struct quota quota = { a->quota_bytes, a->quota_messages };

	if (a->uid == ACCOUNT_VIRTUAL)
		buf_adds(out, "uid=- gid=-");
	else
		buf_addf(out, "uid=%u gid=%u", a->uid, a->gid);
	buf_adds(out, " home=");
	buf_add(out, slice_of(a->home, a->home_len));
	if (a->has_quota) {
		buf_adds(out, " quota=");
		quota_format(&quota, out);
	}
	if ((a->flags & ACCOUNT_NO_LOGIN) != 0)
		buf_adds(out, " login=no");
	if ((a->flags & ACCOUNT_NO_MAIL) != 0)
		buf_adds(out, " mail=no");
}

int
account_parse_domain(
    struct slice value, struct account_entry *a, struct err *err)
{
	struct slice quota, rest;
	const struct slice word = slice_cut(slice_trim(value), '=', &quota);

	*a = (struct account_entry){ .uid = ACCOUNT_VIRTUAL, .gid = (gid_t)-1 };
	rest = slice_from(quota, slice_find(quota, ' '));
	if (!slice_is(word, "quota") || rest.n > 0)
		return err_set(err, ERR_PERM, "expected quota=");
	return account_take_quota(a, quota, err);
}

int
account_check(struct slice name, struct slice value, struct err *err)
{
	struct slice local, domain;
	struct account_entry a;

	if (slice_starts(name, SLICE("@"))) {
		if (!address_is_domain(slice_from(name, 1), ADDRESS_UTF8))
			return err_set(err, ERR_PERM, "expected @DOMAIN");
		return account_parse_domain(value, &a, err);
	}
	if (check_name(name, &local, &domain, err) == -1)
		return -1;
	return account_parse(name, value, &a, err);
}

int
account_check_password(struct slice name, struct slice value, struct err *err)
{
	struct slice local, domain;

	if (check_name(name, &local, &domain, err) == -1)
		return -1;
	if (value.n == 0 || (value.p[0] != '$' && value.p[0] != '{' &&
				!slice_starts(value, SLICE("SCRAM-SHA-256$"))))
		return err_set(err, ERR_PERM,
		    "expected a password hash ($...), SCRAM-SHA-256$... or "
		    "{SCHEME}hash");
	if (slice_find(value, ' ') < value.n)
		return err_set(err, ERR_PERM, "no spaces in a password hash");
	return 0;
}
