/* SPDX-License-Identifier: ISC */
#include "certs/certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "tls/limits.h"
#include "tls/server.h"

enum {
	CALL_MS = 10000, /* for an answer of keys */
	RETRY_MS = 500,  /* after keys went away */
	CHAINS_MAX = 100000,
};

static struct {
	struct tls_signer signer;
	struct tls_server *server; /* what counts now */
	struct tls_limits limits;
	char *ciphers; /* of these */
	bool started;
	bool loaded;
	void (*on_loaded)(void);
	/* Loading */
	struct tls_server *next;
	uint32_t index, added;
	uint64_t generation;
	bool again; /* changed meanwhile: begin anew when done */
	struct ipc_call call;
	struct ev_timer retry;
} certs;

static struct metric failures = { .name = "pabal_signature_failures",
	.help = "TLS handshakes without a signature from keys." };

/* ---- signatures ---- */

struct sign_call {
	struct ipc_call call;
	uint64_t id;
};

static void
on_signed(struct ipc_call *call, struct msg *m)
{
	struct sign_call *s = OUTER(call, struct sign_call, call);
	const struct slice signature =
	    m != NULL ? m->keys_signed.signature : slice_str(NULL);

	if (signature.n == 0)
		metric_add(&failures, 1);
	tls_sign_done(&certs.signer, s->id, signature);
	free(s);
}

static void
sign(struct tls_signer *signer, uint64_t id, struct slice key_id,
    enum tls_sign_op op, struct slice data)
{
	struct sign_call *s = xcalloc(1, sizeof *s);

	(void)signer;
	s->id = id;
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &s->call, keys_signed, on_signed,
	    CALL_MS, keys_sign, .key = key_id, .op = op, .data = data);
}

/* ---- loading ---- */

static void ask(void);

static void
begin(void)
{
	struct err err;

	ipc_cancel(&certs.call);
	ev_timer_stop(&certs.retry);
	tls_server_free(&certs.next);
	certs.next = tls_server_new(&certs.signer);
	if (tls_server_limit(certs.next, &certs.limits, &err) == -1)
		log_err("tls.certificate-failed", kv_s("why", err.text));
	certs.index = certs.added = 0;
	certs.again = false;
	ask();
}

static void
on_retry(struct ev_timer *t)
{
	(void)t;
	begin();
}

static void
fail(void)
{
	ev_timer_set(&certs.retry, RETRY_MS);
}

/* Old connections keep the server they began with. */
static void
finish(void)
{
	if (certs.again) {
		begin();
		return;
	}
	tls_server_free(&certs.server);
	if (certs.added > 0) {
		certs.server = certs.next;
		certs.next = NULL;
	} else {
		tls_server_free(&certs.next);
	}
	certs.loaded = true;
	log_info("tls.certificates-loaded", kv_u("count", certs.added));
	if (certs.on_loaded != NULL)
		certs.on_loaded();
}

static void
on_tickets(struct ipc_call *call, struct msg *m)
{
	struct err err;

	(void)call;
	if (m == NULL) {
		fail();
		return;
	}
	if (m->keys_ticket_keys.current.n > 0 &&
	    tls_server_set_ticket_keys(certs.next, m->keys_ticket_keys.current,
		m->keys_ticket_keys.previous, &err) == -1)
		log_err("tls.ticket-keys-failed", kv_s("why", err.text));
	finish();
}

static void
ask_tickets(void)
{
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &certs.call, keys_ticket_keys,
	    on_tickets, CALL_MS, keys_tickets, .id = 0);
}

static void
on_chain(struct ipc_call *call, struct msg *m)
{
	const struct msg_keys_chain *in;
	struct err err;

	(void)call;
	if (m == NULL) {
		fail();
		return;
	}
	in = &m->keys_chain;
	if (certs.index == 0)
		certs.generation = in->generation;
	if (in->generation != certs.generation) {
		begin();
		return;
	}
	if (in->pem.n > 0) {
		if (tls_server_add(certs.next, in->pem, &err) == -1)
			log_err(
			    "tls.certificate-failed", kv_s("why", err.text));
		else
			certs.added++;
	}
	certs.index++;
	if (certs.index < in->count && certs.index < CHAINS_MAX)
		ask();
	else
		ask_tickets();
}

static void
ask(void)
{
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &certs.call, keys_chain, on_chain,
	    CALL_MS, keys_get, .index = certs.index);
}

int
certs_configure(const struct shared_conf *conf, struct err *err)
{
	struct tls_limits wanted = {
		.lowest = conf->tls_min_version == SHARED_TLS_1_3
			      ? TLS_LOWEST_1_3
			      : TLS_LOWEST_1_2,
		.ciphers = conf->tls_ciphers,
	};

	if (certs.ciphers != NULL && certs.limits.lowest == wanted.lowest &&
	    strcmp(certs.ciphers, wanted.ciphers) == 0)
		return 0;
	if (tls_limits_check(&wanted, err) == -1)
		return -1;
	free(certs.ciphers);
	certs.ciphers = xstrdup(wanted.ciphers);
	wanted.ciphers = certs.ciphers;
	certs.limits = wanted;
	if (certs.started)
		begin();
	return 0;
}

void
certs_start(void (*on_loaded)(void))
{
	metric_register(&failures);
	tls_signer_init(&certs.signer, sign);
	ev_timer_init(&certs.retry, on_retry);
	certs.on_loaded = on_loaded;
	certs.started = true;
	begin();
}

bool
certs_loaded(void)
{
	return certs.loaded;
}

struct tls_server *
certs_server(void)
{
	return certs.server;
}

void
certs_on_changed(struct ipc *peer, struct msg *m)
{
	(void)peer, (void)m;
	if (ipc_calling(&certs.call))
		certs.again = true;
	else if (!ev_timer_running(&certs.retry))
		begin();
}

/* A new keys process does not know us: show up, and learn what is new. */
void
certs_on_gone(struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_KEYS)
		fail();
}
