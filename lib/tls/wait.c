/* SPDX-License-Identifier: ISC */
#include "tls/wait.h"

#include <openssl/async.h>

#include "base/must.h"

/* The key method gets the key and nothing else; whose handshake it is, is
 * known here.  One thread runs one handshake at a time. */
static _Thread_local struct tls_wait *current;

static struct slice
id_key(const uint64_t *id)
{
	return slice_of(id, sizeof *id);
}

void
tls_signer_init(struct tls_signer *signer, tls_sign_fn *sign)
{
	*signer = (struct tls_signer){ .sign = sign };
	map_init(&signer->waiting);
}

/* Take the answer; tell the handshake unless it is what asks right now. */
static void
answer(struct tls_wait *w, struct slice signature)
{
	if (w->id != 0)
		(void)map_del(&w->signer->waiting, id_key(&w->id));
	w->id = 0;
	w->n = 0;
	w->state = WAIT_ANSWERED;
	if (signature.n > 0 && signature.n <= w->outmax) {
		memcpy(w->out, signature.p, signature.n);
		w->n = signature.n;
	}
	if (!w->running && !w->dead && w->on_answer != NULL)
		w->on_answer(w);
}

void
tls_signer_fini(struct tls_signer *signer)
{
	struct map_iter it = { 0 };

	while (map_next(&signer->waiting, &it)) {
		answer(it.value, slice_str(NULL));
		it = (struct map_iter){ 0 };
	}
	map_fini(&signer->waiting);
}

void
tls_sign_done(struct tls_signer *signer, uint64_t id, struct slice signature)
{
	struct tls_wait *w = map_find(&signer->waiting, id_key(&id));

	if (w != NULL)
		answer(w, signature);
}

void
tls_wait_init(struct tls_wait *w, struct tls_signer *signer)
{
	*w = (struct tls_wait){ .signer = signer };
}

void
tls_wait_enter(struct tls_wait *w)
{
	must(current == NULL);
	current = w;
	w->running = true;
}

void
tls_wait_leave(struct tls_wait *w)
{
	must(current == w);
	current = NULL;
	w->running = false;
}

void
tls_wait_cancel(struct tls_wait *w)
{
	w->dead = true;
	if (w->state == WAIT_TO_ASK || w->state == WAIT_ASKED)
		answer(w, slice_str(NULL));
}

bool
tls_wait_ask(struct tls_wait *w)
{
	struct tls_signer *signer = w->signer;

	if (w->state != WAIT_TO_ASK)
		return false;
	w->state = WAIT_ASKED;
	w->id = ++signer->last_id;
	(void)map_put(&signer->waiting, id_key(&w->id), w);
	w->running = true;
	signer->sign(signer, w->id, slice_str(w->key_id), w->op, w->data);
	w->running = false;
	return w->state == WAIT_ANSWERED;
}

size_t
tls_wait_sign(const char *key_id, enum tls_sign_op op, struct slice data,
    unsigned char *out, size_t outmax)
{
	struct tls_wait *w = current;

	if (w == NULL || w->dead || w->signer == NULL || data.n == 0 ||
	    data.n > TLS_SIGN_DATA_MAX || ASYNC_get_current_job() == NULL)
		return 0;
	w->key_id = key_id;
	w->op = op;
	w->data = data;
	w->out = out;
	w->outmax = outmax;
	w->state = WAIT_TO_ASK;
	/* The handshake is resumed whenever the socket says so; only the
	 * answer ends the wait. */
	while (w->state != WAIT_ANSWERED)
		if (ASYNC_pause_job() != 1)
			answer(w, slice_str(NULL));
	w->state = WAIT_NONE;
	return w->n;
}
