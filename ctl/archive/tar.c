/* SPDX-License-Identifier: ISC */
#include "ctl/archive/tar.h"

#include <stdio.h>
#include <string.h>

#include "base/cur.h"

/* Places in a header. */
enum {
	AT_NAME = 0,
	NAME_SIZE = 100,
	AT_MODE = 100,
	AT_SIZE = 124,
	SIZE_DIGITS = 12,
	AT_TIME = 136,
	AT_SUM = 148,
	SUM_SIZE = 8,
	AT_TYPE = 156,
	AT_LINK = 157,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	PREFIX_SIZE = 155,
};
static const uint64_t OCTAL_MAX = 077777777777; /* 11 digits */

uint64_t
tar_padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

static unsigned
checksum(const char *block)
{
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + SUM_SIZE
			   ? (unsigned)' '
			   : (unsigned char)block[i];
	return sum;
}

static void
put_name(char *to, struct slice name)
{
	if (name.n > 0)
		memcpy(to, name.p, name.n < NAME_SIZE ? name.n : NAME_SIZE);
}

static void
put_block(struct buf *out, struct slice name, struct slice target, char type,
    uint64_t size, uint64_t time_s)
{
	char block[TAR_BLOCK] = { 0 };

	put_name(block + AT_NAME, name);
	put_name(block + AT_LINK, target);
	snprintf(block + AT_MODE, 24, "%07o", type == '5' ? 0700U : 0600U);
	snprintf(block + AT_MODE + 8, 16, "%07o", 0U);
	snprintf(block + AT_MODE + 16, 8, "%07o", 0U);
	snprintf(
	    block + AT_SIZE, SIZE_DIGITS, "%011llo", (unsigned long long)size);
	snprintf(block + AT_TIME, SIZE_DIGITS, "%011llo",
	    (unsigned long long)time_s);
	block[AT_TYPE] = type;
	memcpy(block + AT_MAGIC, "ustar\00000", 8);
	snprintf(block + AT_SUM, SUM_SIZE, "%06o", checksum(block));
	block[AT_SUM + 7] = ' ';
	buf_add(out, slice_of(block, sizeof block));
}

/* "LENGTH KEY=VALUE\n", of which LENGTH is a part. */
static void
pax_record(struct buf *out, const char *key, struct slice value)
{
	const size_t rest = strlen(key) + value.n + 3;
	size_t n = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof digits, "%zu", n) + rest != n)
		n++;
	buf_addf(out, "%s %s=", digits, key);
	buf_add(out, value);
	buf_addc(out, '\n');
}

static void
pad(struct buf *out, uint64_t size)
{
	static const char zeros[TAR_BLOCK];

	buf_add(out, slice_of(zeros, (size_t)tar_padding(size)));
}

static void
put_entry(struct buf *out, struct slice name, struct slice target, char type,
    uint64_t size, int64_t time_s)
{
	struct buf pax = { .max = TAR_PAX_MAX };
	const bool fits = time_s >= 0 && (uint64_t)time_s <= OCTAL_MAX;
	const struct slice none = SLICE("");
	char text[32];

	if (name.n > NAME_SIZE)
		pax_record(&pax, "path", name);
	if (target.n > NAME_SIZE)
		pax_record(&pax, "linkpath", target);
	if (!fits) {
		snprintf(text, sizeof text, "%lld", (long long)time_s);
		pax_record(&pax, "mtime", slice_str(text));
	}
	if (pax.n > 0) {
		put_block(out, SLICE("pax"), none, 'x', pax.n, 0);
		buf_add(out, buf_slice(&pax));
		pad(out, pax.n);
	}
	buf_fini(&pax);
	put_block(out, name, target, type, size, fits ? (uint64_t)time_s : 0);
}

void
tar_put(struct buf *out, struct slice name, enum tar_type type, uint64_t size,
    int64_t time_s)
{
	put_entry(
	    out, name, SLICE(""), type == TAR_DIR ? '5' : '0', size, time_s);
}

void
tar_put_link(
    struct buf *out, struct slice name, struct slice target, int64_t time_s)
{
	put_entry(out, name, target, '2', 0, time_s);
}

void
tar_put_end(struct buf *out)
{
	static const char zeros[2 * TAR_BLOCK];

	buf_add(out, slice_of(zeros, sizeof zeros));
}

/* ---- reading ---- */

void
tar_init(struct tar_entry *e)
{
	*e = (struct tar_entry){ .type = TAR_OTHER };
	buf_init(&e->name, TAR_NAME_MAX);
	buf_init(&e->link, TAR_NAME_MAX);
}

void
tar_fini(struct tar_entry *e)
{
	buf_fini(&e->name);
	buf_fini(&e->link);
}

/* Octal digits, with blanks or NULs around them; or, as GNU tar has what does
 * not fit, two's complement behind a bit (a negative time is told as INT64_MIN
 * and more). */
static bool
number(const char *p, size_t n, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	if ((*p & 0x80) != 0) {
		const uint8_t sign = (*p & 0x40) != 0 ? 0xff : 0;

		if ((uint8_t)*p != (sign | 0x80))
			return false;
		for (i = 1; i < n; i++) {
			const uint8_t byte = (uint8_t)p[i];

			if (i + 8 < n && byte != sign)
				return false;
			*out = *out << 8 | byte;
		}
		return (*out >> 63 != 0) == (sign != 0);
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	return i == n || p[i] == ' ' || p[i] == '\0';
}

static struct slice
field(const char *p, size_t n)
{
	const struct slice s = slice_of(p, n);

	return slice_sub(s, 0, slice_find(s, '\0'));
}

static void
take_name(struct tar_entry *e, const char *p)
{
	const struct slice prefix = field(p + AT_PREFIX, PREFIX_SIZE);

	if (e->has_path)
		return;
	buf_reset(&e->name);
	if (memcmp(p + AT_MAGIC, "ustar\0", 6) == 0 && prefix.n > 0) {
		buf_add(&e->name, prefix);
		buf_addc(&e->name, '/');
	}
	buf_add(&e->name, field(p + AT_NAME, NAME_SIZE));
}

static void
take_link(struct tar_entry *e, const char *p)
{
	if (e->has_link)
		return;
	buf_reset(&e->link);
	buf_add(&e->link, field(p + AT_LINK, NAME_SIZE));
}

/* '7' is a file that may lie in one piece; links, devices, directories and
 * fifos ('1' to '6') have no bytes whatever their size says. */
static enum tar_step
by_type(struct tar_entry *e, char type)
{
	e->type = type == '0' || type == '\0' || type == '7' ? TAR_FILE
		  : type == '5'                              ? TAR_DIR
		  : type == '2'                              ? TAR_LINK
							     : TAR_OTHER;
	if (type >= '1' && type <= '6')
		e->size = 0;
	e->has_path = e->has_link = e->has_size = e->has_time = false;
	return TAR_ENTRY;
}

/* pax of the next entry (x) or of all (g), and GNU's long names of a file (L)
 * and of what a link points to (K).  Of g nothing is wanted. */
static enum tar_step
extra(struct tar_entry *e, char type, uint64_t size)
{
	e->extra = type;
	e->size = size;
	return size <= TAR_PAX_MAX ? TAR_PAX : TAR_BAD;
}

enum tar_step
tar_header(struct tar_entry *e, struct slice block)
{
	const char *p = block.p;
	uint64_t sum, size, time_s;
	bool empty = true;

	if (block.n != TAR_BLOCK)
		return TAR_BAD;
	for (int i = 0; i < TAR_BLOCK && empty; i++)
		empty = p[i] == '\0';
	if (empty)
		return TAR_END;
	if (!number(p + AT_SUM, SUM_SIZE, &sum) || sum != checksum(p) ||
	    !number(p + AT_SIZE, SIZE_DIGITS, &size) || size > INT64_MAX ||
	    !number(p + AT_TIME, SIZE_DIGITS, &time_s))
		return TAR_BAD;
	if (p[AT_TYPE] != '\0' && strchr("xgLK", p[AT_TYPE]) != NULL)
		return extra(e, p[AT_TYPE], size);
	if (!e->has_size)
		e->size = size;
	if (!e->has_time)
		e->time_s = (int64_t)time_s;
	take_name(e, p);
	take_link(e, p);
	return e->name.failed || e->link.failed ? TAR_BAD
						: by_type(e, p[AT_TYPE]);
}

static bool
pax_value(struct tar_entry *e, struct slice key, struct slice value)
{
	struct cur c = cur_of(value);
	const bool before = cur_try_byte(&c, '-');

	if (slice_is(key, "path")) {
		buf_reset(&e->name);
		buf_add(&e->name, value);
		e->has_path = true;
	} else if (slice_is(key, "linkpath")) {
		buf_reset(&e->link);
		buf_add(&e->link, value);
		e->has_link = true;
	} else if (slice_is(key, "size")) {
		e->size = cur_u64(&c, INT64_MAX);
		e->has_size = true;
		return cur_end(&c);
	} else if (slice_is(key, "mtime")) {
		const int64_t at = (int64_t)cur_u64(&c, INT64_MAX);

		e->time_s = before ? -at : at;
		e->has_time = true;
		return cur_ok(&c);
	}
	return !e->name.failed && !e->link.failed;
}

bool
tar_pax(struct tar_entry *e, struct slice text)
{
	if (e->extra == 'g')
		return true;
	/* GNU: the name alone. */
	if (e->extra == 'L' || e->extra == 'K') {
		const struct slice name =
		    slice_sub(text, 0, slice_find(text, '\0'));

		return pax_value(e,
		    e->extra == 'L' ? SLICE("path") : SLICE("linkpath"), name);
	}
	while (text.n > 0) {
		struct cur c = cur_of(text);
		const uint64_t n = cur_u64(&c, TAR_PAX_MAX);
		struct slice record, key;

		cur_lit(&c, " ");
		if (!cur_ok(&c) || n > text.n || n == 0 ||
		    text.p[n - 1] != '\n' || c.p >= text.p + n)
			return false;
		record = slice_of(c.p, (size_t)(text.p + n - 1 - c.p));
		text = slice_from(text, (size_t)n);
		key = slice_cut(record, '=', &record);
		if (!pax_value(e, key, record))
			return false;
	}
	return true;
}
