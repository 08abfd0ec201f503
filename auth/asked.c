/* SPDX-License-Identifier: ISC */
#include "auth/asked.h"

#include "auth/conf.h"
#include "auth/name.h"
#include "auth/penalty.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/shared.h"
#include "ipc/auth.h"
#include "sasl/server.h"
#include "sys/addr.h"

static struct slice
default_domain(void)
{
	const struct slice d = slice_str(auth_conf->default_domain);

	return d.n > 0 ? d : slice_str(shared_domain(&auth_conf->shared));
}

char *
asked_account(struct slice name)
{
	struct buf out;
	char *account;

	buf_init(&out, AUTH_LOGIN_MAX * 2);
	if (!auth_name(name, default_domain(), &out))
		buf_add(&out, name);
	account = xslicedup(buf_slice(&out));
	buf_fini(&out);
	return account;
}

struct slice
asked_source(struct slice client, uint8_t bytes[16])
{
	struct addr addr;

	if (addr_parse(&addr, client, 1, NULL) == 0 &&
	    conf_nets_match(&auth_conf->penalty_exempt_networks, &addr))
		return slice_of(NULL, 0);
	return penalty_source(client, bytes);
}

bool
asked_tells_password(struct slice mechanism)
{
	const struct sasl_mech *mech = sasl_mech_find(mechanism);

	return mech != NULL && sasl_mech_is_clear(mech);
}

bool
asked_tells_token(struct slice mechanism)
{
	const struct sasl_mech *mech = sasl_mech_find(mechanism);

	return mech != NULL && sasl_mech_is_bearer(mech);
}

bool
asked_is_scram(struct slice mechanism)
{
	const struct sasl_mech *mech = sasl_mech_find(mechanism);

	return mech != NULL && !sasl_mech_is_bearer(mech) &&
	       !sasl_mech_is_clear(mech);
}

int
asked_mechanisms(struct err *err)
{
	const struct conf_list *words = &auth_conf->shared.sasl_mechanisms;

	for (size_t i = 0; i < words->n; i++) {
		const struct slice word = slice_str(words->v[i]);

		if (sasl_mech_bits(word) == 0)
			return err_set(err, ERR_PERM,
			    "sasl_mechanisms: %s is not one of SCRAM-SHA-256, "
			    "OAUTHBEARER, XOAUTH2, PLAIN and LOGIN",
			    words->v[i]);
		if (asked_tells_token(word) && auth_conf->oauth_keys[0] == '\0')
			return err_set(err, ERR_PERM,
			    "sasl_mechanisms: %s needs oauth_keys",
			    words->v[i]);
	}
	return 0;
}
