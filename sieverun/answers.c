/* SPDX-License-Identifier: ISC */
#include "sieverun/answers.h"

#include "base/mem.h"
#include "sieverun/global.h"
#include "sieverun/lists.h"
#include "sieverun/scores.h"
#include "sieverun/speak.h"
#include "sieverun/task.h"

enum { TRACE_MAX = 64 << 10 };

/* ---- what local knows ---- */

/* Pieces may come before the answer. */
static enum found
hear_answer(struct task *t, uint64_t *number, struct slice *text)
{
	struct msg m;

	while (speak_hear(t->fd, t->peer, &m) == 1) {
		if (m.type == MSG_sieve_piece &&
		    m.sieve_piece.what == SIEVE_PIECE_SCRIPT) {
			buf_add(&t->pieces[SIEVE_PIECE_SCRIPT],
			    m.sieve_piece.bytes);
			continue;
		}
		if (m.type != MSG_sieve_told || m.sieve_told.found > TEMPFAIL)
			return TEMPFAIL;
		if (number != NULL)
			*number = m.sieve_told.number;
		if (text != NULL)
			*text = arena_slice(&t->arena, m.sieve_told.text);
		return (enum found)m.sieve_told.found;
	}
	return TEMPFAIL;
}

enum found
answers_ask(struct task *t, enum sieve_question what, struct slice one,
    struct slice two, uint64_t *number, struct slice *text)
{
	if (SPEAK(t->fd, sieve_ask, .what = what, .one = one, .two = two,
		.number = number != NULL ? *number : 0) == -1)
		return TEMPFAIL;
	return hear_answer(t, number, text);
}

enum found
answers_script(struct task *t, enum sieve_location where, struct slice name,
    struct slice *text)
{
	struct buf *b = &t->pieces[SIEVE_PIECE_SCRIPT];
	enum found found;

	if (where == SIEVE_GLOBAL)
		return global_text(name, text) ? FOUND : ABSENT;
	buf_reset(b);
	found = answers_ask(t, SIEVE_ASK_SCRIPT, name, SLICE(""), NULL, NULL);
	if (found == FOUND && b->failed)
		return TEMPFAIL;
	*text = arena_slice(&t->arena, buf_slice(b));
	return found;
}

static enum found
ask(struct sieve_env *env, enum sieve_question what, struct slice one,
    struct slice two, struct buf *value)
{
	struct task *t = OUTER(env, struct task, env);
	struct slice text = SLICE("");
	const enum found found = answers_ask(t, what, one, two, NULL, &text);

	if (value != NULL)
		buf_add(value, text);
	return found;
}

static enum found
on_mailbox(struct sieve_env *env, struct slice name)
{
	return ask(env, SIEVE_ASK_MAILBOX, name, SLICE(""), NULL);
}

static enum found
on_mailbox_id(struct sieve_env *env, struct slice id)
{
	return ask(env, SIEVE_ASK_MAILBOX_ID, id, SLICE(""), NULL);
}

static enum found
on_special_use(struct sieve_env *env, struct slice mailbox, struct slice use)
{
	return ask(env, SIEVE_ASK_SPECIAL_USE, mailbox, use, NULL);
}

static enum found
on_metadata(struct sieve_env *env, struct slice mailbox, struct slice name,
    struct buf *value)
{
	return ask(env, SIEVE_ASK_METADATA, mailbox, name, value);
}

static enum found
on_own(struct sieve_env *env, struct slice address)
{
	return ask(env, SIEVE_ASK_OWN, address, SLICE(""), NULL);
}

static enum found
on_sender(struct sieve_env *env, struct slice address)
{
	return ask(env, SIEVE_ASK_SENDER, address, SLICE(""), NULL);
}

static enum found
on_duplicate(struct sieve_env *env, const struct sieve_seen *seen)
{
	uint64_t number = seen->seconds | (seen->last ? SIEVE_ASK_LAST : 0);

	return answers_ask(OUTER(env, struct task, env), SIEVE_ASK_DUPLICATE,
	    seen->handle, seen->id, &number, NULL);
}

/* ---- what is known here (RFC 5183 4.1) ---- */

static struct slice
domain_of(const struct sieve_env *env)
{
	return slice_from(env->owner, slice_rfind(env->owner, '@') + 1);
}

/* RFC 6785 4, each of which is there, and two of Pigeonhole's. */
static bool
event_item(const struct task *t, struct slice name, struct buf *value)
{
	const struct task_event *e = &t->event;
	const struct {
		const char *name;
		struct slice value;
	} items[] = {
		{ "imap.cause", e->cause },
		{ "imap.changedflags", e->changed },
		{ "imap.email", e->user },
		{ "imap.mailbox", e->mailbox },
		{ "imap.user", e->user },
		{ "vnd.dovecot.mailbox-from", e->from },
		{ "vnd.dovecot.mailbox-to", e->mailbox },
	};

	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (!slice_iis(name, items[i].name))
			continue;
		buf_add(value, items[i].value);
		return true;
	}
	return false;
}

static enum found
on_item(struct sieve_env *env, struct slice name, struct buf *value)
{
	const struct task *t = OUTER(env, struct task, env);
	const bool local = slice_starts(t->client, SLICE("local"));
	const struct {
		const char *name;
		struct slice value;
	} items[] = {
		{ "domain", domain_of(env) },
		{ "host", t->host },
		{ "location", t->event.is ? SLICE("MS") : SLICE("MDA") },
		{ "name", SLICE("pabal") },
		{ "phase", t->event.is ? SLICE("post") : SLICE("during") },
		{ "remote-host", t->client_name },
		{ "remote-ip", local ? SLICE("") : t->client },
		{ "version", SLICE(PABAL_VERSION) },
	};

	if (t->event.is && event_item(t, name, value))
		return FOUND;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (!slice_iis(name, items[i].name))
			continue;
		buf_add(value, items[i].value);
		return items[i].value.n > 0 ? FOUND : ABSENT;
	}
	return ABSENT;
}

static enum found
on_list(struct sieve_env *env, struct slice name, struct slice value)
{
	return lists_find(name, domain_of(env), value);
}

static enum found
on_members(struct sieve_env *env, struct slice name, struct buf *out)
{
	return lists_read(name, domain_of(env), out);
}

static enum found
on_score(struct sieve_env *env, enum sieve_score_kind kind, unsigned *score)
{
	return scores_get(OUTER(env, struct task, env), kind, score);
}

static void
on_trace(struct sieve_env *env, struct slice script, uint32_t line,
    struct slice text)
{
	struct task *t = OUTER(env, struct task, env);

	if (t->trace.n > TRACE_MAX)
		return;
	buf_addf(&t->trace, "%.*s:%u: ", SLICE_FMT(script), line);
	for (size_t i = 0; i < text.n && i < 500; i++)
		buf_addc(&t->trace,
		    text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
	buf_addc(&t->trace, '\n');
}

#define CALLS                                                                  \
	.mailbox = on_mailbox, .mailbox_id = on_mailbox_id,                    \
	.special_use = on_special_use, .metadata = on_metadata, .own = on_own, \
	.sender = on_sender, .duplicate = on_duplicate, .item = on_item,       \
	.list = on_list, .members = on_members, .score = on_score

const struct sieve_calls answers_calls = { CALLS };
const struct sieve_calls answers_traced = { CALLS, .trace = on_trace };
