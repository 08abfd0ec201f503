/* SPDX-License-Identifier: ISC */
/* pabal trace over logs with indexes of every kind: whatever they say or lack,
 * what is printed is what it would be without them; and one that is whole is
 * believed. */
#include "tests/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/logline.h"
#include "ctl/view/logsince.h"
#include "log/block.h"

enum { FILES = 3, ROUNDS = 60, IDS = 24, ADDRESSES = 8 };

static char dir[] = "/tmp/pabal-trace-XXXXXX";
static struct ctl ctl;
static uint64_t random_state;

static unsigned
dice(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 20) % n;
}

static const char *
path_of(const char *name)
{
	static char path[2][200];
	static unsigned turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
	return path[turn];
}

static void
write_file(const char *path, struct slice s)
{
	const int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, s.p, s.n), s.n);
	close(fd);
}

static const char *
index_path(const char *name)
{
	struct stat st;
	char index[60];

	assert_int_equal(stat(path_of(name), &st), 0);
	snprintf(index, sizeof index, "index/%ju", (uintmax_t)st.st_ino);
	return path_of(index);
}

static int
make_dir(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mkdir(path_of("index"), 0700), 0);
	ctl.inst.dir = ctl.inst.log = ctl.inst.run = dir;
	return 0;
}

static int
remove_dir(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static void
clean(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -f %s/pabal.log* %s/index/*", dir,
	    dir);
	assert_int_equal(system(command), 0);
}

/* What `pabal trace WORDS` prints, standard output alone. */
static void
run_trace(struct buf *out, int argc, const char *const *words)
{
	const int to = memfd_create("out", MFD_CLOEXEC);
	const int old[2] = { dup(1), dup(2) };
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *own[6], *argv[6]; /* whose order is changed */
	ssize_t n;

	for (int i = 0; i < argc; i++)
		argv[i] = own[i] = xstrdup(words[i]);
	buf_reset(out);
	fflush(stdout);
	assert_int_equal(dup2(to, 1), 1);
	assert_int_equal(dup2(null, 2), 2);
	close(null);
	(void)cmd_trace(&ctl, argc, argv);
	fflush(stdout);
	(void)dup2(old[0], 1);
	(void)dup2(old[1], 2);
	close(old[0]);
	close(old[1]);
	for (int i = 0; i < argc; i++)
		free(own[i]);
	while (
	    (n = pread(to, buf_room(out, 1 << 16), 1 << 16, (off_t)out->n)) > 0)
		buf_added(out, (size_t)n);
	close(to);
}

static bool
finds(const char *wanted, const char *text)
{
	struct buf out = { .max = 1 << 20 };
	bool found;

	run_trace(&out, 1, (const char *const[]){ wanted });
	found = strstr(buf_cstr(&out), text) != NULL;
	buf_fini(&out);
	return found;
}

/* ---- an index that is believed, or is not ---- */

#define T   "2026-11-20T21:15:54.00000"
#define QID "1K1EH4WBQRKCW"

static const char lines[] =
    T "1Z smtpd[7] info: mail.accepted sid=1K1EH4WBQ1J102 qid=" QID "\n" T
      "2Z qmgr[7] info: mail.removed qid=" QID "\n";

static void
add_lines(struct log_block *b, struct slice text)
{
	while (text.n > 0) {
		const size_t n = slice_find(text, '\n') + 1;

		assert_true(log_block_add(b, slice_sub(text, 0, n)));
		text = slice_from(text, n);
	}
}

/* A record of all LINES that says that nothing is in them. */
static void
put_lie(struct log_block *b, char *record)
{
	log_block_begin(b, 0);
	add_lines(b, slice_str(lines));
	memset(b->filter, 0, sizeof b->filter);
	log_block_put(b, record);
}

static void
test_whom_to_believe(void **state)
{
	static struct log_block b;
	char record[2 * LOG_BLOCK_RECORD] = { 0 };
	const struct slice one = slice_of(record, LOG_BLOCK_RECORD);
	struct buf more = { .max = 10000 };

	(void)state;
	clean();
	write_file(path_of("pabal.log"), slice_str(lines));
	assert_true(finds(QID, "mail.removed"));
	put_lie(&b, record);
	write_file(index_path("pabal.log"), one);
	assert_false(finds(QID, "mail.removed"));

	/* corrupt, truncated */
	record[500] = 1;
	write_file(index_path("pabal.log"), one);
	assert_true(finds(QID, "mail.removed"));
	record[500] = 0;
	write_file(index_path("pabal.log"), slice_sub(one, 0, one.n - 1));
	assert_true(finds(QID, "mail.removed"));

	/* of a file that began otherwise */
	b.first[LOG_TIME_BYTES - 2] = '7';
	log_block_put(&b, record);
	write_file(index_path("pabal.log"), one);
	assert_true(finds(QID, "mail.removed"));

	/* of one that was longer, and was cut off */
	put_lie(&b, record);
	b.length++;
	log_block_put(&b, record);
	write_file(index_path("pabal.log"), one);
	assert_true(finds(QID, "mail.removed"));

	/* a later record of the same place counts */
	put_lie(&b, record);
	log_block_begin(&b, 0);
	add_lines(&b, slice_str(lines));
	log_block_put(&b, record + LOG_BLOCK_RECORD);
	write_file(index_path("pabal.log"), slice_of(record, sizeof record));
	assert_true(finds(QID, "mail.removed"));

	/* not where a line begins */
	buf_addf(&more, "x" T "1Z qmgr[7] info: x qid=" QID "\n");
	write_file(path_of("pabal.log"), buf_slice(&more));
	put_lie(&b, record);
	b.offset = 1;
	b.length = more.n - 1;
	log_block_put(&b, record);
	write_file(index_path("pabal.log"), one);
	assert_true(finds(QID, " x qid="));
	buf_fini(&more);
}

/* ---- what comes behind a record is read ---- */

static void
test_tail(void **state)
{
	static struct log_block b;
	char record[LOG_BLOCK_RECORD];
	struct buf more = { .max = 10000 };

	(void)state;
	clean();
	buf_addf(&more, "%s" T "3Z q[7] info: tail qid=" QID, lines);
	write_file(path_of("pabal.log"), buf_slice(&more));
	put_lie(&b, record);
	write_file(index_path("pabal.log"), slice_of(record, sizeof record));
	assert_true(finds(QID, "tail"));
	assert_false(finds(QID, "mail.removed"));
	buf_fini(&more);
}

/* ---- the law ---- */

static struct buf all = { .max = 1 << 22 }; /* the logs */

/* Some of them are of no kind that an index has. */
static void
put_id(struct buf *b, unsigned n)
{
	if (n % 12 == 11)
		buf_addf(b, "ODD%u", n);
	else
		buf_addf(b, "1K1EH4WBQ%02uCW", n);
}

static void
put_address(struct buf *b, unsigned n)
{
	buf_addf(b, n % 2 == 0 ? "user%u@x.test" : "User%u@X.TEST", n / 2 * 2);
}

static void
put_value(struct buf *b, unsigned kind)
{
	if (kind == 0)
		put_id(b, dice(IDS));
	else if (kind == 1)
		put_address(b, dice(ADDRESSES));
	else if (kind == 2)
		buf_addf(b, dice(2) ? "<m%u@h>" : "<m%u>", dice(IDS));
	else
		buf_addf(b, "192.0.2.%u", dice(9));
}

static void
put_pair(struct buf *b, bool json, const char *key, unsigned kind)
{
	if (json)
		buf_addf(b, ",\"%s\":\"", key);
	else
		buf_addf(b, dice(4) == 0 ? " %s=\"" : " %s=", key);
	json |= b->p[b->n - 1] == '"';
	put_value(b, kind);
	if (json)
		buf_addc(b, '"');
}

/* Times mostly run on, by day, hour and second. */
static void
put_line(struct buf *b, unsigned day, unsigned n)
{
	static const char *const keys[] = { "report", "about", "old_qid" };
	const bool json = dice(4) == 0;
	const unsigned s = dice(20) == 0 ? dice(60) : n % 60;

	if (dice(60) == 0) {
		buf_adds(b, "no line of ours\n");
		return;
	}
	buf_addf(b, json ? "{\"time\":\"" : "");
	buf_addf(b, "2026-11-%02uT%02u:15:%02u.%06uZ", day, n / 60 % 24, s, n);
	buf_adds(b, json ? "\",\"daemon\":\"q\",\"pid\":7,\"level\":\"info\","
			   "\"event\":\""
			 : " q[7] info: ");
	buf_addf(b, dice(5) == 0 ? "mail.accepted" : "event%u", n);
	if (json)
		buf_addc(b, '"');
	if (dice(3) > 0)
		put_pair(b, json, "qid", 0);
	if (dice(3) == 0)
		put_pair(b, json, "sid", 0);
	if (dice(12) == 0)
		put_pair(b, json, keys[dice(3)], 0);
	if (dice(3) == 0)
		put_pair(b, json, "to", dice(4));
	buf_adds(b, json ? "}\n" : "\n");
}

/* Records of LOG as they may be found: of pieces of it, with holes, some of
 * them corrupt, of a file before it, or there twice. */
static void
put_index(struct buf *index, struct slice log)
{
	static struct log_block b;
	char record[LOG_BLOCK_RECORD];
	uint64_t at = 0;

	while (at < log.n) {
		unsigned n = 1 + dice(40);

		log_block_begin(&b, at);
		for (; n > 0 && at < log.n; n--) {
			const struct slice rest = slice_from(log, at);
			const size_t line = slice_find(rest, '\n') + 1;

			at += line;
			if (!log_block_add(&b, slice_sub(rest, 0, line)))
				break;
		}
		if (b.length == 0 || dice(5) == 0)
			continue;
		log_block_put(&b, record);
		if (dice(8) == 0)
			record[dice(sizeof record)] ^= 4;
		buf_add(index, slice_of(record, sizeof record));
		if (dice(10) == 0)
			buf_add(index, slice_of(record, sizeof record));
	}
}

static void
make_logs(void)
{
	static const char *const names[FILES] = { "pabal.log.2", "pabal.log.1",
		"pabal.log" };
	struct buf log = { .max = 1 << 20 }, index = { .max = 1 << 20 };
	unsigned n = 0;

	clean();
	buf_reset(&all);
	for (unsigned i = 0; i < FILES; i++) {
		buf_reset(&index);
		if (dice(4) == 0) /* the file was cut off and begun anew */
			put_index(&index, buf_slice(&log));
		buf_reset(&log);
		for (unsigned j = dice(300); j > 0; j--)
			put_line(&log, 20 + i, n++);
		write_file(path_of(names[i]), buf_slice(&log));
		buf_add(&all, buf_slice(&log));
		put_index(&index, buf_slice(&log));
		if (dice(6) > 0)
			write_file(index_path(names[i]), buf_slice(&index));
	}
	buf_fini(&log);
	buf_fini(&index);
}

/* What is printed, told once more in the simplest way: ids until there are no
 * more, over all lines of ALL. */
struct model {
	struct slice wanted;
	struct map qids, sids;
	struct arena arena;
	bool grew;
};

static bool
is_relation(struct slice key)
{
	return slice_is(key, "report") || slice_is(key, "about") ||
	       slice_is(key, "old_qid");
}

static void
learn(struct model *m, struct map *ids, struct slice id)
{
	if (id.n > 0 && map_find(ids, id) == NULL) {
		map_put(ids, id, m);
		m->grew = true;
	}
}

static void
model_line(struct model *m, const struct logline *l)
{
	const struct slice qid = logline_get(l, "qid");
	bool ours = qid.n > 0 && map_find(&m->qids, qid) != NULL;

	for (size_t i = 0; i < l->n; i++)
		ours |= log_key_same(l->values[i], m->wanted) ||
			(qid.n > 0 && is_relation(l->keys[i]) &&
			    map_find(&m->qids, l->values[i]) != NULL);
	if (!ours)
		return;
	learn(m, qid.n > 0 ? &m->qids : &m->sids,
	    qid.n > 0 ? qid : logline_get(l, "sid"));
	for (size_t i = 0; qid.n > 0 && i < l->n; i++)
		if (is_relation(l->keys[i]))
			learn(m, &m->qids, l->values[i]);
	if (qid.n > 0)
		learn(m, &m->sids, logline_get(l, "sid"));
}

/* Give the lines not before SINCE to FN; how many of them are printed by what
 * is known now. */
static size_t
each_line(struct model *m, const char *since,
    void (*fn)(struct model *, const struct logline *))
{
	struct slice rest = buf_slice(&all);
	size_t n = 0;

	while (rest.n > 0) {
		struct logline l;
		struct slice id;

		arena_reset(&m->arena);
		if (!logline_parse(
			slice_cut(rest, '\n', &rest), &m->arena, &l) ||
		    (since != NULL && slice_cmp(l.time, slice_str(since)) < 0))
			continue;
		if (fn != NULL)
			fn(m, &l);
		id = logline_get(&l, "qid");
		n += id.n > 0
			 ? map_find(&m->qids, id) != NULL
			 : map_find(&m->sids, logline_get(&l, "sid")) != NULL;
	}
	return n;
}

static size_t
count_model(const char *wanted, const char *since)
{
	struct model m = { .wanted = slice_str(wanted), .grew = true };
	size_t n;

	map_init(&m.qids);
	map_init(&m.sids);
	arena_init(&m.arena);
	learn(&m, &m.qids, m.wanted);
	while (m.grew) {
		m.grew = false;
		(void)each_line(&m, since, model_line);
	}
	n = each_line(&m, since, NULL);
	arena_fini(&m.arena);
	map_fini(&m.qids);
	map_fini(&m.sids);
	return n;
}

static size_t
count_printed(const struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		n += out->p[i] == '\n';
	return ctl.json ? n - 1 : n;
}

static void
check_law(const char *wanted, const char *since)
{
	const char *const words[] = { wanted, "--since", since };
	const int argc = since != NULL ? 3 : 1;
	struct buf with = { .max = 1 << 22 }, without = { .max = 1 << 22 };
	char hidden[200];

	run_trace(&with, argc, words);
	snprintf(hidden, sizeof hidden, "%s/hidden", dir);
	assert_int_equal(rename(path_of("index"), hidden), 0);
	run_trace(&without, argc, words);
	assert_int_equal(rename(hidden, path_of("index")), 0);
	assert_string_equal(buf_cstr(&with), buf_cstr(&without));
	assert_int_equal(count_printed(&with), count_model(wanted, since));
	buf_fini(&with);
	buf_fini(&without);
}

static void
test_law(void **state)
{
	const char *seed = getenv("PABAL_SEED");

	(void)state;
	random_state = seed != NULL ? strtoull(seed, NULL, 10)
				    : (uint64_t)getpid() * 2654435761U + 1;
	print_message("PABAL_SEED=%" PRIu64 "\n", random_state);
	for (int i = 0; i < ROUNDS; i++) {
		struct buf wanted = { .max = 1000 };

		make_logs();
		ctl.json = dice(2) == 0;
		for (unsigned kind = 0; kind < 4; kind++) {
			buf_reset(&wanted);
			put_value(&wanted, kind);
			check_law(buf_cstr(&wanted),
			    dice(4) == 0 ? "2026-11-21T03" : NULL);
		}
		buf_fini(&wanted);
	}
	ctl.json = false;
}

/* Whatever a line looks like: a value that is a key is one of its keys. */
static void
test_keys_of_lines(void **state)
{
	static const char *const pieces[] = { "\"", "\\", "u0040", "\\u00e9",
		"n", " ", "=", "@", "ab@c", ",", ":", "{", "}", "<", ">",
		" k=", " k=\"", "\",\"k\":\"", QID, "192.0.2.1", "\t", "\r",
		"\xed\x95\x9c" };
	struct buf line = { .max = 10000 };
	struct arena arena;
	size_t parsed = 0;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 200000; i++) {
		const bool json = dice(2) == 0;
		struct logline l;

		buf_reset(&line);
		buf_adds(&line, json
				    ? "{\"time\":\"T\",\"event\":\"e\",\"k\":\""
				    : "T q[7] info: e k=");
		for (unsigned n = dice(12); n > 0; n--)
			buf_adds(&line, pieces[dice(ARRAY_LEN(pieces))]);
		buf_adds(&line, json ? "\"}" : dice(3) == 0 ? "\"" : "");
		arena_reset(&arena);
		if (!logline_parse(buf_slice(&line), &arena, &l))
			continue;
		parsed++;
		for (size_t j = 0; j < l.n; j++) {
			struct log_keys k = log_keys_of(buf_slice(&line));
			uint64_t want, hash;
			bool found = false;

			if (!log_key(l.values[j], &want))
				continue;
			while (!found && log_keys_next(&k, &hash))
				found = hash == want;
			if (!found)
				fail_msg("%s", buf_cstr(&line));
		}
	}
	assert_in_range(parsed, 10000, 200000);
	arena_fini(&arena);
	buf_fini(&line);
}

/* ---- what is asked for ---- */

static void
test_message_id(void **state)
{
	static const char text[] =
	    T "1Z s[7] info: mail.accepted qid=" QID " message_id=<A.b@c>\n" T
	      "2Z q[7] info: mail.removed qid=" QID "\n";

	(void)state;
	clean();
	write_file(path_of("pabal.log"), slice_str(text));
	assert_true(finds("<A.b@c>", "mail.removed"));
	assert_true(finds("a.b@C", "mail.removed"));
	assert_false(finds("b@c", "mail.removed"));
}

static void
test_since(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *since; /* NULL: neither */
	} rows[] = {
		{ "2026",                        "2026-01-01T00:00:00.000000Z" },
		{ "2026-11",                     "2026-11-01T00:00:00.000000Z" },
		{ "2026-11-20",                  "2026-11-20T00:00:00.000000Z" },
		{ "2026-11-20T21",               "2026-11-20T21:00:00.000000Z" },
		{ "2026-11-20T21:15",            "2026-11-20T21:15:00.000000Z" },
		{ "2026-11-20T21:15:54.953076Z", "2026-11-20T21:15:54.953076Z" },
		{ "2026-11-20T21:15:54Z",        "2026-11-20T21:15:54.000000Z" },
		{ "2026-11-20 21:15",            "2026-11-20T21:15:00.000000Z" },
		{ "2026-11-20T21Z",              "2026-11-20T21:00:00.000000Z" },
		{ "90s",                         "2001-09-09T01:45:10.000000Z" },
		{ "2d",                          "2001-09-07T01:46:40.000000Z" },
		{ "1w",                          "2001-09-02T01:46:40.000000Z" },
		{ "20000d",                      "1970-01-01T00:00:00.000000Z" },
		{ "2026-1",                      NULL },
		{ "2026-11-20T",                 NULL },
		{ "2026-11-20Z",                 NULL },
		{ "2026-11-20TZ",                NULL },
		{ "2026/11/20",                  NULL },
		{ "20261120",                    NULL },
		{ "d",                           NULL },
		{ "2y",                          NULL },
		{ "-2d",                         NULL },
		{ "2",                           NULL },
		{ "",                            NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char since[LOGSET_SINCE_BYTES] = "";
		const bool is =
		    logsince_parse(slice_str(rows[i].text), 1000000000, since);

		if (is != (rows[i].since != NULL))
			fail_msg("%s", rows[i].text);
		if (is)
			assert_string_equal(since, rows[i].since);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whom_to_believe),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_keys_of_lines),
		cmocka_unit_test(test_message_id),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
