/* SPDX-License-Identifier: ISC */
#include "conf/value.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/must.h"
#include "conf/values.h"
#include "sys/addr.h"

struct type {
	bool (*parse)(const struct conf_param *p, struct slice text,
	    struct arena *a, void *at);
	void (*format)(
	    const struct conf_param *p, const void *at, struct buf *out);
	const char *expect; /* followed by the range where there is one */
};

/* A quoted word with its escapes; C stands behind the opening quote. */
static struct slice
quoted_word(struct cur *c, struct arena *a)
{
	struct slice w = { NULL, 0 };
	char *to = arena_alloc(a, cur_left(c) + 1);

	w.p = to;
	while (!cur_try_byte(c, '"')) {
		int b = cur_byte(c);

		if (b == -1)
			return w;
		if (b == '\\') {
			b = cur_byte(c);
			if (b == 'n' || b == 't')
				b = b == 'n' ? '\n' : '\t';
			else if (b != '"' && b != '\\')
				cur_fail(c);
		}
		to[w.n++] = (char)b;
	}
	return w;
}

static bool
is_gap(char c)
{
	return ascii_isspace(c) || c == ',';
}

static bool
is_word(char c)
{
	return !is_gap(c);
}

bool
conf_next_word(struct cur *c, struct arena *a, struct slice *word)
{
	(void)cur_while(c, is_gap);
	if (cur_left(c) == 0)
		return false;
	if (cur_try_byte(c, '"')) {
		*word = quoted_word(c, a);
		if (cur_left(c) > 0 && is_word(*c->p))
			cur_fail(c);
	} else {
		*word = cur_while(c, is_word);
	}
	return cur_ok(c);
}

static bool
parse_bool(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	bool *v = at;

	(void)p;
	(void)a;
	*v = slice_iis(text, "yes") || slice_iis(text, "true") ||
	     slice_iis(text, "on");
	return *v || slice_iis(text, "no") || slice_iis(text, "false") ||
	       slice_iis(text, "off");
}

static void
format_bool(const struct conf_param *p, const void *at, struct buf *out)
{
	const bool *v = at;

	(void)p;
	buf_adds(out, *v ? "yes" : "no");
}

static uint64_t
number(const char *s, uint64_t max)
{
	struct cur c = cur_of(slice_str(s));
	const uint64_t v = cur_u64(&c, max);

	must(cur_end(&c));
	return v;
}

static bool
parse_uint(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct cur c = cur_of(text);
	uint32_t *v = at;

	(void)a;
	*v = (uint32_t)cur_u64(&c, number(p->max, UINT32_MAX));
	return cur_end(&c) && *v >= number(p->min, UINT32_MAX);
}

static void
format_uint(const struct conf_param *p, const void *at, struct buf *out)
{
	const uint32_t *v = at;

	(void)p;
	buf_addu(out, *v);
}

static bool
parse_auto(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	uint32_t *v = at;

	if (!slice_iis(text, "auto"))
		return parse_uint(p, text, a, at);
	*v = 0;
	return true;
}

static void
format_auto(const struct conf_param *p, const void *at, struct buf *out)
{
	const uint32_t *v = at;

	if (*v == 0)
		buf_adds(out, "auto");
	else
		format_uint(p, at, out);
}

static bool
in_range(const struct conf_param *p, int64_t v,
    bool (*parse)(struct slice, int64_t *))
{
	int64_t min, max;

	must(parse(slice_str(p->min), &min) && parse(slice_str(p->max), &max));
	return v >= min && v <= max;
}

static bool
parse_size(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	int64_t *v = at;

	(void)a;
	return conf_parse_size(text, v) && in_range(p, *v, conf_parse_size);
}

static void
format_size(const struct conf_param *p, const void *at, struct buf *out)
{
	const int64_t *v = at;

	(void)p;
	conf_format_size(*v, out);
}

static bool
parse_secs(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	int64_t *v = at;

	(void)a;
	return conf_parse_time(text, v) && in_range(p, *v, conf_parse_time);
}

static void
format_secs(const struct conf_param *p, const void *at, struct buf *out)
{
	const int64_t *v = at;

	(void)p;
	conf_format_time(*v, out);
}

static bool
parse_str(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	const char **v = at;
	struct cur c = cur_of(text);

	(void)p;
	if (cur_try_byte(&c, '"'))
		text = quoted_word(&c, a);
	else
		(void)cur_take(&c, cur_left(&c));
	*v = arena_str(a, text);
	return cur_end(&c);
}

static void
add_quoted(struct slice s, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c == '"' || c == '\\')
			buf_addc(out, '\\');
		if (c == '\n' || c == '\t')
			buf_adds(out, c == '\n' ? "\\n" : "\\t");
		else
			buf_addc(out, c);
	}
	buf_addc(out, '"');
}

static void
format_str(const struct conf_param *p, const void *at, struct buf *out)
{
	const char *const *v = at;
	const struct slice s = slice_str(*v);

	(void)p;
	if (slice_trim(s).n < s.n || slice_find(s, '#') < s.n ||
	    slice_find(s, '"') < s.n || slice_find(s, '\n') < s.n)
		add_quoted(s, out);
	else
		buf_add(out, s);
}

static bool
parse_path(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	const char **v = at;

	if (!parse_str(p, text, a, at))
		return false;
	return **v == '/' || (**v == '\0' && *p->preset == '\0');
}

static bool
parse_enum(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct slice rest = slice_str(p->words);

	(void)a;
	for (int v = 0; rest.n > 0; v++)
		if (slice_ieq(text, slice_cut(rest, '|', &rest))) {
			*(int *)at = v;
			return true;
		}
	return false;
}

static struct slice
enum_word(const struct conf_param *p, int v)
{
	struct slice rest = slice_str(p->words);

	for (; v > 0; v--)
		(void)slice_cut(rest, '|', &rest);
	return slice_cut(rest, '|', &rest);
}

static void
format_enum(const struct conf_param *p, const void *at, struct buf *out)
{
	const int *v = at;

	buf_add(out, enum_word(p, *v));
}

static size_t
count_words(struct slice text, struct arena *a)
{
	struct cur c = cur_of(text);
	struct slice w;
	size_t n = 0;

	while (conf_next_word(&c, a, &w))
		n++;
	return n;
}

static bool
parse_list(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct conf_list *v = at;
	struct cur c = cur_of(text);
	struct slice w;

	(void)p;
	v->v = arena_alloc(a, (count_words(text, a) + 1) * sizeof *v->v);
	v->sorted = NULL;
	for (v->n = 0; conf_next_word(&c, a, &w); v->n++)
		v->v[v->n] = arena_str(a, w);
	return cur_ok(&c);
}

static void
format_list(const struct conf_param *p, const void *at, struct buf *out)
{
	const struct conf_list *v = at;

	(void)p;
	for (size_t i = 0; i < v->n; i++) {
		const struct slice w = slice_str(v->v[i]);

		if (i > 0)
			buf_addc(out, ' ');
		if (w.n == 0 || strpbrk(w.p, " \t\n,\"#\\") != NULL)
			add_quoted(w, out);
		else
			buf_add(out, w);
	}
}

static bool
parse_nets(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct conf_nets *v = at;
	struct cur c = cur_of(text);
	struct slice w;

	(void)p;
	v->v = arena_alloc(a, (count_words(text, a) + 1) * sizeof *v->v);
	for (v->n = 0; conf_next_word(&c, a, &w); v->n++)
		if (addr_cidr_parse(&v->v[v->n], w, NULL) == -1)
			return false;
	return cur_ok(&c);
}

static void
format_nets(const struct conf_param *p, const void *at, struct buf *out)
{
	const struct conf_nets *v = at;
	char text[ADDR_TEXT];

	(void)p;
	for (size_t i = 0; i < v->n; i++)
		buf_addf(out, "%s%s", i > 0 ? " " : "",
		    addr_cidr_format(&v->v[i], text));
}

static bool
parse_ages(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct conf_ages *v = at;
	struct cur c = cur_of(text);
	struct slice w;

	(void)p;
	v->ms = arena_alloc(a, (count_words(text, a) + 1) * sizeof *v->ms);
	for (v->n = 0; conf_next_word(&c, a, &w); v->n++)
		if (!conf_parse_time(w, &v->ms[v->n]) || v->ms[v->n] == 0)
			return false;
	return cur_ok(&c) && v->n > 0;
}

static void
format_ages(const struct conf_param *p, const void *at, struct buf *out)
{
	const struct conf_ages *v = at;

	(void)p;
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		conf_format_time(v->ms[i], out);
	}
}

/* What is meant to be the secret itself seldom looks like that. */
static bool
is_file_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && strchr("._-/", s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.p[s.n - 1] != '/' &&
	       slice_search(s, SLICE("..")) == s.n;
}

static bool
parse_secret(
    const struct conf_param *p, struct slice text, struct arena *a, void *at)
{
	struct conf_secret *v = at;

	v->text = arena_str(a, SLICE(""));
	return parse_str(p, text, a, &v->file) &&
	       (*v->file == '\0' || is_file_name(slice_str(v->file)));
}

static void
format_secret(const struct conf_param *p, const void *at, struct buf *out)
{
	const struct conf_secret *v = at;

	format_str(p, &v->file, out);
}

/* clang-format off */
static const struct type types[] = {
	[CONF_BOOL] = { parse_bool, format_bool, "yes or no" },
	[CONF_UINT] = { parse_uint, format_uint, "a number" },
	[CONF_AUTO] = { parse_auto, format_auto, "auto or a number" },
	[CONF_SIZE] = { parse_size, format_size, "a size in bytes or with K, M, G, T" },
	[CONF_SECS] = { parse_secs, format_secs, "a time with ms, s, m, h, d, w" },
	[CONF_STR]  = { parse_str,  format_str,  "text, in quotes closed at its end where it begins with one" },
	[CONF_ENUM] = { parse_enum, format_enum, "one of " },
	[CONF_LIST] = { parse_list, format_list, "words with blanks or commas between them" },
	[CONF_NETS] = { parse_nets, format_nets, "networks such as 10.0.0.0/8 [fd00::]/8" },
	[CONF_AGES] = { parse_ages, format_ages, "one or more times such as 5m 30m 2h" },
	[CONF_PATH] = { parse_path, format_str,  "a path that begins with /" },
	[CONF_SECRET] = { parse_secret, format_secret,
	    "the name of a file beside this one, or a path, of mode 0600 with the secret in it, or nothing" },
};
/* clang-format on */

void
conf_expect(const struct conf_param *p, struct buf *out)
{
	struct slice rest = slice_str(p->words);

	buf_adds(out, types[p->type].expect);
	if (p->type == CONF_PATH && *p->preset == '\0')
		buf_adds(out, ", or nothing");
	if (p->min != NULL)
		buf_addf(out, " from %s to %s", p->min, p->max);
	while (rest.n > 0) {
		buf_add(out, slice_cut(rest, '|', &rest));
		if (rest.n > 0)
			buf_adds(out, ", ");
	}
}

/* A network has mistakes of its own worth telling (bits behind the prefix). */
static bool
nets_mistake(struct slice text, struct arena *a, struct err *err)
{
	struct cur c = cur_of(text);
	struct slice w;
	struct cidr n;

	while (conf_next_word(&c, a, &w))
		if (addr_cidr_parse(&n, w, err) == -1)
			return true;
	return false;
}

int
conf_value_parse(const struct conf_param *p, struct slice text, struct arena *a,
    void *conf, struct err *err)
{
	struct buf want;

	if (types[p->type].parse(p, text, a, (char *)conf + p->offset))
		return 0;
	if (p->type == CONF_NETS && nets_mistake(text, a, err))
		return -1;
	buf_init(&want, 200);
	conf_expect(p, &want);
	/* Errors are logged and passed on: it may be the secret itself. */
	if (p->type == CONF_SECRET) {
		err_set(err, ERR_PERM, "expected %s; never the secret itself",
		    buf_cstr(&want));
		buf_fini(&want);
		return -1;
	}
	err_set(err, ERR_PERM, "expected %s, not \"%.*s\"", buf_cstr(&want),
	    SLICE_FMT(slice_sub(text, 0, 80)));
	buf_fini(&want);
	return -1;
}

void
conf_value_format(const struct conf_param *p, const void *conf, struct buf *out)
{
	types[p->type].format(p, (const char *)conf + p->offset, out);
}

bool
conf_is_domain(struct slice s)
{
	if (s.n == 0 || s.n > 255 || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c == '.' && (i + 1 == s.n || s.p[i + 1] == '.'))
			return false;
		if (!ascii_isalnum(c) && c != '.' && c != '-' && c != '_' &&
		    (unsigned char)c < 0x80)
			return false;
	}
	return true;
}
