/* SPDX-License-Identifier: ISC */
/*
 * pabal mailbox import: from a tar of a Maildir (ours, or anybody's), or an
 * mbox.  A message is known by the name of its file there, or by its bytes:
 * what is here already does not come twice, so that an import that was cut
 * short is done once more.  The bytes are read in the process that is the
 * mailbox's owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/archive/mbox.h"
#include "ctl/archive/tar.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/move/have.h"
#include "ctl/move/into.h"
#include "ctl/move/scripts.h"
#include "ctl/view/progress.h"
#include "maildir/boxfile.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/name.h"
#include "store/append.h"
#include "store/mailbox.h"
#include "store/mailbox_take.h"
#include "tls/digest.h"

enum {
	PIECE = 64 << 10,
	/* Of all that is beside messages. */
	SMALL_MAX = 64 << 20,
	LINES_MAX = 2 << 20,
	SCRIPT_MAX = 1 << 20,
	NAME_BYTES = 24, /* of a digest, in a name */
};

/* What a tar has beside the messages of a folder. */
struct beside {
	struct boxfile box;
	struct keyword_table letters;
	struct map lines; /* "UID BASE" -> names, as a C string */
	bool taken;       /* the folder here has its UIDs */
	bool told;        /* it is no folder */
};

struct import_mail {
	int fd;
	const char *folder; /* mbox */
	struct asowner *owner;
	struct arena arena;
	struct map besides; /* directory -> struct beside */
	uint64_t small_left, lines;
	bool small_known; /* the besides have been read */
	bool entries;     /* there was one */
	int64_t left_out;
	/* the folder that is open */
	struct mailbox *m;
	struct buf name;
	struct move_have have;
	struct move_into into;
	/* mbox */
	struct digest *digest;
	struct map times; /* digest -> how often it was there */
	struct move_scripts *scripts;
	int64_t messages, known;
	struct err err;
};

/* ---- the folder here ---- */

static int
close_folder(struct import_mail *im)
{
	int rc = im->m != NULL ? move_into_commit(&im->into, &im->err) : 0;

	if (im->m != NULL)
		move_into_fini(&im->into);
	move_have_fini(&im->have);
	mailbox_close(&im->m);
	return rc;
}

static int
open_folder(struct import_mail *im, struct slice name, unsigned special)
{
	struct account *a = im->owner->account;
	enum found f;

	if (im->m != NULL && slice_eq(buf_slice(&im->name), name))
		return 0;
	if (close_folder(im) == -1)
		return -1;
	buf_reset(&im->name);
	buf_add(&im->name, name);
	f = mailbox_open(a, name, &im->m, &im->err);
	if (f == ABSENT) {
		if (mailbox_create(a, name, special, &im->err) == -1)
			return -1;
		f = mailbox_open(a, name, &im->m, &im->err);
	}
	if (f != FOUND || mailbox_sync(im->m, true, &im->err) == -1 ||
	    move_have_load(&im->have, im->m, &im->err) == -1)
		return -1;
	move_into_init(&im->into, im->owner->store, im->m);
	return 0;
}

/* ID: the EMAILID that it had where it comes from, which may be here; 0: none.
 */
static int
end_one(struct import_mail *im, const struct append_info *info, uint64_t id)
{
	if (move_have_find(&im->have, filename_email_id(info->base)) != 0 ||
	    (id != 0 && move_have_find(&im->have, id) != 0)) {
		im->known++;
		move_into_drop(&im->into);
		return 0;
	}
	progress_at(++im->messages);
	return move_into_end(&im->into, info, &im->err);
}

/* A name for what has none that can stay: of its bytes, and how many of the
 * same came before, because the second of two that are the same is another
 * message.
 */
static void
name_by_bytes(struct import_mail *im, const char *kind, struct buf *base)
{
	uint8_t digest[DIGEST_MAX];
	size_t times;

	(void)digest_end(&im->digest, digest);
	times = (size_t)map_find(&im->times, slice_of(digest, NAME_BYTES)) + 1;
	map_put(&im->times, slice_of(digest, NAME_BYTES), (void *)times);
	for (size_t i = 0; i < NAME_BYTES; i++)
		buf_addf(base, "%02x", digest[i]);
	buf_addf(base, ".%zu.%s", times, kind);
}

/* ---- mbox ---- */

static int
on_text(void *arg, struct slice piece)
{
	struct import_mail *im = arg;

	if (im->digest == NULL)
		im->digest = digest_begin(DIGEST_SHA256);
	digest_add(im->digest, piece);
	return move_into_text(&im->into, piece, &im->err);
}

static int
on_end(void *arg, const struct mbox_message *m)
{
	struct import_mail *im = arg;
	struct buf base = { .max = APPEND_BASE_MAX };
	struct append_info info = { .flags = m->flags,
		.keywords = buf_slice(&m->keywords),
		.has_date = m->has_date,
		.date_s = m->date_s };
	int rc;

	if (im->digest == NULL)
		return 0; /* no byte is no message */
	name_by_bytes(im, "mbox", &base);
	info.base = buf_slice(&base);
	rc = end_one(im, &info, 0);
	buf_fini(&base);
	return rc;
}

static int
import_mbox(struct import_mail *im, struct slice first)
{
	struct mbox_reader r;
	char piece[PIECE];
	ssize_t n;
	int rc = open_folder(im, slice_str(im->folder), 0);

	if (rc == -1)
		return -1;
	mbox_reader_init(&r, on_text, on_end, im);
	rc = mbox_feed(&r, first);
	while (rc == 0 && (n = read(im->fd, piece, sizeof piece)) > 0)
		rc = mbox_feed(&r, slice_of(piece, (size_t)n));
	if (rc == 0 && n == -1)
		rc = err_sys(&im->err, ERR_TEMP, "read");
	if (rc == 0)
		rc = mbox_finish(&r);
	if (rc == -1 && r.bad)
		(void)err_set(&im->err, ERR_PERM, "it is no mbox");
	mbox_reader_fini(&r);
	return rc;
}

/* ---- tar ---- */

/* Fill PIECE; less only at the end. */
static ssize_t
read_whole(struct import_mail *im, char *piece, size_t n)
{
	size_t got = 0;

	while (got < n) {
		const ssize_t r = read(im->fd, piece + got, n - got);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return err_sys(&im->err, ERR_TEMP, "read");
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* SIZE bytes and their padding to OUT, or TAKE (of struct import_mail), or
 * (both NULL) nowhere. */
static int
take_bytes(struct import_mail *im, uint64_t size, struct buf *out,
    int (*take)(void *, struct slice))
{
	uint64_t left = size + tar_padding(size);
	char piece[PIECE];

	while (left > 0) {
		const size_t n = left < PIECE ? (size_t)left : PIECE;
		struct slice s;

		if (read_whole(im, piece, n) != (ssize_t)n)
			return err_set(
			    &im->err, ERR_TEMP, "the tar ends early");
		s = slice_sub(
		    slice_of(piece, n), 0, size < n ? (size_t)size : n);
		size -= s.n;
		left -= n;
		if (out != NULL)
			buf_add(out, s);
		else if (take != NULL && take(im, s) == -1)
			return -1;
	}
	return 0;
}

static struct beside *
beside_of(struct import_mail *im, struct slice dir)
{
	struct beside *b = map_find(&im->besides, dir);

	if (b == NULL) {
		b = arena_new(&im->arena, struct beside);
		map_init(&b->lines);
		map_put(&im->besides, dir, b);
	}
	return b;
}

/* "UID BASE NAME NAME ..." */
static int
parse_lines(struct import_mail *im, struct beside *b, struct slice text)
{
	struct slice line, uid, base, names;

	(void)slice_cut(text, '\n', &text);
	while (text.n > 0) {
		if (im->lines++ == LINES_MAX)
			return err_set(&im->err, ERR_PERM,
			    "%s has more than %d lines", KWFILE_NAME,
			    LINES_MAX);
		line = slice_cut(text, '\n', &text);
		uid = slice_cut(line, ' ', &names);
		base = slice_cut(names, ' ', &names);
		if (base.n == 0 || names.n == 0)
			continue;
		map_put(&b->lines,
		    slice_of(line.p, (size_t)(base.p + base.n - uid.p)),
		    arena_str(&im->arena, names));
	}
	return 0;
}

static int
take_small(
    struct import_mail *im, struct slice dir, struct slice name, uint64_t size)
{
	struct beside *b = beside_of(im, dir);
	const bool keywords = slice_is(name, KWFILE_NAME),
		   letters = slice_is(name, "dovecot-keywords"),
		   box = slice_is(name, "pabal-mailbox");
	struct buf text = { .max = SMALL_MAX };
	int rc;

	if (im->small_known || !(keywords || letters || box))
		return take_bytes(im, size, NULL, NULL);
	if (size > im->small_left)
		return err_set(&im->err, ERR_PERM,
		    "files beside messages have more than %d bytes", SMALL_MAX);
	im->small_left -= size;
	rc = take_bytes(im, size, &text, NULL);
	if (rc == 0 && box && !boxfile_parse(buf_slice(&text), &b->box))
		b->box = (struct boxfile){ 0 };
	if (rc == 0 && letters)
		keywords_parse(&b->letters, buf_slice(&text), KEYWORD_LETTERS);
	if (rc == 0 && keywords)
		rc = parse_lines(im, b, buf_slice(&text));
	buf_fini(&text);
	return rc;
}

/* Names of letters and lines that the file called NAME has. */
static void
find_keywords(struct beside *b, const struct filename *f, struct buf *out)
{
	struct buf key = { .max = 1024 };
	const char *more;

	for (unsigned k = 0; k < KEYWORD_LETTERS; k++) {
		const char *name = (f->letters & 1U << k) != 0
				       ? keywords_name(&b->letters, k)
				       : NULL;

		if (name != NULL)
			buf_addf(out, "%s%s", out->n > 0 ? " " : "", name);
	}
	kwlog_key(&key, f);
	more = map_find(&b->lines, buf_slice(&key));
	if (more != NULL)
		buf_addf(out, "%s%s", out->n > 0 ? " " : "", more);
	buf_fini(&key);
}

static bool
base_is_plain(struct slice base)
{
	for (size_t i = 0; i < base.n; i++)
		if ((unsigned char)base.p[i] <= ' ' || base.p[i] == 0x7f ||
		    base.p[i] == '/' || base.p[i] == ':')
			return false;
	return base.n > 0 && base.n <= APPEND_BASE_MAX && base.p[0] != '.';
}

/* What DIR holds cannot come in, which is said once. */
static int
leave_out(struct import_mail *im, const struct tar_entry *e, struct slice dir,
    struct beside *b)
{
	struct err err = { 0 };

	if (!b->told) {
		(void)err_set(&err, ERR_PERM, "%.*s is no folder: left out",
		    SLICE_FMT(slice_sub(dir, 0, 100)));
		(void)asowner_fail(im->owner, &err);
	}
	b->told = true;
	im->left_out++;
	return take_bytes(im, e->size, NULL, NULL);
}

static int
on_tar_text(void *arg, struct slice piece)
{
	struct import_mail *im = arg;

	return move_into_text(&im->into, piece, &im->err);
}

/* The folder here gets B's UIDs, if it can.  What is put back into the folder
 * that it came from takes none from it. */
static int
take_uids(struct import_mail *im, struct beside *b)
{
	struct mailbox_status st;
	enum found taken = FOUND;

	if (b->box.uidvalidity == 0 || b->taken)
		return 0;
	if (mailbox_status(im->m, &st, &im->err) == -1)
		return -1;
	if (st.uidnext == 1)
		taken = mailbox_take_begin(im->m, b->box.uidvalidity, &im->err);
	else if (st.uidvalidity != b->box.uidvalidity)
		taken = ABSENT;
	b->taken = taken == FOUND;
	if (!b->taken)
		b->box.uidvalidity = 0;
	return taken == TEMPFAIL ? -1 : 0;
}

static int
take_message(struct import_mail *im, const struct tar_entry *e,
    struct slice dir, struct slice name)
{
	struct beside *b = beside_of(im, dir);
	struct buf keywords = { .max = KEYWORD_TEXT_MAX },
		   folder = { .max = NAME_LIMIT },
		   base = { .max = APPEND_BASE_MAX };
	struct append_info info = { .has_date = true, .date_s = e->time_s };
	bool plain;
	struct filename f;
	int rc;

	filename_parse(name, &f);
	if (dir.n == 0)
		buf_adds(&folder, "INBOX");
	else if (!name_from_dir(&folder, dir)) {
		buf_fini(&folder);
		return leave_out(im, e, dir, b);
	}
	plain = base_is_plain(f.base);
	rc = open_folder(im, buf_slice(&folder), b->box.special);
	if (rc == 0)
		rc = take_uids(im, b);
	if (rc == 0)
		rc = take_bytes(
		    im, e->size, NULL, plain ? on_tar_text : on_text);
	if (rc == 0 && !plain && im->digest != NULL)
		name_by_bytes(im, "tar", &base);
	find_keywords(b, &f, &keywords);
	info.flags = f.flags;
	info.keywords = buf_slice(&keywords);
	info.base = plain ? f.base : buf_slice(&base);
	info.uid = b->taken ? f.uid : 0;
	if (keywords_check(info.keywords, NULL) == -1)
		info.keywords.n = 0;
	if (rc == 0 && im->into.open == NULL)
		im->known++; /* no byte is no message */
	else if (rc == 0)
		rc = end_one(im, &info, f.own_id ? f.email_id : 0);
	buf_fini(&base);
	buf_fini(&keywords);
	buf_fini(&folder);
	return rc;
}

/* A file of a Maildir that begins with a dot is no message. */
static bool
is_message(const struct tar_entry *e, struct slice path)
{
	struct slice name;

	if (e->type != TAR_FILE || !(slice_starts(path, SLICE("cur/")) ||
				       slice_starts(path, SLICE("new/"))))
		return false;
	name = slice_from(path, 4);
	return name.n > 0 && name.p[0] != '.' &&
	       slice_find(name, '/') == name.n;
}

/* Their bytes come when nothing else is left to be known of them. */
static int
take_script_file(
    struct import_mail *im, const struct tar_entry *e, struct slice path)
{
	struct buf text = { .max = SCRIPT_MAX };
	int rc;

	if (e->type == TAR_LINK) {
		move_scripts_link(im->scripts, path, buf_slice(&e->link));
		return 0;
	}
	rc = take_bytes(im, e->size, e->type == TAR_FILE ? &text : NULL, NULL);
	if (rc == 0 && text.failed)
		move_scripts_too_long(im->scripts, path);
	else if (rc == 0 && e->type == TAR_FILE)
		rc = move_scripts_take(
		    im->scripts, path, buf_slice(&text), &im->err);
	buf_fini(&text);
	return rc;
}

/* [./][.FOLDER/](cur|new)/NAME or [./][.FOLDER/]NAME */
static int
take_entry(struct import_mail *im, const struct tar_entry *e, bool small)
{
	struct slice path = buf_slice(&e->name), dir = { NULL, 0 }, rest;

	while (slice_starts(path, SLICE("./")))
		path = slice_from(path, 2);
	if (!small && move_scripts_is(path)) {
		im->entries = true;
		return take_script_file(im, e, path);
	}
	if (path.n > 1 && path.p[0] == '.' && path.p[1] != '.')
		dir = slice_cut(path, '/', &path);
	im->entries = true;
	if (!small && is_message(e, path))
		return take_message(im, e, dir, slice_from(path, 4));
	(void)slice_cut(path, '/', &rest);
	if (e->type == TAR_FILE && rest.n == 0)
		return take_small(im, dir, path, e->size);
	return take_bytes(im, e->size, NULL, NULL);
}

/* SMALL: only what stands beside messages. */
static int
read_tar(struct import_mail *im, struct slice first, bool small)
{
	struct buf pax = { .max = TAR_PAX_MAX };
	struct tar_entry e;
	char block[TAR_BLOCK];
	int rc = 0;

	tar_init(&e);
	memcpy(block, first.p, sizeof block);
	while (rc == 0) {
		const enum tar_step step =
		    tar_header(&e, slice_of(block, sizeof block));
		ssize_t n;

		if (step == TAR_END)
			break;
		if (step == TAR_BAD) {
			rc = err_set(&im->err, ERR_PERM, "it is no tar");
			break;
		}
		buf_reset(&pax);
		rc = step == TAR_PAX ? take_bytes(im, e.size, &pax, NULL)
				     : take_entry(im, &e, small);
		if (rc == 0 && step == TAR_PAX && !tar_pax(&e, buf_slice(&pax)))
			rc = err_set(&im->err, ERR_PERM, "it is no tar");
		n = rc == 0 ? read_whole(im, block, sizeof block) : -1;
		if (rc == 0 && n == 0)
			break; /* some end so */
		if (rc == 0 && n != sizeof block)
			rc = err_set(&im->err, ERR_TEMP, "the tar ends early");
	}
	tar_fini(&e);
	buf_fini(&pax);
	return rc;
}

/* Of a file it is known what stands beside the messages before they come;
 * through a pipe only what comes before. */
static int
import_tar(struct import_mail *im, struct slice first)
{
	int rc = 0;

	im->small_left = SMALL_MAX;
	if (lseek(im->fd, 0, SEEK_CUR) != -1) {
		rc = read_tar(im, first, true);
		im->small_known = true;
		if (rc == 0 && lseek(im->fd, (off_t)first.n, SEEK_SET) == -1)
			rc = err_sys(&im->err, ERR_TEMP, "lseek");
	}
	if (rc == 0)
		rc = read_tar(im, first, false);
	if (rc == 0 && !im->entries)
		return err_set(&im->err, ERR_PERM, "there is nothing in it");
	return rc;
}

/* ---- all ---- */

static int
import_any(struct import_mail *im)
{
	char first[TAR_BLOCK];
	const ssize_t n = read_whole(im, first, sizeof first);

	if (n == -1)
		return -1;
	if (n >= 5 && memcmp(first, "From ", 5) == 0)
		return import_mbox(im, slice_of(first, (size_t)n));
	if (n == sizeof first)
		return import_tar(im, slice_of(first, sizeof first));
	return err_set(&im->err, ERR_PERM, "it is neither mbox nor tar");
}

/* UIDs of a tar that were given out and are not in it stay free of others. */
static int
settle_one(struct import_mail *im, struct slice name, const struct beside *b)
{
	enum found taken;

	if (open_folder(im, name, 0) == -1)
		return -1;
	taken = mailbox_take_end(
	    im->m, b->box.uidvalidity, b->box.ceiling, &im->err);
	if (taken == ABSENT)
		ctl_fail("%s: %.*s: it has another UIDVALIDITY and UIDs than "
			 "in the tar: other mail has come into it, or they "
			 "are not in order",
		    im->owner->name, SLICE_FMT(name));
	return taken == TEMPFAIL ? -1 : 0;
}

static int
settle(struct import_mail *im)
{
	struct map_iter it = { 0 };
	struct buf name = { .max = NAME_LIMIT };
	int rc = close_folder(im);

	while (rc == 0 && map_next(&im->besides, &it)) {
		const struct beside *b = it.value;

		buf_reset(&name);
		if (!b->taken)
			continue;
		if (it.key.n == 0)
			buf_adds(&name, "INBOX");
		else if (!name_from_dir(&name, it.key))
			continue;
		rc = settle_one(im, buf_slice(&name), b);
	}
	buf_fini(&name);
	return close_folder(im) == -1 ? -1 : rc;
}

static void
fini(struct import_mail *im)
{
	struct map_iter it = { 0 };
	uint8_t digest[DIGEST_MAX];

	while (map_next(&im->besides, &it)) {
		struct beside *b = it.value;

		keywords_fini(&b->letters);
		map_fini(&b->lines);
	}
	if (im->digest != NULL)
		(void)digest_end(&im->digest, digest);
	move_scripts_free(&im->scripts);
	map_fini(&im->besides);
	map_fini(&im->times);
	buf_fini(&im->name);
	arena_fini(&im->arena);
}

static int
import(struct asowner *o)
{
	struct import_mail *im = o->arg;
	struct err err = { 0 };
	int rc;

	im->owner = o;
	arena_init(&im->arena);
	map_init(&im->besides);
	map_init(&im->times);
	buf_init(&im->name, NAME_LIMIT);
	progress_begin("imported messages", 0);
	im->scripts = move_scripts_begin(o, &im->err);
	rc = im->scripts != NULL ? import_any(im) : -1;
	if (rc == 0)
		rc = move_scripts_end(im->scripts, &im->err);
	err = im->err;
	if (settle(im) == -1 && rc == 0) {
		err = im->err;
		rc = -1;
	}
	if (rc == 0 && im->left_out > 0)
		rc = err_set(&err, ERR_PERM, "%lld messages were left out",
		    (long long)im->left_out);
	progress_end();
	asowner_row(o);
	out_num(o->out, im->messages);
	out_num(o->out, im->known);
	out_num(o->out, move_scripts_taken(im->scripts));
	fini(im);
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

int
cmd_mailbox_import(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "imported", -8 }, { "were_here", -9 }, { "scripts", 0 } };
	struct import_mail im = { .fd = STDIN_FILENO, .folder = "INBOX" };
	const struct asowner_task task = { .run = import,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.make = true,
		.loop = true,
		.links = true,
		.arg = &im };
	const struct ctl_opt opts[] = { { "folder", &im.folder, NULL }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 2, 2);
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (strchr(argv[0], '@') == NULL)
		return ctl_usage(ctl, "expected NAME@DOMAIN");
	if (strcmp(argv[1], "-") != 0) {
		im.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
		if (im.fd == -1)
			return ctl_fail("%s: %s", argv[1], strerror(errno));
	}
	rc = asowner_run(ctl, argv[0], &task);
	if (im.fd != STDIN_FILENO)
		close(im.fd);
	return rc;
}
