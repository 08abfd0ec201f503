/* SPDX-License-Identifier: ISC */
#include "smtpd/bcc.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/shared.h"
#include "log/log.h"
#include "proto/address.h"
#include "smtpd/ask.h"
#include "smtpd/conf.h"
#include "smtpd/copies.h"
#include "smtpd/parse.h"
#include "smtpd/transaction.h"

/* In a list of KEY=ADDRESS, who has no key. */
static bool
is_for(struct slice key, struct slice address)
{
	struct slice local, domain;

	if (key.n == 0 || key.p[0] != '@')
		return slice_ieq(key, address);
	address_split(address, &local, &domain);
	return slice_ieq(slice_from(key, 1), domain);
}

static bool
has(const struct envelope *env, struct slice address)
{
	for (size_t i = 0; i < env->nrcpts; i++)
		if (slice_ieq(env->rcpts[i].address, address))
			return true;
	return false;
}

static void
add(struct smtpd_mail *mail, struct slice text)
{
	struct buf address = { .max = ADDRESS_MAX };
	struct smtpd_ask copy = { .rcpt = { .notify = SLICE("NEVER") } };

	if (!address_parse(text, ADDRESS_UTF8 | ADDRESS_BARE, &address)) {
		log_err("bcc.invalid", kv_slice("address", text));
	} else {
		smtpd_qualify(&address, shared_domain(&smtpd_conf->shared));
		copy.rcpt.address =
		    arena_slice(&mail->arena, buf_slice(&address));
		if (!has(&mail->env, copy.rcpt.address))
			smtpd_mail_add(mail, &copy);
	}
	buf_fini(&address);
}

/* The ADDRESS of KEY=ADDRESS; in both there may be a "=" before the "@". */
static struct slice
split(struct slice word, struct slice *key)
{
	const size_t at = slice_find(word, '@');
	const size_t end = at + slice_find(slice_from(word, at), '=');

	*key = slice_sub(word, 0, end);
	return slice_from(word, end + 1);
}

/* Those of LIST that are for WHOM. */
static void
add_for(
    struct smtpd_mail *mail, const struct conf_list *list, struct slice whom)
{
	for (size_t i = 0; i < list->n; i++) {
		struct slice key;
		const struct slice address = split(slice_str(list->v[i]), &key);

		if (is_for(key, whom))
			add(mail, address);
	}
}

static void
add_lines(struct smtpd_mail *mail, struct slice lines)
{
	while (lines.n > 0)
		add(mail, slice_cut(lines, '\n', &lines));
}

void
smtpd_copies_of_sender(struct smtpd_mail *mail, struct slice copies)
{
	if (mail->env.sender.n > 0)
		add_for(mail, &smtpd_conf->sender_bcc, mail->env.sender);
	add_lines(mail, copies);
}

void
smtpd_bcc_add(struct smtpd_mail *mail)
{
	const size_t said = mail->env.nrcpts;

	for (size_t i = 0; i < said; i++)
		add_for(mail, &smtpd_conf->recipient_bcc,
		    mail->env.rcpts[i].address);
	smtpd_copies_of_sender(mail, SLICE(""));
	for (const struct smtpd_copies *c = mail->copies; c != NULL;
	     c = c->next)
		add_lines(mail, c->addresses);
	for (size_t i = 0; i < smtpd_conf->always_bcc.n; i++)
		add(mail, slice_str(smtpd_conf->always_bcc.v[i]));
}

/* ---- the configuration ---- */

static bool
is_address(struct slice text, unsigned allow)
{
	struct buf address = { .max = ADDRESS_MAX };
	const bool is = address_parse(text, allow, &address);

	buf_fini(&address);
	return is;
}

static bool
is_key(struct slice key)
{
	return slice_starts(key, SLICE("@"))
		   ? address_is_domain(slice_from(key, 1), ADDRESS_UTF8)
		   : is_address(key, ADDRESS_UTF8);
}

static int
check(
    const struct conf_list *list, bool keys, const char *what, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct slice word = slice_str(list->v[i]);
		struct slice key = word;
		const struct slice address = keys ? split(word, &key) : word;

		if ((!keys || is_key(key)) &&
		    is_address(address, ADDRESS_UTF8 | ADDRESS_BARE))
			continue;
		return err_set(err, ERR_PERM, "%s: expected %s, not \"%.*s\"",
		    what, keys ? "KEY=ADDRESS" : "an address",
		    SLICE_FMT(slice_sub(word, 0, 100)));
	}
	return 0;
}

int
smtpd_bcc_configure(struct err *err)
{
	const struct smtpd_conf *c = smtpd_conf;

	if (check(&c->always_bcc, false, "always_bcc", err) == -1 ||
	    check(&c->sender_bcc, true, "sender_bcc", err) == -1)
		return -1;
	return check(&c->recipient_bcc, true, "recipient_bcc", err);
}
