/* SPDX-License-Identifier: ISC */
#include "ctl/mail/letter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mime/addrlist.h"
#include "mime/header.h"
#include "proto/address.h"

enum { ADDRESSES_MAX = 50000 };

/* ---- the input, line ends made right ---- */

static void
put_line_end(struct letter *l, struct buf *out)
{
	buf_adds(out, "\r\n");
	l->line_start = true;
}

/* One byte of input; l->ended is set behind the last. */
static void
put(struct letter *l, char c, struct buf *out)
{
	if (l->cr) {
		l->cr = false;
		if (l->dot) {
			l->ended = true;
			return;
		}
		put_line_end(l, out);
		if (c == '\n')
			return;
	}
	if (l->dot && c == '\n') {
		l->ended = true;
	} else if (c == '\r') {
		l->cr = true;
	} else if (c == '\n') {
		put_line_end(l, out);
	} else if (c == '.' && l->line_start && l->dots) {
		l->dot = true;
		l->line_start = false;
	} else {
		if (l->dot)
			buf_addc(out, '.');
		l->dot = l->line_start = false;
		buf_addc(out, c);
	}
}

static void
put_end(struct letter *l, struct buf *out)
{
	l->ended = true;
	if (l->dot)
		return;
	if (l->cr || !l->line_start)
		put_line_end(l, out);
}

/* Read a piece of input to OUT; at its end l->ended is set. */
static int
fill(struct letter *l, struct buf *out, struct err *err)
{
	char piece[LETTER_PIECE / 2];
	ssize_t n;

	do {
		n = read(l->fd, piece, sizeof piece);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_sys(err, ERR_TEMP, "read the message");
	if (n == 0)
		put_end(l, out);
	for (ssize_t i = 0; i < n && !l->ended; i++)
		put(l, piece[i], out);
	if (out->failed)
		return err_set(err, ERR_PERM,
		    "the header is larger than %d bytes",
		    (int)LETTER_HEADER_MAX);
	return 0;
}

/* ---- the header ---- */

/* Of an mbox, in front of the header: "From sender date", ">From ...". */
static bool
is_mbox_line(struct slice line)
{
	while (slice_starts(line, SLICE(">")))
		line = slice_from(line, 1);
	return slice_starts(line, SLICE("From "));
}

static bool
is_field_line(struct slice line, bool first)
{
	if (first && is_mbox_line(line))
		return true;
	if (!first && line.n > 2 && (line.p[0] == ' ' || line.p[0] == '\t'))
		return true;
	return header_name(line).n > 0;
}

/* Bytes of whole field lines at the start of TEXT; *DONE when the header's end
 * was seen. */
static size_t
field_lines(struct slice text, size_t at, bool *done)
{
	while (at < text.n) {
		const struct slice rest = slice_from(text, at);
		const size_t n = slice_find(rest, '\n');

		if (n == rest.n)
			return at;
		if (!is_field_line(slice_sub(rest, 0, n + 1), at == 0)) {
			*done = true;
			return at;
		}
		at += n + 1;
	}
	return at;
}

int
letter_open(struct letter *l, int fd, bool dots, struct err *err)
{
	struct buf text;
	bool done = false;
	size_t at = 0, mbox = 0;
	int rc = 0;

	*l = (struct letter){
		.fd = fd, .dots = dots, .line_start = true, .out_start = true
	};
	buf_init(&l->header, LETTER_HEADER_MAX);
	buf_init(&l->rest, LETTER_HEADER_MAX);
	buf_init(&text, LETTER_HEADER_MAX);
	while (rc == 0 && !done && !l->ended) {
		rc = fill(l, &text, err);
		at = field_lines(buf_slice(&text), at, &done);
	}
	if (is_mbox_line(buf_slice(&text)))
		mbox = slice_find(buf_slice(&text), '\n') + 1;
	buf_add(&l->header, slice_sub(buf_slice(&text), mbox, at - mbox));
	if (!slice_starts(slice_from(buf_slice(&text), at), SLICE("\r\n")))
		buf_adds(&l->rest, "\r\n");
	buf_add(&l->rest, slice_from(buf_slice(&text), at));
	buf_fini(&text);
	return rc;
}

void
letter_close(struct letter *l)
{
	buf_fini(&l->header);
	buf_fini(&l->rest);
}

void
letter_remove(struct letter *l, const char *name)
{
	struct slice head = buf_slice(&l->header);
	struct header_field f;
	struct buf kept;

	buf_init(&kept, LETTER_HEADER_MAX);
	while (header_next(&head, &f))
		if (!slice_iis(f.name, name))
			buf_add(&kept, f.raw);
	buf_fini(&l->header);
	l->header = kept;
}

bool
letter_has(const struct letter *l, const char *name)
{
	struct header_field f;

	return header_find(buf_slice(&l->header), name, &f);
}

void
letter_add(struct letter *l, const char *name, const char *value)
{
	struct buf head;

	buf_init(&head, LETTER_HEADER_MAX);
	buf_addf(&head, "%s: %s\r\n", name, value);
	buf_add(&head, buf_slice(&l->header));
	buf_fini(&l->header);
	l->header = head;
}

/* ---- addresses ---- */

static int
add_address(struct slice local, struct slice host, struct buf *list)
{
	struct buf text = { .max = 4 * ADDRESS_MAX };
	struct buf canonical = { .max = ADDRESS_MAX };
	int rc = 0;

	buf_addc(&text, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			buf_addc(&text, '\\');
		buf_addc(&text, local.p[i]);
	}
	buf_adds(&text, "\"@");
	buf_add(&text, host);
	if (text.failed || local.n == 0 ||
	    !address_parse(buf_slice(&text), ADDRESS_UTF8, &canonical))
		rc = -1;
	buf_add(list, buf_slice(&canonical));
	buf_addc(list, '\0');
	buf_fini(&text);
	buf_fini(&canonical);
	return list->failed ? -1 : rc;
}

int
letter_addresses(
    struct slice value, const char *domain, struct buf *list, struct err *err)
{
	const struct addrlist_item *it;
	struct arena a;
	int rc = 0;

	arena_init(&a);
	it = addrlist_parse(&a, value, ADDRESSES_MAX);
	for (; it != NULL && rc == 0; it = it->next)
		if (it->kind == ADDRLIST_MAILBOX)
			rc = add_address(it->mailbox,
			    it->host.n > 0 ? it->host : slice_str(domain),
			    list);
	arena_fini(&a);
	if (rc == -1)
		err_set(err, ERR_PERM, "%s: %.*s",
		    list->failed ? "too many addresses" : "not a mail address",
		    SLICE_FMT(slice_trim(slice_sub(value, 0, 200))));
	return rc;
}

int
letter_recipients(const struct letter *l, const char *domain, struct buf *list,
    struct err *err)
{
	struct slice head = buf_slice(&l->header);
	struct header_field f;

	while (header_next(&head, &f))
		if ((slice_iis(f.name, "To") || slice_iis(f.name, "Cc") ||
			slice_iis(f.name, "Bcc")) &&
		    letter_addresses(f.value, domain, list, err) == -1)
			return -1;
	return 0;
}

/* "Name <a@b>" without the name; what is none of a name stays, and is no
 * address then. */
static struct slice
strip_name(struct slice text)
{
	const size_t at = slice_rfind(text, '<');

	if (!slice_ends(text, SLICE(">")))
		return text;
	for (size_t i = 0; i < at; i++)
		if (strchr("<>:;", text.p[i]) != NULL)
			return text;
	return slice_from(text, at);
}

int
letter_sender(
    struct slice text, const char *domain, struct buf *sender, struct err *err)
{
	const unsigned allow = ADDRESS_UTF8 | ADDRESS_BARE | ADDRESS_NULL;
	const size_t from = sender->n;
	bool ok = true;

	for (size_t i = 0; i < text.n && ok; i++)
		ok = (unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f;
	text = slice_trim(text);
	ok = ok &&
	     (text.n == 0 || address_parse(strip_name(text), allow, sender));
	if (!ok)
		return err_set(err, ERR_PERM, "not a sender's address: %.*s",
		    SLICE_FMT(slice_sub(text, 0, 200)));
	if (sender->n > from && slice_rfind(slice_from(buf_slice(sender), from),
				    '@') == sender->n - from)
		buf_addf(sender, "@%s", domain);
	return 0;
}

/* ---- names ---- */

/* Bytes at the start of S that one encoded word holds: 75 characters, whole
 * ones of UTF-8 (RFC 2047 2 and 5). */
static size_t
word_len(struct slice s)
{
	enum { WORD_BYTES = 45 };
	size_t n = 0, one;

	while ((one = utf8_len(slice_from(s, n))) > 0 && n + one <= WORD_BYTES)
		n += one;
	return n;
}

static void
put_words(struct slice text, struct buf *out)
{
	while (text.n > 0) {
		const size_t n = word_len(text);

		buf_adds(out, "=?UTF-8?B?");
		base64_encode(out, slice_sub(text, 0, n));
		buf_adds(out, n < text.n ? "?=\r\n " : "?=");
		text = slice_from(text, n);
	}
}

void
letter_phrase(struct slice name, struct buf *out)
{
	struct buf clean = { .max = 4096 };
	bool wide = false;

	for (size_t i = 0; i < name.n;) {
		const struct slice rest = slice_from(name, i);
		const size_t n = utf8_len(rest);

		if (n == 0) /* of another charset: who knows which */
			buf_adds(&clean, "\xEF\xBF\xBD");
		else if (n > 1 || (ascii_isprint(*rest.p) &&
				      strchr("\"\\", *rest.p) == NULL))
			buf_add(&clean, slice_sub(rest, 0, n));
		wide = wide || n != 1;
		i += n > 0 ? n : 1;
	}
	if (wide)
		put_words(buf_slice(&clean), out);
	else if (clean.n > 0)
		buf_addf(out, "\"%s\"", buf_cstr(&clean));
	if (clean.n > 0)
		buf_addc(out, ' ');
	buf_fini(&clean);
}

/* ---- the body ---- */

/* Copy TEXT with dots doubled; LINE_START says whether it begins a line. */
static void
add_stuffed(struct slice text, bool *line_start, struct buf *out)
{
	while (text.n > 0) {
		const size_t n = slice_find(text, '\n');
		const struct slice line = slice_sub(text, 0, n + (n < text.n));

		if (*line_start && line.p[0] == '.')
			buf_addc(out, '.');
		buf_add(out, line);
		*line_start = n < text.n;
		text = slice_from(text, line.n);
	}
}

bool
letter_body(struct letter *l, struct buf *out, struct err *err)
{
	err->class = ERR_NONE;
	if (l->rest.n == 0 && (l->ended || fill(l, &l->rest, err) == -1))
		return false;
	add_stuffed(buf_slice(&l->rest), &l->out_start, out);
	buf_reset(&l->rest);
	return true;
}
