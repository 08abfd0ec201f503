/* SPDX-License-Identifier: ISC */
/* THREAD and UID THREAD (RFC 5256 3): a job that finds the messages, makes
 * threads of them, and tells those, in steps. */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/search/badcharset.h"
#include "imapd/search/commands.h"
#include "imapd/search/find.h"
#include "imapd/search/progress.h"
#include "imapd/search/state.h"
#include "mailsearch/finder.h"
#include "mailsearch/thread_reader.h"
#include "store/view.h"

/* clang-format off */
static const struct {
	const char *name;
	enum thread_algorithm algorithm;
} algorithms[] = {
	{ "ORDEREDSUBJECT", THREAD_ORDEREDSUBJECT },
	{ "REFERENCES",     THREAD_REFERENCES },
	{ "REFS",           THREAD_REFS },
};
/* clang-format on */

struct thread_job {
	struct imapd_job job;
	struct search search;
	struct finder *finder;
	struct progress progress;
	bool uid;
	bool reading;  /* what was found last */
	bool found;    /* all that there is */
	bool threaded; /* and made threads of */
	bool begun;    /* to be told */
	struct thread_reader reader;
	struct threads threads;
};

static enum found
take_in(struct session *s, struct thread_job *j, struct err *err)
{
	const uint32_t seq = finder_seq(j->finder);
	struct thread_message t = { .number =
					j->uid ? view_uid(s->view, seq) : seq };
	const struct slice column = finder_column(j->finder);
	enum found found = FOUND;
	bool ready = true;

	if (column.n == 0 || !thread_reader_get(&j->reader, column, &t)) {
		if (column.n > 0)
			found = finder_without_column(j->finder, err);
		if (found == FOUND)
			found = thread_reader_message(
			    &j->reader, finder_message(j->finder), &ready, err);
		j->reading = found == FOUND && !ready;
		if (found != FOUND || !ready)
			return found;
		(void)thread_reader_get(
		    &j->reader, buf_slice(&j->reader.column), &t);
	}
	threads_add(&j->threads, &t);
	return FOUND;
}

/* A piece of finding. */
static int
find(struct session *s, struct thread_job *j, struct err *err)
{
	enum found found = j->reading ? FOUND : finder_step(j->finder, err);

	if (found == ABSENT)
		j->found = true;
	if (found == FOUND && finder_hit(j->finder))
		found = take_in(s, j, err);
	return found == TEMPFAIL ? -1 : 0;
}

/* False: all is told. */
static bool
tell(struct session *s, struct thread_job *j)
{
	if (!j->begun)
		buf_adds(imapd_out(s),
		    j->threads.first != 0 ? "* THREAD " : "* THREAD");
	j->begun = true;
	if (threads_put(&j->threads, imapd_out(s)))
		return true;
	buf_adds(imapd_out(s), "\r\n");
	imapd_ok(s, "THREAD completed");
	return false;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct thread_job *j = OUTER(job, struct thread_job, job);
	struct err err = { 0 };

	while (!imapd_is_full(s) && !work_spent()) {
		if (!j->found) {
			int rc;

			/* What the index alone tells costs less than the
			 * clock. */
			do
				rc = find(s, j, &err);
			while (rc == 0 && !j->reading &&
			       finder_has_more(j->finder));
			if (rc == -1) {
				imapd_no(s, "thread", &err);
				return;
			}
		} else if (!j->threaded) {
			j->threaded = !threads_step(&j->threads);
		} else if (!tell(s, j)) {
			return;
		}
	}
	if (!j->found)
		progress_tell(&j->progress, s, finder_seq(j->finder));
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct thread_job *j = OUTER(job, struct thread_job, job);

	(void)s;
	finder_free(&j->finder);
	threads_fini(&j->threads);
	thread_reader_fini(&j->reader);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static enum thread_algorithm
read_algorithm(struct parse *p)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (parse_try_word(p, algorithms[i].name))
			return algorithms[i].algorithm;
	parse_fail(p, "expected a threading algorithm");
	return THREAD_REFERENCES;
}

static void
start(struct session *s, struct parse *p, const struct search *search,
    enum thread_algorithm algorithm)
{
	struct thread_job *j = xcalloc(1, sizeof *j);

	j->job.ops = &ops;
	j->search = *search;
	j->uid = imapd_command_is_uid(s->command);
	thread_reader_init(&j->reader);
	threads_init(&j->threads, algorithm, imapd_search_memory());
	threads_reserve(&j->threads, view_count(s->view));
	j->finder = imapd_search_find(s, &j->search, s->view, p->arena, false);
	finder_read_column(j->finder, true);
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

/* THREAD SP algorithm SP charset 1*(SP search-key) */
void
imapd_cmd_thread(struct session *s, struct parse *p)
{
	enum thread_algorithm algorithm;
	struct search search;

	parse_space(p);
	algorithm = read_algorithm(p);
	parse_space(p);
	search = searchkey_parse_charset(p);
	if (!parse_ok(p))
		imapd_bad(s, p);
	else if (imapd_search_forbidden(s, &search, true, false) != NULL)
		imapd_bad_text(
		    s, imapd_search_forbidden(s, &search, true, false));
	else if (search.bad_charset)
		imapd_badcharset(s);
	else
		start(s, p, &search, algorithm);
}
