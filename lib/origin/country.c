/* SPDX-License-Identifier: ISC */
/*
 * Whatever the file holds, a look-up ends: the walk down the tree after the
 * last bit, the reading of a record after so many values.
 */
#include "origin/country.h"

#include <string.h>

#include "base/ascii.h"
#include "sys/addr.h"

enum {
	GAP = 16,                 /* zeros between tree and data */
	METADATA_MAX = 128 << 10, /* it begins in that many last bytes */
	VALUES_MAX = 2000,        /* of one record */
};

enum type {
	TYPE_POINTER = 1,
	TYPE_STRING = 2,
	TYPE_UINT16 = 5,
	TYPE_UINT32 = 6,
	TYPE_MAP = 7,
	TYPE_INT32 = 8,
	TYPE_UINT64 = 9,
	TYPE_ARRAY = 11,
	TYPE_BOOL = 14,
	TYPE_MAX = 15,
};

/* Where something of DATA is read. */
struct mmdb_at {
	struct slice data;
	size_t at;
	unsigned left; /* values that may still be read */
	bool failed;
};

struct mmdb_value {
	enum type type;
	size_t size;       /* bytes; of a map or array its entries */
	struct slice text; /* of a string */
	uint32_t number;   /* of a number that fits */
};

static uint32_t
take(struct mmdb_at *a, size_t n)
{
	uint32_t v = 0;

	if (a->failed || n > a->data.n - a->at) {
		a->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)a->data.p[a->at + i];
	a->at += n;
	return v;
}

/* The control byte's low bits, and what follows them. */
static size_t
take_size(struct mmdb_at *a, unsigned control)
{
	const unsigned low = control & 0x1f;

	if (low < 29)
		return low;
	if (low == 29)
		return 29 + take(a, 1);
	return low == 30 ? 285 + take(a, 2) : 65821 + take(a, 3);
}

static size_t
take_pointer(struct mmdb_at *a, unsigned control)
{
	const uint32_t high = control & 7;

	switch (control >> 3 & 3) {
	case 0:
		return (high << 8) + take(a, 1);
	case 1:
		return (high << 16) + take(a, 2) + 2048;
	case 2:
		return (high << 24) + take(a, 3) + 526336;
	default:
		return take(a, 4);
	}
}

static void
take_body(struct mmdb_at *a, struct mmdb_value *v)
{
	if (v->type == TYPE_MAP || v->type == TYPE_ARRAY ||
	    v->type == TYPE_BOOL)
		return;
	if (v->size > a->data.n - a->at) {
		a->failed = true;
		return;
	}
	v->text = slice_sub(a->data, a->at, v->size);
	if (v->type != TYPE_STRING && v->size <= sizeof v->number) {
		v->number = take(a, v->size);
		return;
	}
	a->at += v->size;
}

/* The value that stands at A, which is then behind it (of a map or an array
 * before its first entry). */
static struct mmdb_value
take_value(struct mmdb_at *a)
{
	struct mmdb_value v = { .type = TYPE_MAX };
	const unsigned control = take(a, 1);

	v.type = (enum type)(control >> 5);
	if (a->left-- == 0)
		a->failed = true;
	if (a->failed)
		return v;
	if (v.type == TYPE_POINTER) {
		v.size = take_pointer(a, control);
		return v;
	}
	if (control >> 5 == 0)
		v.type = (enum type)(7 + take(a, 1));
	v.size = take_size(a, control);
	if (!a->failed)
		take_body(a, &v);
	return v;
}

/* The same, or where a pointer there leads, and then A is there: BEHIND stays
 * where the next value begins. */
static struct mmdb_value
follow(struct mmdb_at *a, size_t *behind)
{
	struct mmdb_value v = take_value(a);

	*behind = a->at;
	if (v.type != TYPE_POINTER)
		return v;
	if (v.size >= a->data.n)
		a->failed = true;
	a->at = v.size;
	v = take_value(a);
	if (v.type == TYPE_POINTER) /* one leads to no other */
		a->failed = true;
	return v;
}

static void
skip(struct mmdb_at *a)
{
	size_t todo = 1;

	while (todo > 0 && !a->failed) {
		const struct mmdb_value v = take_value(a);

		todo--;
		if (v.type == TYPE_MAP)
			todo += 2 * v.size;
		else if (v.type == TYPE_ARRAY)
			todo += v.size;
	}
}

/* In the map of SIZE entries at A: go to what NAME has. */
static bool
enter(struct mmdb_at *a, size_t size, const char *name)
{
	while (size-- > 0 && !a->failed) {
		size_t behind;
		const struct mmdb_value key = follow(a, &behind);

		a->at = behind;
		if (!a->failed && key.type == TYPE_STRING &&
		    slice_is(key.text, name))
			return true;
		skip(a);
	}
	return false;
}

/* ---- the file ---- */

static bool
find_metadata(struct slice file, size_t *from, struct slice *metadata)
{
	static const char marker[] = "\xab\xcd\xefMaxMind.com";
	const size_t n = sizeof marker - 1;
	const size_t least = file.n > METADATA_MAX ? file.n - METADATA_MAX : 0;

	for (size_t at = file.n; at-- > least;)
		if (file.n - at >= n && memcmp(file.p + at, marker, n) == 0) {
			*from = at;
			*metadata = slice_from(file, at + n);
			return true;
		}
	return false;
}

static uint32_t
number_of(struct slice metadata, const char *name)
{
	struct mmdb_at a = { .data = metadata, .left = VALUES_MAX };
	const struct mmdb_value map = take_value(&a);
	size_t behind;

	if (a.failed || map.type != TYPE_MAP || !enter(&a, map.size, name))
		return 0;
	return follow(&a, &behind).number;
}

int
country_open(struct country_file *f, struct slice file, struct err *err)
{
	struct slice metadata;
	size_t end;
	uint64_t bytes;

	if (!find_metadata(file, &end, &metadata))
		return err_set(err, ERR_PERM, "it is no MaxMind DB file");
	*f = (struct country_file){
		.nodes = number_of(metadata, "node_count"),
		.record_bits = number_of(metadata, "record_size"),
		.ipv6 = number_of(metadata, "ip_version") == 6,
	};
	bytes = (uint64_t)f->nodes * (f->record_bits / 4);
	if (number_of(metadata, "binary_format_major_version") != 2 ||
	    f->nodes == 0 ||
	    (f->record_bits != 24 && f->record_bits != 28 &&
		f->record_bits != 32) ||
	    bytes + GAP > end)
		return err_set(err, ERR_PERM,
		    "it is no MaxMind DB file of version 2, or is cut short");
	f->tree = slice_sub(file, 0, (size_t)bytes);
	f->data =
	    slice_sub(file, (size_t)bytes + GAP, end - (size_t)bytes - GAP);
	return 0;
}

/* ---- the tree ---- */

static uint32_t
bytes_at(const struct country_file *f, size_t at, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)f->tree.p[at + i];
	return v;
}

static uint32_t
record_of(const struct country_file *f, uint32_t node, bool right)
{
	const size_t at = (size_t)node * (f->record_bits / 4);
	const size_t whole = f->record_bits / 8;
	uint32_t middle;

	if (f->record_bits != 28)
		return bytes_at(f, at + (right ? whole : 0), whole);
	middle = bytes_at(f, at + 3, 1);
	return right ? (middle & 0xf) << 24 | bytes_at(f, at + 4, 3)
		     : (middle >> 4) << 24 | bytes_at(f, at, 3);
}

/* Where the record of IP stands in the data; false: it has none.  In a tree of
 * IPv6 the addresses of IPv4 are those that begin with 96 zeros. */
static bool
walk(const struct country_file *f, const uint8_t ip[16], size_t *at)
{
	const bool v4 = addr_ip16_is_v4(ip);
	uint8_t bits[16] = { 0 };
	uint32_t record = 0;

	if (!f->ipv6 && !v4)
		return false;
	memcpy(bits + (v4 ? 12 : 0), ip + (v4 ? 12 : 0), v4 ? 4 : 16);
	for (unsigned i = f->ipv6 ? 0 : 96; i < 128 && record < f->nodes; i++)
		record =
		    record_of(f, record, (bits[i / 8] >> (7 - i % 8) & 1) != 0);
	if (record < f->nodes + GAP)
		return false;
	*at = record - f->nodes - GAP;
	return *at < f->data.n;
}

static bool
take_code(struct slice text, char code[COUNTRY_CODE])
{
	if (text.n != 2 || !ascii_isalpha(text.p[0]) ||
	    !ascii_isalpha(text.p[1]))
		return false;
	code[0] = ascii_upper(text.p[0]);
	code[1] = ascii_upper(text.p[1]);
	code[2] = '\0';
	return true;
}

/* country.iso_code; or country itself, as some have it. */
bool
country_find(
    const struct country_file *f, const uint8_t ip[16], char code[COUNTRY_CODE])
{
	struct mmdb_at a = { .data = f->data, .left = VALUES_MAX };
	struct mmdb_value v;
	size_t behind;

	if (!walk(f, ip, &a.at))
		return false;
	v = follow(&a, &behind);
	if (a.failed || v.type != TYPE_MAP || !enter(&a, v.size, "country"))
		return false;
	v = follow(&a, &behind);
	if (!a.failed && v.type == TYPE_MAP && enter(&a, v.size, "iso_code"))
		v = follow(&a, &behind);
	return !a.failed && v.type == TYPE_STRING && take_code(v.text, code);
}
