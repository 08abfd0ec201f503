# Tests: unit programs (cmocka) and flows (pytest).

T ?=

$(BUILD)/unit/%: $(O)/tests/unit/%_test.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# A unit test of a daemon's module links that module: tests/unit/smtpd/line_test.c
# uses smtpd/*.c except main.c.
define unit_of_daemon
$(BUILD)/unit/$(1)/%: $(O)/tests/unit/$(1)/%_test.o $(patsubst %.c,$(O)/%.o,$(filter-out $(1)/main.c,$(wildcard $(1)/*.c))) $(if $(filter ctl,$(1)),$(CONF_OBJ)) $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -lcmocka $$(LIBS)
endef
$(foreach d,$(DAEMONS) ctl,$(eval $(call unit_of_daemon,$(d))))

# The daemons once more, each with attempts to break out of its sandbox
# (tests/probe.c) that run when its doors have closed.
PROBES := $(DAEMONS:%=$(BUILD)/probe/%) $(BUILD)/probe/pabal
define probe_of_daemon
$(BUILD)/probe/$(1): $(patsubst %.c,$(O)/%.o,$(wildcard $(1)/*.c)) $(O)/tests/probe.o $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -Wl,--wrap=sandbox_enter -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(DAEMONS),$(eval $(call probe_of_daemon,$(d))))
$(BUILD)/probe/pabal: $(BUILD)/pabal
	@mkdir -p $(@D)
	$(Q)cp $< $@

units: $(PROBES)

check: all units
	$(Q)PABAL_BUILD=$(BUILD) tests/run $(T)

test: deps accounts
	$(Q)$(MAKE) --no-print-directory -j2 all units
	$(Q)PABAL_BUILD=$(BUILD) tests/run

san:
	$(Q)$(MAKE) --no-print-directory -j2 SAN=1 all units
	$(Q)PABAL_BUILD=build-san PABAL_SANITIZE=1 tests/run $(T)

# The long forms: more kills under more load, and every fuzz target.
torture: all units
	$(Q)PABAL_BUILD=$(BUILD) PABAL_KILLS=100 PABAL_KILL_MESSAGES=2000 \
	    tests/run flow/kill
	$(Q)$(MAKE) --no-print-directory fuzz S=60
