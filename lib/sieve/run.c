/* SPDX-License-Identifier: ISC */
#include "sieve/run.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/part.h"
#include "sieve/actions.h"
#include "sieve/exec.h"
#include "sieve/parts.h"
#include "sieve/regexes.h"
#include "sieve/scope.h"
#include "sieve/words.h"

static sieve_do *const words[SIEVE_WORDS] = {
	[SIEVE_WORD_HEADER] = sieve_do_header,
	[SIEVE_WORD_ADDRESS] = sieve_do_address,
	[SIEVE_WORD_ENVELOPE] = sieve_do_envelope,
	[SIEVE_WORD_EXISTS] = sieve_do_exists,
	[SIEVE_WORD_SIZE] = sieve_do_size,
	[SIEVE_WORD_STRING] = sieve_do_string,
	[SIEVE_WORD_KEEP] = sieve_do_keep,
	[SIEVE_WORD_DISCARD] = sieve_do_discard,
	[SIEVE_WORD_FILEINTO] = sieve_do_fileinto,
	[SIEVE_WORD_REDIRECT] = sieve_do_redirect,
	[SIEVE_WORD_REJECT] = sieve_do_reject,
	[SIEVE_WORD_EREJECT] = sieve_do_reject,
	[SIEVE_WORD_ERROR] = sieve_do_error,
	[SIEVE_WORD_SET] = sieve_do_set,
	[SIEVE_WORD_SETFLAG] = sieve_do_setflag,
	[SIEVE_WORD_ADDFLAG] = sieve_do_addflag,
	[SIEVE_WORD_REMOVEFLAG] = sieve_do_removeflag,
	[SIEVE_WORD_HASFLAG] = sieve_do_hasflag,
	[SIEVE_WORD_VACATION] = sieve_do_vacation,
	[SIEVE_WORD_NOTIFY] = sieve_do_notify,
	[SIEVE_WORD_VALID_NOTIFY_METHOD] = sieve_do_valid_notify_method,
	[SIEVE_WORD_NOTIFY_METHOD_CAPABILITY] =
	    sieve_do_notify_method_capability,
	[SIEVE_WORD_BODY] = sieve_do_body,
	[SIEVE_WORD_DATE] = sieve_do_date,
	[SIEVE_WORD_CURRENTDATE] = sieve_do_currentdate,
	[SIEVE_WORD_MAILBOXEXISTS] = sieve_do_mailboxexists,
	[SIEVE_WORD_MAILBOXIDEXISTS] = sieve_do_mailboxidexists,
	[SIEVE_WORD_SPECIALUSE_EXISTS] = sieve_do_specialuse_exists,
	[SIEVE_WORD_METADATA] = sieve_do_metadata,
	[SIEVE_WORD_METADATAEXISTS] = sieve_do_metadataexists,
	[SIEVE_WORD_SERVERMETADATA] = sieve_do_servermetadata,
	[SIEVE_WORD_SERVERMETADATAEXISTS] = sieve_do_servermetadataexists,
	[SIEVE_WORD_ADDHEADER] = sieve_do_addheader,
	[SIEVE_WORD_DELETEHEADER] = sieve_do_deleteheader,
	[SIEVE_WORD_DUPLICATE] = sieve_do_duplicate,
	[SIEVE_WORD_ENVIRONMENT] = sieve_do_environment,
	[SIEVE_WORD_SPAMTEST] = sieve_do_spamtest,
	[SIEVE_WORD_VIRUSTEST] = sieve_do_virustest,
	[SIEVE_WORD_VALID_EXT_LIST] = sieve_do_valid_ext_list,
	[SIEVE_WORD_REPLACE] = sieve_do_replace,
	[SIEVE_WORD_ENCLOSE] = sieve_do_enclose,
	[SIEVE_WORD_EXTRACTTEXT] = sieve_do_extracttext,
	[SIEVE_WORD_OLD_NOTIFY] = sieve_do_old_notify,
	[SIEVE_WORD_DENOTIFY] = sieve_do_denotify,
};

/* What there is one of while a run lasts. */
struct machine {
	struct sieve_exec x;
	struct sieve_reader r;
	struct sieve_message message;
	bool stopped;
};

static size_t
position(const struct machine *m)
{
	return (size_t)(m->r.p - (const unsigned char *)m->x.code->code.p);
}

static void
jump(struct machine *m, size_t to)
{
	m->r.p = (const unsigned char *)m->x.code->code.p + to;
}

/* ---- words ---- */

static const char *
outcome(const struct sieve_exec *x)
{
	return x->test ? "true" : "false";
}

static int
run_word(struct machine *m)
{
	struct sieve_exec *const x = &m->x;
	struct sieve_call c;
	bool result = x->test;
	int rc;

	if (!sieve_call_read(&m->r, &x->code->bounds, &c))
		return sieve_exec_fail(x, "the code is damaged");
	x->line = c.line;
	arena_reset(&x->tmp);
	if (c.word->id < SIEVE_WORDS && words[c.word->id] != NULL)
		rc = words[c.word->id](x, &c, &result);
	else if (c.word->id >= SIEVE_WORD_HOST && x->env->calls != NULL &&
		 x->env->calls->word != NULL)
		rc = x->env->calls->word(x->env, x, &c, &result);
	else
		rc = sieve_exec_fail(x, "%s cannot be run", c.word->name);
	if (rc == -1 ||
	    (c.word->kind != SIEVE_IS_TEST && c.word->kind != SIEVE_IS_BOTH))
		return rc;
	x->test = result;
	sieve_exec_trace(x, "%s: %s", c.word->name, outcome(x));
	return 0;
}

/* A host's command wants to be out of the block that it is in. */
static int
leave_block(struct machine *m)
{
	m->x.leave = false;
	if (m->x.nblocks == 0)
		m->stopped = true;
	else
		jump(m, m->x.blocks[m->x.nblocks - 1]);
	return 0;
}

static int
enter_block(struct machine *m)
{
	const uint32_t end = sieve_code_u32(&m->r);

	if (m->x.nblocks == SIEVE_FRAMES_MAX)
		return sieve_exec_fail(&m->x, "blocks nested too deep");
	m->x.blocks[m->x.nblocks++] = end;
	return 0;
}

/* ---- included scripts ---- */

static void
forget_variables(struct sieve_exec *x, uint32_t script)
{
	for (uint64_t i = 0; i < x->code->bounds.nslots; i++)
		if (x->code->slots[i].owner == script)
			buf_reset(&x->slots[i]);
}

static int
call_script(struct machine *m)
{
	struct sieve_exec *const x = &m->x;
	const uint32_t script =
	    (uint32_t)sieve_code_varint(&m->r, x->code->nscripts - 1);
	const bool once = sieve_code_u8(&m->r) != 0;

	x->line = (uint32_t)sieve_code_varint(&m->r, UINT32_MAX);
	if (m->r.failed)
		return sieve_exec_fail(x, "the code is damaged");
	if (once && x->included[script])
		return 0;
	if (x->nframes == SIEVE_FRAMES_MAX)
		return sieve_exec_fail(x, "includes nested too deep");
	sieve_exec_trace(
	    x, "include %.*s", SLICE_FMT(x->code->scripts[script].name));
	x->included[script] = true;
	forget_variables(x, script);
	x->frames[x->nframes++] = (struct sieve_frame){
		.script = script, .back = position(m), .loops = x->nloops
	};
	jump(m, x->code->scripts[script].entry);
	return 0;
}

static int
return_from(struct machine *m)
{
	struct sieve_exec *const x = &m->x;
	const struct sieve_frame f = x->frames[x->nframes - 1];

	if (x->nframes == 1) {
		m->stopped = true;
		return 0;
	}
	x->nframes--;
	x->nloops = f.loops;
	jump(m, f.back);
	return 0;
}

/* ---- foreverypart ---- */

static int
loop_begin(struct machine *m)
{
	struct sieve_exec *const x = &m->x;

	if (x->nloops == SIEVE_LOOPS_MAX || x->nloops >= x->limits->part_depth)
		return sieve_exec_fail(x, "foreverypart nested too deep");
	x->loops[x->nloops++] = NULL;
	return 0;
}

/* The root of the innermost loop but this: what its parts are in. */
static int
loop_next(struct machine *m)
{
	struct sieve_exec *const x = &m->x;
	const uint32_t end = sieve_code_u32(&m->r);
	const uint32_t base = x->frames[x->nframes - 1].loops;
	const struct mime_part *root;
	const struct mime_part *p;

	if (x->nloops == 0 || x->nloops <= base)
		return sieve_exec_fail(x, "the code is damaged");
	root = x->nloops > 1 ? x->loops[x->nloops - 2]
			     : sieve_message_tree(x->message)->root;
	p = x->loops[x->nloops - 1];
	if (p == NULL)
		p = x->nloops > 1 ? root->child : root;
	else
		p = sieve_parts_next(root, p);
	if (p == NULL) {
		x->nloops--;
		jump(m, end);
		return 0;
	}
	x->loops[x->nloops - 1] = p;
	return sieve_exec_spend(x, 1);
}

static int
loop_pop(struct machine *m)
{
	const uint8_t n = sieve_code_u8(&m->r);

	if (n > m->x.nloops)
		return sieve_exec_fail(&m->x, "the code is damaged");
	m->x.nloops -= n;
	return 0;
}

/* ---- instructions ---- */

static void
jump_when(struct machine *m, bool when)
{
	const uint32_t to = sieve_code_u32(&m->r);

	if (when)
		jump(m, to);
}

static int
step(struct machine *m)
{
	struct sieve_exec *const x = &m->x;
	const uint8_t op = sieve_code_u8(&m->r);

	switch (op) {
	case SIEVE_OP_STOP:
		m->stopped = true;
		return 0;
	case SIEVE_OP_RETURN:
		return return_from(m);
	case SIEVE_OP_JUMP:
	case SIEVE_OP_BACK:
		jump_when(m, true);
		return 0;
	case SIEVE_OP_JUMP_IF:
		jump_when(m, x->test);
		return 0;
	case SIEVE_OP_JUMP_UNLESS:
		jump_when(m, !x->test);
		return 0;
	case SIEVE_OP_TRUE:
	case SIEVE_OP_FALSE:
		x->test = op == SIEVE_OP_TRUE;
		return 0;
	case SIEVE_OP_NOT:
		x->test = !x->test;
		return 0;
	case SIEVE_OP_WORD:
		return run_word(m);
	case SIEVE_OP_ENTER:
		return enter_block(m);
	case SIEVE_OP_LEAVE:
		x->nblocks -= x->nblocks > 0;
		return 0;
	case SIEVE_OP_CALL:
		return call_script(m);
	case SIEVE_OP_LOOP:
		return loop_begin(m);
	case SIEVE_OP_NEXT:
		return loop_next(m);
	case SIEVE_OP_POP:
		return loop_pop(m);
	default:
		return sieve_exec_fail(x, "the code is damaged");
	}
}

/* ---- the run ---- */

static void
begin(struct machine *m, const struct sieve_code *code, struct sieve_env *env,
    struct sieve_result *r)
{
	struct sieve_exec *const x = &m->x;

	x->code = code;
	x->env = env;
	x->limits = env->limits != NULL ? env->limits : &sieve_limits_default;
	x->result = r;
	x->message = &m->message;
	x->nframes = 1;
	arena_init(&x->tmp);
	sieve_message_init(&m->message, env->message);
	x->slots = xcalloc(code->bounds.nslots + 1, sizeof *x->slots);
	for (uint64_t i = 0; i < code->bounds.nslots; i++)
		buf_init(&x->slots[i], x->limits->value_bytes);
	x->match.v = xcalloc(SIEVE_MATCH_VALUES, sizeof *x->match.v);
	for (size_t i = 0; i < SIEVE_MATCH_VALUES; i++)
		buf_init(&x->match.v[i], x->limits->value_bytes);
	buf_init(&x->flags, x->limits->value_bytes);
	buf_add(&x->flags, env->flags);
	x->included = xcalloc(code->nscripts, sizeof *x->included);
	m->r.end = (const unsigned char *)code->code.p + code->code.n;
	jump(m, code->scripts[0].entry);
}

static void
end(struct machine *m)
{
	struct sieve_exec *const x = &m->x;

	for (uint64_t i = 0; i < x->code->bounds.nslots; i++)
		buf_fini(&x->slots[i]);
	for (size_t i = 0; i < SIEVE_MATCH_VALUES; i++)
		buf_fini(&x->match.v[i]);
	free(x->slots);
	free(x->match.v);
	free(x->included);
	buf_fini(&x->flags);
	sieve_regexes_free(x);
	sieve_message_fini(&m->message);
	arena_fini(&x->tmp);
}

void
sieve_run(const struct sieve_code *code, struct sieve_env *env,
    struct sieve_result *r)
{
	struct machine m = { 0 };

	begin(&m, code, env, r);
	while (!m.stopped && r->status == SIEVE_DONE) {
		if (sieve_exec_spend(&m.x, 1) == -1 || step(&m) == -1)
			break;
		if (m.x.leave)
			leave_block(&m);
	}
	sieve_actions_finish(&m.x);
	end(&m);
}
