/* SPDX-License-Identifier: ISC */
#include "front/sasl.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/values.h"
#include "front/session.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "sasl/secret.h"
#include "sasl/server.h"
#include "tls/binding.h"
#include "tls/layer.h"

static void step(struct front_sasl *a, enum sasl_step next);

unsigned
front_sasl_offered(const struct front_session *s, const struct conf_list *words)
{
	unsigned bits = 0;

	if (!front_tls(s) && !s->cleartext)
		return 0;
	for (size_t i = 0; i < words->n; i++)
		bits |= sasl_mech_bits(slice_str(words->v[i]));
	return front_tls(s) ? bits : bits & ~sasl_mech_bound();
}

void
front_sasl_init(struct front_sasl *a, const struct front_sasl_ops *ops,
    const struct front_session *s, const char *service, unsigned offered)
{
	*a = (struct front_sasl){
		.ops = ops,
		.session = s,
		.service = service,
	};
	a->server = xcalloc(1, sizeof *a->server);
	sasl_server_init(a->server);
	a->server->offered = offered;
	secret_init(&a->ticket, AUTH_TICKET_SIZE);
}

/* auth need not keep the exchange any longer. */
static void
forget(struct front_sasl *a)
{
	const uint64_t id = a->exchange != 0
				? a->exchange
				: (ipc_calling(&a->call) ? a->call.id : 0);

	if (id != 0)
		IPC_SEND(ipc_link(ROLE_AUTH, 0, 0), auth_forget, .check = id);
	a->exchange = 0;
	ipc_cancel(&a->call);
}

void
front_sasl_fini(struct front_sasl *a)
{
	forget(a);
	sasl_server_reset(a->server);
	xfree(&a->server);
	secret_fini(&a->ticket);
	xfree(&a->account);
}

struct slice
front_sasl_login(const struct front_sasl *a)
{
	return buf_slice(&a->server->login);
}

struct slice
front_sasl_data(const struct front_sasl *a)
{
	if (a->ends_with_data && a->account != NULL)
		return buf_slice(&a->server->challenge);
	return (struct slice){ NULL, 0 };
}

/* ---- what auth says ---- */

static enum auth_result
result_of(uint32_t code)
{
	return code < AUTH_RESULTS ? (enum auth_result)code : AUTH_TEMPFAIL;
}

static void
refused(struct front_sasl *a, enum auth_result result)
{
	if (result == AUTH_REFUSED || result == AUTH_DENIED)
		step(a, sasl_server_refused(a->server));
	else
		a->ops->done(a, result, (struct slice){ NULL, 0 },
		    (struct slice){ NULL, 0 });
}

static void
on_checked(struct ipc_call *call, struct msg *m)
{
	struct front_sasl *a = OUTER(call, struct front_sasl, call);
	const enum auth_result result =
	    m != NULL ? result_of(m->auth_checked.result) : AUTH_TEMPFAIL;
	struct slice text;

	a->exchange = 0;
	if (result != AUTH_OK) {
		a->denied = result == AUTH_DENIED;
		refused(a, result);
		return;
	}
	text = m->auth_checked.text;
	a->account = xslicedup(m->auth_checked.account);
	buf_add(&a->ticket, m->auth_checked.ticket);
	step(a, a->server->mech == NULL ? SASL_DONE
					: sasl_server_answer(a->server, text));
}

static void
on_scrammed(struct ipc_call *call, struct msg *m)
{
	struct front_sasl *a = OUTER(call, struct front_sasl, call);
	const enum auth_result result =
	    m != NULL ? result_of(m->auth_scrammed.result) : AUTH_TEMPFAIL;

	if (result == AUTH_OK) {
		a->exchange = m->auth_scrammed.id;
		step(a, sasl_server_answer(a->server, m->auth_scrammed.text));
	} else {
		refused(a, result);
	}
}

/* ---- what it is asked ---- */

static void
ask(struct front_sasl *a, struct slice login, struct slice authzid,
    struct slice secret)
{
	a->ops->wait(a);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &a->call, auth_checked, on_checked,
	    AUTH_WAIT_MS, auth_check, .mechanism = slice_str(a->mechanism),
	    .login = login, .authzid = authzid, .secret = secret,
	    .client = slice_str(a->session->ip),
	    .service = slice_str(a->service), .tls = front_tls(a->session));
}

static void
ask_first(struct front_sasl *a)
{
	a->ops->wait(a);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &a->call, auth_scrammed,
	    on_scrammed, AUTH_WAIT_MS, auth_scram,
	    .mechanism = slice_str(a->mechanism),
	    .login = buf_slice(&a->server->login),
	    .authzid = buf_slice(&a->server->authzid),
	    .message = buf_slice(&a->server->message),
	    .client = slice_str(a->session->ip),
	    .service = slice_str(a->service), .tls = front_tls(a->session));
}

static void
ask_proof(struct front_sasl *a)
{
	a->ops->wait(a);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &a->call, auth_checked, on_checked,
	    AUTH_WAIT_MS, auth_proof, .exchange = a->exchange,
	    .message = buf_slice(&a->server->message),
	    .proof = buf_slice(&a->server->secret));
}

/* ---- the exchange ---- */

static void
step(struct front_sasl *a, enum sasl_step next)
{
	const struct slice none = { NULL, 0 };

	switch (next) {
	case SASL_CONTINUE:
		if (a->ends_with_data && a->account != NULL)
			a->ops->done(a, AUTH_OK, slice_str(a->account),
			    buf_slice(&a->ticket));
		else
			a->ops->challenge(a, buf_slice(&a->server->challenge));
		break;
	case SASL_READY:
		ask(a, buf_slice(&a->server->login),
		    buf_slice(&a->server->authzid),
		    buf_slice(&a->server->secret));
		break;
	case SASL_FIRST:
		ask_first(a);
		break;
	case SASL_PROOF:
		ask_proof(a);
		break;
	case SASL_DONE:
		a->ops->done(
		    a, AUTH_OK, slice_str(a->account), buf_slice(&a->ticket));
		break;
	case SASL_REFUSED:
		a->ops->done(
		    a, a->denied ? AUTH_DENIED : AUTH_REFUSED, none, none);
		break;
	case SASL_CANCELLED:
	case SASL_MALFORMED:
		a->ops->malformed(a, next == SASL_CANCELLED);
		break;
	}
}

static void
bind(struct front_sasl *a)
{
	const struct tls_conn *conn = tls_layer_conn(&a->session->stream);
	struct sasl_bindings *b = &a->server->bindings;

	_Static_assert(sizeof b->end_point == TLS_BINDING_MAX, "any digest");
	uint8_t data[TLS_BINDING_MAX];

	if (conn == NULL)
		return;
	b->end_point_n = tls_binding_end_point(conn, b->end_point);
	b->exporter_n = tls_binding_exporter(conn, data);
	memcpy(b->exporter, data, b->exporter_n);
}

void
front_sasl_start(struct front_sasl *a, const struct sasl_mech *mech,
    bool has_initial, struct slice initial)
{
	a->mechanism = sasl_mech_name(mech);
	if (sasl_mech_in(mech, sasl_mech_bound()))
		bind(a);
	step(a, sasl_server_start(a->server, mech, has_initial, initial));
}

void
front_sasl_line(struct front_sasl *a, struct slice line)
{
	step(a, sasl_server_input(a->server, line));
}

void
front_sasl_password(
    struct front_sasl *a, struct slice user, struct slice secret)
{
	a->mechanism = "PLAIN";
	buf_init(&a->server->login, AUTH_LOGIN_MAX); /* for the log */
	buf_add(&a->server->login, user);
	ask(a, user, (struct slice){ NULL, 0 }, secret);
}

void
front_sasl_token(struct front_sasl *a, struct slice token)
{
	const struct slice none = { NULL, 0 };

	a->mechanism = "OAUTHBEARER";
	ask(a, none, none, token);
}
