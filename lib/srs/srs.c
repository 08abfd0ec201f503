/* SPDX-License-Identifier: ISC */
#include "srs/srs.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "proto/address.h"
#include "tls/digest.h"

enum {
	TAG_BYTES = 4, /* "SRS0" */
	HASH_CHARS = 4,
	STAMP_CHARS = 2,
	STAMP_DAYS = 1024, /* then they begin anew */
	DAY_S = 24 * 3600,
	TEXT_MAX = 4 * ADDRESS_MAX,
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* ---- parts ---- */

/* LOCAL without its quotes. */
static void
unquote(struct slice local, struct buf *out)
{
	if (local.n < 2 || local.p[0] != '"') {
		buf_add(out, local);
		return;
	}
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\')
			i++;
		buf_addc(out, local.p[i]);
	}
}

/* LOCAL@DOMAIN in its canonical form; false: it is no address. */
static bool
put_address(struct slice local, struct slice domain, struct buf *out)
{
	struct buf text = { .max = TEXT_MAX };
	bool ok;

	buf_addc(&text, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			buf_addc(&text, '\\');
		buf_addc(&text, local.p[i]);
	}
	buf_addf(&text, "\"@%.*s", SLICE_FMT(domain));
	ok = !text.failed && address_parse(buf_slice(&text), ADDRESS_UTF8, out);
	buf_fini(&text);
	return ok;
}

/* TAG and what separates it from the rest, which others may choose. */
static bool
has_tag(struct slice local, struct slice tag)
{
	const struct slice head = slice_sub(local, 0, TAG_BYTES);

	return local.n > TAG_BYTES + 1 && slice_ieq(head, tag) &&
	       (local.p[TAG_BYTES] == '=' || local.p[TAG_BYTES] == '+' ||
		   local.p[TAG_BYTES] == '-');
}

static bool
is_host(struct slice s)
{
	struct buf text = { .max = ADDRESS_MAX };
	const bool is = put_address(SLICE("x"), s, &text);

	buf_fini(&text);
	return is;
}

/* "HASH=HOST" and REST, which begins with the separator of the SRS0 in it. */
static bool
split_second(struct slice text, struct slice *hash, struct slice *host,
    struct slice *rest)
{
	*hash = slice_cut(text, '=', rest);
	*host = slice_cut(*rest, '=', rest);
	return hash->n > 0 && is_host(*host) && rest->n > 1 &&
	       (rest->p[0] == '=' || rest->p[0] == '+' || rest->p[0] == '-');
}

/* ---- hash and time ---- */

/* In base 64, all of it. */
static void
make_hash(struct slice secret, struct slice a, struct slice b, struct slice c,
    struct buf *out)
{
	struct buf text = { .max = TEXT_MAX };
	uint8_t mac[DIGEST_MAX];
	size_t n;

	buf_add(&text, a);
	buf_add(&text, b);
	buf_add(&text, c);
	for (size_t i = 0; i < text.n; i++)
		text.p[i] = ascii_lower(text.p[i]);
	n = digest_hmac(DIGEST_SHA1, secret, buf_slice(&text), mac);
	base64_encode(out, slice_of(mac, n));
	buf_fini(&text);
}

static void
add_hash(struct slice secret, struct slice a, struct slice b, struct slice c,
    struct buf *out)
{
	struct buf hash = { .max = 2 * DIGEST_MAX };

	make_hash(secret, a, b, c, &hash);
	buf_add(out, slice_sub(buf_slice(&hash), 0, HASH_CHARS));
	buf_fini(&hash);
}

/* Is HASH the start of what one of the secrets gives? */
static bool
is_hash(struct slice hash, const struct slice *secrets, size_t n,
    struct slice a, struct slice b, struct slice c)
{
	bool is = false;

	for (size_t i = 0; i < n && !is; i++) {
		struct buf whole = { .max = 2 * DIGEST_MAX };

		make_hash(secrets[i], a, b, c, &whole);
		is = hash.n >= HASH_CHARS && hash.n <= whole.n &&
		     slice_ieq(hash, slice_sub(buf_slice(&whole), 0, hash.n));
		buf_fini(&whole);
	}
	return is;
}

static int64_t
day_of(int64_t now_s)
{
	return now_s / DAY_S % STAMP_DAYS;
}

static void
add_stamp(int64_t now_s, char stamp[STAMP_CHARS])
{
	const int64_t day = day_of(now_s);

	stamp[0] = digits[day >> 5];
	stamp[1] = digits[day & 31];
}

static int
digit_of(char c)
{
	for (int i = 0; digits[i] != '\0'; i++)
		if (ascii_lower(c) == ascii_lower(digits[i]))
			return i;
	return -1;
}

/* Of one that another host of ours makes, whose day has begun already, the
 * stamp is of tomorrow. */
static enum srs
check_stamp(struct slice stamp, int64_t now_s)
{
	int64_t age;
	int high, low;

	if (stamp.n != STAMP_CHARS)
		return SRS_FORGED;
	high = digit_of(stamp.p[0]);
	low = digit_of(stamp.p[1]);
	if (high == -1 || low == -1)
		return SRS_FORGED;
	age = (day_of(now_s) + STAMP_DAYS - (high << 5 | low)) % STAMP_DAYS;
	return age <= SRS_MAX_AGE_DAYS || age == STAMP_DAYS - 1 ? SRS_DONE
								: SRS_EXPIRED;
}

/* ---- forwarding ---- */

static void
put_first(struct slice user, struct slice host, struct slice secret,
    int64_t now_s, struct buf *out)
{
	char text[STAMP_CHARS];
	const struct slice stamp = slice_of(text, sizeof text);

	add_stamp(now_s, text);
	buf_adds(out, "SRS0=");
	add_hash(secret, stamp, host, user, out);
	buf_addf(out, "=%.*s=%.*s=%.*s", SLICE_FMT(stamp), SLICE_FMT(host),
	    SLICE_FMT(user));
}

/* REST is what stands behind "SRS0" at HOST. */
static void
put_second(
    struct slice rest, struct slice host, struct slice secret, struct buf *out)
{
	buf_adds(out, "SRS1=");
	add_hash(secret, host, rest, SLICE(""), out);
	buf_addf(out, "=%.*s=%.*s", SLICE_FMT(host), SLICE_FMT(rest));
}

enum srs
srs_forward(struct slice sender, struct slice domain, struct slice secret,
    int64_t now_s, struct buf *out)
{
	struct buf user = { .max = TEXT_MAX }, text = { .max = TEXT_MAX };
	struct buf made = { .max = ADDRESS_MAX };
	struct slice local, at, hash, host, rest;
	enum srs rc = SRS_NONE;

	address_split(sender, &local, &at);
	unquote(local, &user);
	local = buf_slice(&user);
	if (at.n == 0 || local.n == 0)
		goto out;
	if (has_tag(local, SLICE("SRS0")))
		put_second(slice_from(local, TAG_BYTES), at, secret, &text);
	else if (has_tag(local, SLICE("SRS1")) &&
		 split_second(
		     slice_from(local, TAG_BYTES + 1), &hash, &host, &rest))
		put_second(rest, host, secret, &text);
	else
		put_first(local, at, secret, now_s, &text);
	rc = SRS_LONG;
	if (text.failed || text.n > SRS_LOCAL_MAX)
		goto out;
	rc = SRS_NONE;
	if (!put_address(buf_slice(&text), domain, &made))
		goto out;
	address_split(buf_slice(&made), &local, &at);
	rc = local.n > SRS_LOCAL_MAX ? SRS_LONG : SRS_DONE;
	if (rc == SRS_DONE)
		buf_add(out, buf_slice(&made));
out:
	buf_fini(&user);
	buf_fini(&text);
	buf_fini(&made);
	return rc;
}

/* ---- back ---- */

static enum srs
reverse_first(struct slice text, const struct slice *secrets, size_t n,
    int64_t now_s, struct buf *out)
{
	const struct slice hash = slice_cut(text, '=', &text);
	const struct slice stamp = slice_cut(text, '=', &text);
	const struct slice host = slice_cut(text, '=', &text);
	enum srs rc;

	if (!is_hash(hash, secrets, n, stamp, host, text))
		return SRS_FORGED;
	rc = check_stamp(stamp, now_s);
	if (rc == SRS_DONE && !put_address(text, host, out))
		rc = SRS_FORGED;
	return rc;
}

static enum srs
reverse_second(
    struct slice text, const struct slice *secrets, size_t n, struct buf *out)
{
	struct buf first = { .max = TEXT_MAX };
	struct slice hash, host, rest;
	enum srs rc = SRS_FORGED;

	if (split_second(text, &hash, &host, &rest) &&
	    is_hash(hash, secrets, n, host, rest, SLICE(""))) {
		buf_addf(&first, "SRS0%.*s", SLICE_FMT(rest));
		if (put_address(buf_slice(&first), host, out))
			rc = SRS_DONE;
	}
	buf_fini(&first);
	return rc;
}

bool
srs_is(struct slice address)
{
	struct slice local, domain;

	address_split(address, &local, &domain);
	if (slice_starts(local, SLICE("\"")))
		local = slice_from(local, 1);
	return (has_tag(local, SLICE("SRS0")) ||
		   has_tag(local, SLICE("SRS1"))) &&
	       local.p[TAG_BYTES] == '=';
}

enum srs
srs_reverse(struct slice address, const struct slice *secrets, size_t n,
    int64_t now_s, struct buf *out)
{
	struct buf user = { .max = TEXT_MAX };
	struct slice local, domain, text;
	enum srs rc = SRS_NONE;

	address_split(address, &local, &domain);
	unquote(local, &user);
	local = buf_slice(&user);
	if (srs_is(address) && local.n > TAG_BYTES) {
		text = slice_from(local, TAG_BYTES + 1);
		rc = local.p[TAG_BYTES - 1] == '0'
			 ? reverse_first(text, secrets, n, now_s, out)
			 : reverse_second(text, secrets, n, out);
	}
	buf_fini(&user);
	return rc;
}
