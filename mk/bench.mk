# Benchmarks beside Postfix and Dovecot; what they need is installed here only,
# and nothing of it is started by the installation.

BENCH_PACKAGES := postfix dovecot-imapd dovecot-lmtpd dovecot-pop3d dovecot-sieve strace unbound \
	opendkim opendmarc postfix-policyd-spf-python publicsuffix
BENCH_ARGS ?=

.PHONY: bench bench-deps

bench-deps: deps accounts
	$(Q)bench/install $(BENCH_PACKAGES)

bench: bench-deps
	$(Q)$(MAKE) --no-print-directory -j2 all $(BUILD)/backlog $(BUILD)/mailbox
	$(Q)PABAL_BUILD=$(BUILD) bench/run --write doc/benchmarks.md $(BENCH_ARGS)
