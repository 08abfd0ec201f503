# Tests: unit programs (cmocka) and flows (pytest).

T ?=

# Failing disks: a test that includes tests/fault.h is linked with it (its
# functions come before libc's, so it is in no archive).
FAULT_UNITS := $(shell grep -l '"tests/fault.h"' $(UNIT_SRC) /dev/null)
$(FAULT_UNITS:tests/unit/%_test.c=$(BUILD)/unit/%): $(O)/tests/fault.o

# Virtual time: the same for a test that includes tests/clock.h.
CLOCK_UNITS := $(shell grep -l '"tests/clock.h"' $(UNIT_SRC) /dev/null)
$(CLOCK_UNITS:tests/unit/%_test.c=$(BUILD)/unit/%): $(O)/tests/clock.o

$(BUILD)/unit/%: $(O)/tests/unit/%_test.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) -lcmocka $(LIBS)

# A unit test of a daemon's module links that module: tests/unit/smtpd/parse_test.c
# uses all of smtpd/ except main.c.
define unit_of_daemon
$(BUILD)/unit/$(1)/%: $(O)/tests/unit/$(1)/%_test.o $(patsubst %.c,$(O)/%.o,$(filter-out $(1)/main.c,$(call sources_of,$(1)))) $(if $(filter ctl,$(1)),$(CONF_OBJ)) $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) $(LIB) -lcmocka $$(LIBS)
endef
$(foreach d,$(DAEMONS) ctl,$(eval $(call unit_of_daemon,$(d))))

# The daemons once more, each with attempts to break out of its sandbox
# (tests/probe.c) that run when it is in its sandbox, and with whatever it can
# say to the others (tests/probe_ipc.c), said when it is told to.
PROBES := $(DAEMONS:%=$(BUILD)/probe/%) $(BUILD)/probe/pabal
PROBE_OBJS := $(O)/tests/probe.o $(O)/tests/probe_ipc.o $(O)/tests/probe_place.o $(O)/tests/probe_halt.o $(O)/tests/probe_sign.o \
	$(O)/tests/probe_script.o \
	$(O)/tests/hostile.o
define probe_of_daemon
$(BUILD)/probe/$(1): $(patsubst %.c,$(O)/%.o,$(call sources_of,$(1))) $(PROBE_OBJS) $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -Wl,--wrap=sandbox_enter,--wrap=sandbox_narrow \
	    -Wl,--wrap=conf_load_service,--wrap=ipc_admit \
	    -Wl,--wrap=ipc_send,--wrap=ipc_call,--wrap=hold_on_expect,--wrap=serve -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(DAEMONS),$(eval $(call probe_of_daemon,$(d))))
$(BUILD)/probe/pabal: $(BUILD)/pabal
	@mkdir -p $(@D)
	$(Q)cp $< $@
# And a user of the host.
$(BUILD)/probe/captor: $(O)/tests/captor.o $(O)/tests/hostile.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# A disk whose power can be cut.
$(BUILD)/powercut: $(O)/tests/powercut.o
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

# As many messages that wait as one wants.
$(BUILD)/backlog: $(O)/tests/backlog.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# And as many that are in a mailbox.
$(BUILD)/mailbox: $(O)/tests/mailbox.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Runs tests of Sieve scripts, those of tests/sieve and others' in their language.
$(BUILD)/svtest: $(O)/tests/svtest.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

units: $(PROBES) $(BUILD)/probe/captor $(BUILD)/powercut $(BUILD)/backlog \
	$(BUILD)/mailbox $(BUILD)/svtest

check: all units
	$(Q)PABAL_BUILD=$(BUILD) tests/run $(T)

test: deps accounts
	$(Q)$(MAKE) --no-print-directory -j2 all units
	$(Q)PABAL_BUILD=$(BUILD) tests/run

san:
	$(Q)$(MAKE) --no-print-directory -j2 SAN=1 all units
	$(Q)PABAL_BUILD=build-san PABAL_SANITIZE=1 tests/run $(T)

# The threads of sys/durable and what waits for them, under ThreadSanitizer; it
# wants its memory at addresses that this kernel would not give it by chance.
TSAN_UNITS := $(filter tests/unit/sys/% tests/unit/store/% tests/unit/qmgr/%,$(UNIT_SRC))
tsan:
	$(Q)$(MAKE) --no-print-directory CC=clang SAN=thread BUILD=build-tsan \
	    $(TSAN_UNITS:tests/unit/%_test.c=build-tsan/unit/%)
	$(Q)PABAL_BUILD=build-tsan PABAL_UNDER="setarch -R" \
	    TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" \
	    tests/run $(if $(T),$(T),sys store qmgr)

# Reads of what was never written, and what is lost.  What a unit tells a child
# process to do is that test's business.  Those that open files by openat2, of
# which valgrind knows nothing, have make san alone.
OPENAT2_UNITS := keys lookup pipe store sys table
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full \
	--errors-for-leak-kinds=definite --show-leak-kinds=definite \
	--child-silent-after-fork=yes --suppressions=tests/valgrind.supp
valgrind: units
	$(Q)PABAL_BUILD=$(BUILD) PABAL_UNDER="$(VALGRIND)" PABAL_FOUND=99 \
	    tests/run \
	    $(if $(T),$(T),$(filter-out $(OPENAT2_UNITS),$(notdir $(wildcard tests/unit/*))))
.PHONY: tsan valgrind

# The long forms: more kills under more load, power cuts on every file system,
# each fault of the sweeps, and every fuzz target.
torture valgrind tsan: export PABAL_LIMIT = 7200
san: export PABAL_LIMIT = 900
torture: torture-deps all units
	$(Q)PABAL_BUILD=$(BUILD) PABAL_ROUNDS=5000 tests/run qmgr/law
	$(Q)PABAL_BUILD=$(BUILD) PABAL_ROUNDS=50000 tests/run \
	    store/keywords_model
	$(Q)PABAL_BUILD=$(BUILD) PABAL_KILLS=100 tests/run flow/kill \
	    flow/parking_kill
	$(Q)PABAL_BUILD=$(BUILD) PABAL_SOAK=16000 PABAL_SOAK_ACTIONS=6000 \
	    tests/run flow/parking_soak
	$(Q)PABAL_BUILD=$(BUILD) PABAL_MODEL_STEPS=20000 tests/run flow/imap_model
	$(Q)PABAL_BUILD=$(BUILD) PABAL_RECIPIENTS=10000 tests/run flow/many
	$(Q)PABAL_BUILD=$(BUILD) PABAL_CUTS=50 tests/run flow/powercut
	$(Q)PABAL_BUILD=$(BUILD) PABAL_FAULTS=1 PABAL_STEPS=30000 \
	    tests/run store/fault store/full
	$(Q)PABAL_BUILD=$(BUILD) PABAL_SWEEP=1 tests/run qmgr/sweep
	$(if $(SVTEST),$(Q)$(MAKE) --no-print-directory svtest)
	$(Q)$(MAKE) --no-print-directory fuzz S=60

# Others' tests of Sieve, in the directory SVTEST (those of Pigeonhole: tests/).
# Where they ask for what is Pigeonhole's alone they fail; doc/sieve.md counts.
SVTEST ?=
svtest: $(BUILD)/svtest
	$(Q)find $(SVTEST) -name '*.svtest' | sort | xargs $(abspath $<)
.PHONY: svtest

# File systems that Debian does not bring along.  The tests' disk speaks FUSE
# itself, so that `make test` needs no package for power cuts and has them on
# ext4; the tests on a file system without its mkfs are skipped.
TORTURE_PACKAGES := xfsprogs btrfs-progs
torture-deps:
	$(call install_packages,$(TORTURE_PACKAGES))
.PHONY: torture torture-deps

# Both promises of the README on fresh Debian systems (FRESH=trixie:user one of
# them); about 10 minutes each.
FRESH ?=
fresh:
	$(Q)tools/fresh $(FRESH)
.PHONY: fresh
