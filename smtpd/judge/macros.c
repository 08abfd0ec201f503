/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/macros.h"

#include "front/session.h"
#include "proto/address.h"
#include "smfi/macros.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/protocol.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"
#include "tls/conn.h"
#include "tls/layer.h"

void
smtpd_macros_client(const struct smtpd_session *s, struct slice *name,
    struct slice *ip, struct buf *room)
{
	*ip = s->front.local ? SLICE("127.0.0.1") : slice_str(s->front.ip);
	buf_reset(room);
	if (s->client_name != NULL)
		buf_adds(room, s->client_name);
	else if (s->front.local)
		buf_adds(room, "localhost");
	else
		buf_addf(room, "[%.*s]", SLICE_FMT(*ip));
	*name = buf_slice(room);
}

void
smtpd_macros_mail(const struct smtpd_session *s, struct buf *out)
{
	const struct smtpd_mail *mail = s->mail;

	buf_addf(out, "<%.*s>", SLICE_FMT(mail->env.sender));
	buf_addc(out, '\0');
	if (mail->size_said > 0) {
		buf_addf(out, "SIZE=%lld", (long long)mail->size_said);
		buf_addc(out, '\0');
	}
	if (mail->env.body.n > 0) {
		buf_addf(out, "BODY=%.*s", SLICE_FMT(mail->env.body));
		buf_addc(out, '\0');
	}
	if (mail->env.smtputf8)
		buf_add(out, SLICE("SMTPUTF8\0"));
}

static void
put_number(struct buf *out, const char *name, uint64_t v)
{
	struct buf text = { .max = 24 };

	if (v > 0)
		buf_addu(&text, v);
	smfi_facts_put(out, name, buf_slice(&text));
	buf_fini(&text);
}

static void
put_client(const struct smtpd_session *s, struct buf *out)
{
	struct buf room = { .max = 1024 }, both = { .max = 1200 };
	struct slice name, ip;

	smtpd_macros_client(s, &name, &ip, &room);
	buf_addf(&both, "%.*s%s%.*s%s", SLICE_FMT(name),
	    s->client_name != NULL ? " [" : "",
	    s->client_name != NULL ? (int)ip.n : 0, ip.p,
	    s->client_name != NULL ? "]" : "");
	smfi_facts_put(out, "client_name", name);
	smfi_facts_put(out, "client_ptr", name);
	smfi_facts_put(out, "client_addr", ip);
	smfi_facts_put(out, "_", buf_slice(&both));
	put_number(out, "client_port", s->front.port);
	buf_fini(&room);
	buf_fini(&both);
}

static void
put_tls(const struct smtpd_session *s, struct buf *out)
{
	struct tls_facts tls = { .version = "", .cipher = "" };

	if (front_tls(&s->front))
		(void)tls_layer_facts(&s->front.stream, &tls);
	smfi_facts_put(out, "tls_version", slice_str(tls.version));
	smfi_facts_put(out, "cipher", slice_str(tls.cipher));
	put_number(out, "cipher_bits", tls.bits > 0 ? (uint64_t)tls.bits : 0);
}

static void
put_address(struct buf *out, const char *name, const char *host_name,
    struct slice address)
{
	struct slice local, domain;

	address_split(address, &local, &domain);
	smfi_facts_put(out, name, address);
	smfi_facts_put(out, host_name, domain);
}

void
smtpd_macros_put(
    const struct smtpd_session *s, struct slice rcpt, struct buf *out)
{
	const struct smtpd_mail *mail = s->mail;

	smfi_facts_put(out, "j", slice_str(smtpd_conf->shared.hostname));
	smfi_facts_put(out, "v", SLICE("pabal"));
	smfi_facts_put(out, "daemon_name", slice_str(s->protocol->front.name));
	put_client(s, out);
	put_tls(s, out);
	smfi_facts_put(out, "auth_authen", slice_str(s->login));
	smfi_facts_put(out, "auth_type",
	    s->login != NULL ? slice_str(s->mechanism) : SLICE(""));
	put_address(out, "mail_addr", "mail_host",
	    mail != NULL ? mail->env.sender : SLICE(""));
	put_address(out, "rcpt_addr", "rcpt_host", rcpt);
	smfi_facts_put(out, "i",
	    mail != NULL && mail->spool != NULL
		? slice_str(smtpd_spool_qid(mail->spool))
		: SLICE(""));
}
