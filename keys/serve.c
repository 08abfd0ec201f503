/* SPDX-License-Identifier: ISC */
#include "keys/serve.h"

#include "ipc/keys.h"
#include "keys/conf.h"
#include "keys/ring.h"
#include "keys/signing.h"
#include "keys/srs.h"
#include "keys/tickets.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/address.h"
#include "sys/clock.h"

enum { PEERS_MAX = 1024, DAY_MS = 24 * 3600 * 1000 };

static struct {
	struct keys_ring *ring;
	/* The ring before: handshakes under way still use its keys. */
	struct keys_ring *previous;
	uint64_t generation;
	uint64_t tried;    /* stamp of the last attempt, also of a failed one */
	struct err failed; /* how that one ended */
	int dirfd;
	struct ev_timer check, roll, remind;
	struct ipc *peers[PEERS_MAX];
	size_t npeers;
} keys = { .dirfd = -1 };

static struct metric signatures = { .name = "pabal_keys_signatures",
	.help = "Signatures made." };
static struct metric refusals = { .name = "pabal_keys_refusals",
	.help = "Requests to sign that were refused." };
static struct metric expiry = { .name = "pabal_keys_expiry_seconds",
	.help = "When the first certificate expires, in seconds since 1970.",
	.type = METRIC_GAUGE };

/* smtp asks for keys of mail alone, and nobody else does; lookup for none. */
static void
tell(bool of_mail)
{
	keys.generation++;
	for (size_t i = 0; i < keys.npeers; i++) {
		const enum role role = ipc_role(keys.peers[i]);

		if (role != ROLE_CTL && role != ROLE_LOOKUP &&
		    (role == ROLE_SMTP) == of_mail)
			IPC_SEND(keys.peers[i], keys_changed,
			    .generation = keys.generation);
	}
}

/* ---- the ring ---- */

static void
warn_of_expiry(void)
{
	const char *file;
	const int64_t at_s = keys_ring_expires_s(keys.ring, &file);

	metric_set(&expiry, at_s);
	if (at_s == 0 ||
	    (at_s - clock_wall_s()) * 1000 > keys_conf->expiry_warning)
		return;
	log_warn("keys.expires", kv_s("file", file),
	    kv_i("in_s", at_s - clock_wall_s()));
}

/* The file of tls_certificate as it is called beneath the directory. */
static const char *
first_name(void)
{
	const char *path = keys_conf->shared.tls_certificate;
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
load(struct err *err)
{
	struct keys_ring *ring;

	keys.failed = (struct err){ 0 };
	if (keys_ring_load(keys.dirfd, first_name(), &ring, err) == -1) {
		keys.failed = *err;
		return -1;
	}
	keys_ring_free(&keys.previous);
	keys.previous = keys.ring;
	keys.ring = ring;
	log_info("keys.loaded", kv_u("certificates", ring->n),
	    kv_s("default", cert_key_id(ring->pairs[0].cert)));
	warn_of_expiry();
	tell(false);
	return 0;
}

/* Files that are just being replaced are incomplete for a moment: the old
 * ring stays, and the next change of any file is another try. */
static void
take_up(uint64_t stamp)
{
	struct err err;

	keys.tried = stamp;
	if (load(&err) == -1)
		log_err("keys.load-failed", kv_s("why", err.text));
}

static bool
is_configured(void)
{
	return keys.dirfd != -1 && keys_conf->shared.tls_certificate[0] != '\0';
}

static void
check(void)
{
	const uint64_t now = is_configured() ? keys_ring_stamp(keys.dirfd) : 0;

	if (is_configured() && now != keys.tried)
		take_up(now);
}

static void
on_check(struct ev_timer *t)
{
	ev_timer_set(t, keys_conf->check_interval);
	check();
}

static void
on_remind(struct ev_timer *t)
{
	ev_timer_set(t, DAY_MS);
	warn_of_expiry();
}

static void
on_roll(struct ev_timer *t)
{
	ev_timer_set(t, keys_conf->ticket_key_lifetime);
	keys_tickets_roll();
	tell(false);
}

static void
start_tickets(void)
{
	if (!keys_conf->session_tickets) {
		ev_timer_stop(&keys.roll);
		keys_tickets_forget();
	} else if (!ev_timer_running(&keys.roll)) {
		keys_tickets_roll();
		ev_timer_set(&keys.roll, keys_conf->ticket_key_lifetime);
	}
}

int
keys_serve_start(int dirfd, struct err *err)
{
	metric_register(&signatures);
	metric_register(&refusals);
	ev_timer_init(&keys.check, on_check);
	ev_timer_init(&keys.roll, on_roll);
	ev_timer_init(&keys.remind, on_remind);
	keys.dirfd = dirfd;
	start_tickets();
	ev_timer_set(&keys.check, keys_conf->check_interval);
	ev_timer_set(&keys.remind, DAY_MS);
	if (!is_configured())
		return 0;
	keys.tried = keys_ring_stamp(dirfd);
	return load(err);
}

int
keys_serve_try(int dirfd, struct err *err)
{
	struct keys_ring *ring;

	if (dirfd == -1 || keys_conf->shared.tls_certificate[0] == '\0')
		return 0;
	if (keys_ring_load(dirfd, first_name(), &ring, err) == -1)
		return -1;
	keys_ring_free(&ring);
	return 0;
}

int
keys_serve_reload(int dirfd, struct err *err)
{
	keys.dirfd = dirfd;
	start_tickets();
	tell(true);
	ev_timer_set(&keys.check, keys_conf->check_interval);
	if (!is_configured()) {
		keys_ring_free(&keys.previous);
		keys_ring_free(&keys.ring);
		tell(false);
		return 0;
	}
	keys.tried = keys_ring_stamp(dirfd);
	return load(err);
}

/* ---- messages ---- */

static void
on_get(struct ipc *peer, struct msg *m)
{
	const struct msg_keys_get *in = &m->keys_get;
	const size_t n = keys.ring != NULL ? keys.ring->n : 0;
	struct buf pem;

	buf_init(&pem, KEYS_PEM_MAX);
	if (in->index < n)
		cert_format(keys.ring->pairs[in->index].cert, &pem);
	IPC_SEND(peer, keys_chain, .id = in->id, .generation = keys.generation,
	    .count = (uint32_t)n, .pem = buf_slice(&pem));
	buf_fini(&pem);
}

static void
on_tickets(struct ipc *peer, struct msg *m)
{
	unsigned char key[2][KEYS_TICKET_BYTES];
	struct slice s[2] = { { 0 } };

	for (unsigned i = 0; i < 2; i++)
		if (keys_tickets_for(ipc_role(peer), i, key[i]))
			s[i] = slice_of(key[i], sizeof key[i]);
	IPC_SEND(peer, keys_ticket_keys, .id = m->keys_tickets.id,
	    .current = s[0], .previous = s[1]);
	explicit_bzero(key, sizeof key);
}

/* An administrator has put files there and waits for the answer. */
static void
on_renew(struct ipc *peer, struct msg *m)
{
	const char *why = "";

	keys_signing_forget();
	if (is_configured())
		check();
	else
		why = "the configuration in effect sets no tls_certificate: "
		      "\"pabal reload\"";
	if (keys.failed.class != ERR_NONE)
		why = keys.failed.text;
	tell(true);
	IPC_SEND(peer, keys_renewed, .id = m->keys_renew.id, .ok = *why == '\0',
	    .why = slice_str(why));
}

static void
on_sign(struct ipc *peer, struct msg *m)
{
	const struct msg_keys_sign *in = &m->keys_sign;
	const struct privkey *key = keys_ring_key(keys.ring, in->key);
	struct err err = { .text = "no such key" };
	struct buf sig;
	int rc = -1;

	buf_init(&sig, TLS_SIGNATURE_MAX);
	if (key == NULL)
		key = keys_ring_key(keys.previous, in->key);
	if (key != NULL && in->op <= TLS_SIGN_ECDSA)
		rc = privkey_sign(
		    key, (enum tls_sign_op)in->op, in->data, &sig, &err);
	metric_add(rc == 0 ? &signatures : &refusals, 1);
	if (rc == -1)
		log_warn("keys.refused",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_s("why", err.text));
	IPC_SEND(peer, keys_signed, .id = in->id, .signature = buf_slice(&sig));
	buf_fini(&sig);
}

/* ---- mail ---- */

static void
log_refused(const struct ipc *peer, const char *why)
{
	metric_add(&refusals, 1);
	log_warn("keys.refused", kv_s("peer", role_name(ipc_role(peer))),
	    kv_s("why", why));
}

static void
on_signers(struct ipc *peer, struct msg *m)
{
	const struct msg_keys_signers *in = &m->keys_signers;
	const struct keys_signing *s = NULL;
	struct buf lines = { .max = KEYS_PEM_MAX };
	enum found found = ABSENT;

	if (keys_signing_may(in->kind, ipc_role(peer)))
		found = keys_signing_find((enum keys_kind)in->kind, in->domain,
		    ev_now_ms(), keys_conf->check_interval, &s);
	else
		log_refused(peer, "not its kind of signature");
	if (found == FOUND)
		keys_signing_format(s, &lines);
	IPC_SEND(peer, keys_signers_are, .id = in->id, .ok = found != TEMPFAIL,
	    .domain = slice_str(found == FOUND ? s->domain : ""),
	    .signers = buf_slice(&lines));
	buf_fini(&lines);
}

static void
on_mail_sign(struct ipc *peer, struct msg *m)
{
	const struct msg_keys_mail_sign *in = &m->keys_mail_sign;
	struct err err = { .text = "not its kind of signature" };
	struct buf sig = { .max = MAILKEY_SIGNATURE_MAX };

	if (keys_signing_may(in->kind, ipc_role(peer)) &&
	    keys_signing_sign((enum keys_kind)in->kind, in->domain,
		in->selector, in->digest, &sig, &err) == 0)
		metric_add(&signatures, 1);
	else
		log_refused(peer, err.text);
	IPC_SEND(
	    peer, keys_mail_signed, .id = in->id, .signature = buf_slice(&sig));
	buf_fini(&sig);
}

static void
on_srs(struct ipc *peer, struct msg *m)
{
	const struct msg_keys_srs *in = &m->keys_srs;
	struct buf address = { .max = ADDRESS_MAX };
	const enum srs result =
	    keys_srs_make(in->address, slice_str(keys_conf->shared.srs_domain),
		in->back, clock_wall_s(), &address);

	IPC_SEND(peer, keys_srs_is, .id = in->id, .result = result,
	    .address = buf_slice(&address));
	buf_fini(&address);
}

static void
on_open(struct ipc *peer)
{
	if (keys.npeers == PEERS_MAX) {
		ipc_drop(peer, "too many peers");
		return;
	}
	keys.peers[keys.npeers++] = peer;
}

static void
on_gone(struct ipc *peer)
{
	for (size_t i = 0; i < keys.npeers; i++) {
		if (keys.peers[i] != peer)
			continue;
		keys.peers[i] = keys.peers[--keys.npeers];
		return;
	}
}

const struct ipc_table keys_table = {
	.on = {
	    [MSG_keys_get] = on_get,
	    [MSG_keys_tickets] = on_tickets,
	    [MSG_keys_renew] = on_renew,
	    [MSG_keys_sign] = on_sign,
	    [MSG_keys_signers] = on_signers,
	    [MSG_keys_mail_sign] = on_mail_sign,
	    [MSG_keys_srs] = on_srs,
	},
	.on_open = on_open,
	.on_gone = on_gone,
};
