/* SPDX-License-Identifier: ISC */
#include "sasl/client.h"

#include "base/base64.h"
#include "sasl/secret.h"

static bool
is_text(struct slice s)
{
	return s.n > 0 && slice_find(s, '\0') == s.n;
}

bool
sasl_client_plain(struct slice login, struct slice secret, struct buf *out)
{
	struct buf raw;

	if (!is_text(login) || !is_text(secret))
		return false;
	secret_init(&raw, login.n + secret.n + 2);
	buf_addc(&raw, '\0');
	buf_add(&raw, login);
	buf_addc(&raw, '\0');
	buf_add(&raw, secret);
	base64_encode(out, buf_slice(&raw));
	secret_fini(&raw);
	return !out->failed;
}
