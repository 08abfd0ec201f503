/* SPDX-License-Identifier: ISC */
#include "jmapd/api/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/work.h"
#include "jmapd/api/args.h"
#include "jmapd/api/call.h"
#include "jmapd/api/parse.h"
#include "jmapd/api/problem.h"
#include "jmapd/api/refs.h"
#include "jmapd/api/session.h"
#include "jmapd/conf.h"
#include "jmapd/wire/account.h"
#include "jmapd/wire/request.h"
#include "log/log.h"
#include "log/metric.h"
#include "json/jsonw.h"

enum {
	FLUSH = 64 << 10, /* so much of the response goes out at once */
	DROPPED_MAX = 4,  /* times the largest request: of what is too large */
};

struct jmapd_api {
	struct jmapd_request *request;
	const struct api_methods *methods;
	struct buf text; /* of the request */
	uint64_t dropped;
	bool too_many; /* at a time: its content is not kept */
	json_t *root, *calls;
	unsigned capabilities;
	json_t *responses; /* those that later calls refer to */
	uint64_t kept;     /* bytes of them */
	json_t *created;   /* createdIds */
	bool tells_created;
	size_t at; /* the call under way */
	struct jmapd_call call;
	bool running; /* it has begun */
	struct buf out;
	size_t sent; /* of it */
	struct jsonw w;
	bool waiting;  /* for api_resume */
	size_t mark;   /* where its response begins in out */
	bool comma;    /* something stands before it */
	bool flushed;  /* not any more: a part of it is gone */
	bool answered; /* the response has begun to go out */
	bool whole;    /* all of it is in out */
	struct work work;
	int64_t since_ms;
};

static unsigned under_way;
static struct metric method_calls = { .name = "pabal_jmapd_calls",
	.help = "Method calls." };

/* ---- what methods ask ---- */

bool
api_id(const struct jmapd_call *c, struct slice id, struct slice *real)
{
	const json_t *made;

	*real = id;
	if (!slice_starts(id, SLICE("#")))
		return call_is_id(id);
	made = json_object_getn(c->api->created, id.p + 1, id.n - 1);
	*real = call_text(made);
	return made != NULL;
}

void
api_created(struct jmapd_call *c, const char *key, struct slice id)
{
	(void)json_object_set_new(
	    c->api->created, key, json_stringn(id.p, id.n));
}

void
api_resume(struct jmapd_call *c)
{
	c->api->waiting = false;
	if (!jmapd_request_left(c->api->request))
		work_queue(&c->api->work);
}

void
api_hold(struct jmapd_call *c)
{
	jmapd_request_hold(c->api->request);
}

void
api_release(struct jmapd_call *c)
{
	jmapd_request_release(c->api->request);
}

/* ---- the response ---- */

static const char *
call_name(const struct jmapd_api *a)
{
	return json_string_value(
	    json_array_get(json_array_get(a->calls, a->at), 0));
}

static struct slice
id_of_call(const struct jmapd_api *a)
{
	return call_text(json_array_get(json_array_get(a->calls, a->at), 2));
}

static void
answer(struct jmapd_api *a, uint64_t length)
{
	if (!a->answered)
		jmapd_request_answer(
		    a->request, 200, "application/json", SLICE(""), length);
	a->answered = true;
}

/* What is in out, as much of it as the other side takes.  False: on_drained
 * goes on. */
static bool
flush(struct jmapd_api *a)
{
	answer(a, JMAPD_LENGTH_UNKNOWN);
	while (a->sent < a->out.n) {
		const struct slice rest =
		    slice_from(buf_slice(&a->out), a->sent);
		const struct slice piece = slice_sub(rest, 0, FLUSH);

		if (jmapd_request_full(a->request))
			return false;
		jmapd_request_write(a->request, piece);
		a->sent += piece.n;
		a->flushed = true;
	}
	buf_reset(&a->out);
	a->sent = 0;
	a->mark = 0;
	return true;
}

/* [name, — the object is to follow */
static void
begin_response(struct jmapd_api *a, const char *name)
{
	a->mark = a->out.n;
	a->comma = a->w.comma;
	a->flushed = false;
	jsonw_open(&a->w, '[');
	jsonw_string(&a->w, slice_str(name));
}

static void
end_response(struct jmapd_api *a)
{
	jsonw_string(&a->w, id_of_call(a));
	jsonw_close(&a->w, ']');
}

static void
take_back(struct jmapd_api *a)
{
	a->out.failed = false;
	buf_truncate(&a->out, a->mark);
	a->w.comma = a->comma;
}

static enum call_step
put_error(struct jmapd_api *a, const char *type, const char *description)
{
	if (a->flushed) {
		jmapd_request_break(a->request);
		return CALL_DONE;
	}
	take_back(a);
	begin_response(a, "error");
	jsonw_open(&a->w, '{');
	jsonw_name(&a->w, "type");
	jsonw_string(&a->w, slice_str(type));
	if (description != NULL) {
		jsonw_name(&a->w, "description");
		jsonw_string(&a->w, slice_str(description));
	}
	jsonw_close(&a->w, '}');
	return CALL_DONE;
}

enum call_step
api_error(struct jmapd_call *c, const char *type, const char *description)
{
	return put_error(c->api, type, description);
}

enum call_step
api_failed(struct jmapd_call *c, const struct err *why)
{
	log_err("jmapd.call-failed",
	    kv_s("sid", jmapd_request_head(c->api->request)->sid),
	    kv_s("account", jmapd_account_name()),
	    kv_s("method", c->method->name), kv_s("why", why->text));
	if (why->code == ERR_NO_ACCOUNT)
		jmapd_account_drop();
	return put_error(c->api,
	    why->class == ERR_TEMP ? "serverUnavailable" : "serverFail", NULL);
}

bool
api_flush(struct jmapd_call *c)
{
	struct jmapd_api *a = c->api;

	if (a->out.n < FLUSH || refs_wanted(a->calls, a->at + 1,
				    json_string_value(json_array_get(
					json_array_get(a->calls, a->at), 2))))
		return true;
	return flush(a);
}

/* The response of the call is whole: keep it, if somebody refers to it.  False:
 * all that is kept would be too much. */
static bool
keep(struct jmapd_api *a)
{
	const json_t *call = json_array_get(a->calls, a->at);
	const char *id = json_string_value(json_array_get(call, 2));
	json_t *response = NULL;

	if (a->flushed || !refs_wanted(a->calls, a->at + 1, id))
		return true;
	a->kept += a->out.n - a->mark;
	if (a->kept > (uint64_t)jmapd_conf->max_size_response)
		return false;
	/* Behind a comma, where it is not the first. */
	if (parse_json(slice_from(buf_slice(&a->out),
			   a->mark + (a->out.p[a->mark] == ',')),
		&response) == PARSE_OK)
		(void)json_array_append_new(a->responses, response);
	return true;
}

/* ---- the calls ---- */

static void
finish(struct jmapd_api *a)
{
	const struct jmapd_request_head *head = jmapd_request_head(a->request);
	char state[SESSION_STATE_SIZE];
	char *created = NULL;

	jsonw_close(&a->w, ']');
	if (a->tells_created &&
	    (created = json_dumps(a->created, JSON_COMPACT)) != NULL) {
		jsonw_name(&a->w, "createdIds");
		jsonw_raw(&a->w, slice_str(created));
		free(created);
	}
	session_state(state);
	jsonw_name(&a->w, "sessionState");
	jsonw_string(&a->w, slice_str(state));
	jsonw_close(&a->w, '}');
	log_info("jmapd.request", kv_s("sid", head->sid),
	    kv_s("account", jmapd_account_name()),
	    kv_s("client", head->address),
	    kv_u("calls", json_array_size(a->calls)),
	    kv_i("ms", ev_now_ms() - a->since_ms));
	answer(a, a->out.n);
	a->whole = true;
}

/* Set up the next call; CALL_DONE: an error is its response. */
static enum call_step
begin_call(struct jmapd_api *a)
{
	const json_t *call = json_array_get(a->calls, a->at);
	json_t *args = json_array_get(call, 1);
	const struct call_method *m =
	    a->methods->find(slice_str(call_name(a)), a->capabilities);
	const json_t *account;
	const char *wrong;

	metric_add(&method_calls, 1);
	a->call = (struct jmapd_call){
		.api = a, .method = m, .args = args, .w = &a->w
	};
	begin_response(a, call_name(a));
	if (m == NULL)
		return put_error(a, "unknownMethod", NULL);
	wrong = refs_resolve(a->responses, args);
	if (wrong != NULL)
		return put_error(a, wrong, "a reference leads nowhere");
	account = json_object_get(args, "accountId");
	if (m->account && !json_is_string(account))
		return put_error(a, "invalidArguments", "accountId");
	if (m->account && !slice_eq(call_text(account), session_account_id()))
		return put_error(a, "accountNotFound", NULL);
	wrong = args_check(m, args);
	if (wrong != NULL)
		return put_error(a, "invalidArguments", wrong);
	a->running = true;
	return CALL_MORE;
}

static void
end_method(struct jmapd_api *a)
{
	if (a->running && a->call.state != NULL)
		a->call.method->free(&a->call);
	a->call.state = NULL;
	a->running = false;
}

static enum call_step
run_call(struct jmapd_api *a)
{
	enum call_step step = CALL_DONE;

	if (!a->running && begin_call(a) == CALL_DONE)
		goto done;
	step = a->call.method->run(&a->call);
	if (step != CALL_DONE)
		return step;
done:
	end_method(a);
	end_response(a);
	if (a->out.failed || !keep(a)) {
		(void)put_error(a, "requestTooLarge", "the response would be");
		end_response(a);
	}
	a->at++;
	return step;
}

static void
on_step(struct work *work)
{
	struct jmapd_api *a = OUTER(work, struct jmapd_api, work);
	enum call_step step;

	if (jmapd_account() == NULL) {
		jmapd_request_break(a->request);
		return;
	}
	while (a->at < json_array_size(a->calls)) {
		if (a->out.n >= FLUSH && !a->running && !flush(a))
			return;
		step = run_call(a);
		a->waiting = step == CALL_WAIT;
		if (a->waiting)
			return;
		if (step == CALL_MORE && jmapd_request_full(a->request))
			return;
		if (step == CALL_MORE || work_spent()) {
			work_queue(&a->work);
			return;
		}
	}
	if (!a->whole)
		finish(a);
	if (flush(a))
		jmapd_request_end(a->request);
}

/* ---- the request ---- */

/* [name, arguments, id] (3.2) */
static bool
is_call(const json_t *call)
{
	return json_array_size(call) == 3 &&
	       json_is_string(json_array_get(call, 0)) &&
	       json_is_object(json_array_get(call, 1)) &&
	       json_is_string(json_array_get(call, 2));
}

static bool
is_request(const struct jmapd_api *a, const json_t *using)
{
	const json_t *created = json_object_get(a->root, "createdIds");
	const json_t *v;
	size_t i;

	if (!json_is_array(using) || !json_is_array(a->calls) ||
	    (created != NULL && !json_is_object(created)))
		return false;
	json_array_foreach(using, i, v)
	{
		if (!json_is_string(v))
			return false;
	}
	json_array_foreach(a->calls, i, v)
	{
		if (!is_call(v))
			return false;
	}
	return true;
}

/* False: one of them is not ours. */
static bool
use(struct jmapd_api *a, const json_t *using)
{
	const json_t *v;
	size_t i;

	json_array_foreach(using, i, v)
	{
		const unsigned bit = a->methods->capability(call_text(v));

		a->capabilities |= bit;
		if (bit == 0)
			return false;
	}
	return true;
}

static void
take_created(struct jmapd_api *a)
{
	json_t *created = json_object_get(a->root, "createdIds");
	const char *key;
	json_t *id;

	a->tells_created = created != NULL;
	json_object_foreach(created, key, id)
	{
		if (json_is_string(id))
			(void)json_object_set(a->created, key, id);
	}
}

static void
start(struct jmapd_api *a)
{
	struct jmapd_request *r = a->request;
	const json_t *using;

	using = json_object_get(a->root, "using");
	a->calls = json_object_get(a->root, "methodCalls");
	if (!json_is_object(a->root) || !is_request(a, using)) {
		problem_say(
		    r, 400, "notRequest", "this is no Request object", NULL);
	} else if (!use(a, using)) {
		problem_say(r, 400, "unknownCapability",
		    "a capability in using is not known here", NULL);
	} else if (json_array_size(a->calls) >
		   jmapd_conf->max_calls_in_request) {
		problem_say(r, 400, "limit", "too many method calls",
		    "maxCallsInRequest");
	} else {
		take_created(a);
		jsonw_open(&a->w, '{');
		jsonw_name(&a->w, "methodResponses");
		jsonw_open(&a->w, '[');
		work_queue(&a->work);
	}
}

static bool
is_json(struct slice type)
{
	struct slice rest;

	return slice_iis(
	    slice_trim(slice_cut(type, ';', &rest)), "application/json");
}

static void
on_whole(struct jmapd_request *r)
{
	struct jmapd_api *a = jmapd_request_data(r);
	enum parse_result result;

	if (a->dropped > 0 && !a->too_many) {
		problem_say(r, 400, "limit", "the request is too large",
		    "maxSizeRequest");
		return;
	}
	if (a->too_many) {
		problem_say(r, 400, "limit", "too many requests at a time",
		    "maxConcurrentRequests");
		return;
	}
	if (!is_json(slice_str(jmapd_request_head(r)->type))) {
		problem_say(r, 400, "notJSON",
		    "the Content-Type is not application/json", NULL);
		return;
	}
	result = parse_json(buf_slice(&a->text), &a->root);
	buf_fini(&a->text);
	if (result == PARSE_NOT_JSON)
		problem_say(r, 400, "notJSON", "this is no I-JSON", NULL);
	else if (result == PARSE_TOO_DEEP)
		problem_say(r, 400, "limit", "too many values, or too deep",
		    "maxSizeRequest");
	else
		start(a);
}

static void
on_content(struct jmapd_request *r, struct slice piece)
{
	struct jmapd_api *a = jmapd_request_data(r);

	if (a->dropped == 0 && !a->too_many)
		buf_add(&a->text, piece);
	if (!a->text.failed && !a->too_many)
		return;
	/* All of it is read, so that the client reads the answer. */
	a->dropped += piece.n;
	if (a->dropped > DROPPED_MAX * (uint64_t)jmapd_conf->max_size_request)
		jmapd_request_break(r);
}

static void
on_drained(struct jmapd_request *r)
{
	struct jmapd_api *a = jmapd_request_data(r);

	if (a->calls != NULL && !a->waiting)
		work_queue(&a->work);
}

static void
on_gone(struct jmapd_request *r)
{
	struct jmapd_api *a = jmapd_request_data(r);

	under_way--;
	work_cancel(&a->work);
	end_method(a);
	json_decref(a->root);
	json_decref(a->responses);
	json_decref(a->created);
	buf_fini(&a->text);
	buf_fini(&a->out);
	free(a);
}

static const struct jmapd_request_ops ops = {
	.content = on_content,
	.whole = on_whole,
	.drained = on_drained,
	.gone = on_gone,
};

void
api_begin(struct jmapd_request *r, const struct api_methods *m)
{
	struct jmapd_api *a = xcalloc(1, sizeof *a);

	a->too_many = ++under_way > jmapd_conf->max_concurrent_requests;
	a->request = r;
	a->methods = m;
	a->responses = json_array();
	a->created = json_object();
	a->since_ms = ev_now_ms();
	buf_init(&a->text, (size_t)jmapd_conf->max_size_request);
	buf_init(&a->out, (size_t)jmapd_conf->max_size_response + 4096);
	jsonw_begin(&a->w, &a->out);
	work_init(&a->work, jmapd_account_share(), on_step);
	jmapd_request_serve(r, &ops, a);
}
